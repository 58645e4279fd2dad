import { useEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Whether the last thing in the page that had the focus is in the element, also when that thing is gone. */
export function useFocusWithin(element: RefObject<HTMLElement | null>): RefObject<boolean> {
  const isWithin = useRef(false);
  useEffect(() => {
    const note = ({ target }: Event): void => {
      isWithin.current = target instanceof Node && element.current?.contains(target) === true;
    };
    document.addEventListener('focusin', note);
    document.addEventListener('pointerdown', note);
    return () => {
      document.removeEventListener('focusin', note);
      document.removeEventListener('pointerdown', note);
    };
  }, []);
  return isWithin;
}
