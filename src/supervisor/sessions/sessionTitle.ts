import { oneLine } from '../../common/oneLine';

const MAX_CHARACTERS = 60;

/** The prompt's first line, cut at a word. */
export function titleOf(prompt: string): string {
  const line = oneLine(prompt.trim().split(/[\r\n]/, 1)[0] ?? '');
  const characters = Array.from(line);
  if (characters.length <= MAX_CHARACTERS) return line;
  const cut = characters.slice(0, MAX_CHARACTERS - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_CHARACTERS / 2 ? cut.slice(0, space) : cut}…`;
}
