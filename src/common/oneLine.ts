const MAX_CHARACTERS = 200;

/** `text` as one line for people: no control or direction characters, at most 200 characters. */
export function oneLine(text: string): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim();
  const characters = Array.from(clean);
  return characters.length <= MAX_CHARACTERS ? clean : `${characters.slice(0, MAX_CHARACTERS - 1).join('')}…`;
}
