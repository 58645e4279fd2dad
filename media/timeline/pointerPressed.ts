import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Whether a pointer that was pressed within the element is still down: nothing may move below it then. */
export function usePointerPressed(element: RefObject<HTMLElement | null>): RefObject<boolean> {
  const isPressed = useRef(false);
  useEffect(() => {
    const press = (): void => {
      isPressed.current = true;
    };
    const release = (): void => {
      isPressed.current = false;
    };
    const target = element.current;
    target?.addEventListener('pointerdown', press);
    // A pointer can be released anywhere, also outside of the window.
    const ends = ['pointerup', 'pointercancel', 'blur'] as const;
    for (const end of ends) window.addEventListener(end, release);
    return () => {
      target?.removeEventListener('pointerdown', press);
      for (const end of ends) window.removeEventListener(end, release);
    };
  }, [element]);
  return isPressed;
}
