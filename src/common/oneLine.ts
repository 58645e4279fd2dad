import { shorten } from './shorten';

const MAX_CHARACTERS = 200;

/** `text` as one line for people: no control or direction characters, at most `maxCharacters`. */
export function oneLine(text: string, maxCharacters = MAX_CHARACTERS): string {
  const clean = text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\s]+/gu, ' ').trim();
  return shorten(clean, maxCharacters);
}
