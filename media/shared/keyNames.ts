const IS_MAC = navigator.platform.startsWith('Mac');

/** A key with Ctrl, or with ⌘ on a Mac, as menus there write it. */
export function commandKey(name: 'Enter' | 'Backspace'): string {
  if (IS_MAC) return name === 'Enter' ? '⌘Enter' : '⌘⌫';
  return `Ctrl+${name}`;
}
