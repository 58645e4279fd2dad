/** A tool's input as text: a string as it is, everything else as indented JSON. */
export function toolInputText(input: unknown): string {
  if (input === undefined || input === null) return '';
  return typeof input === 'string' ? input : JSON.stringify(input, undefined, 2);
}
