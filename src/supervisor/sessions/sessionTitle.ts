import { oneLine } from '../../common/oneLine';
import { shorten } from '../../common/shorten';

const MAX_CHARACTERS = 60;
/** Of a prompt in which nothing can be seen. */
const UNTITLED = 'Untitled';

/** The first line of the prompt in which there is something to see, cut at a word. Never empty. */
export function titleOf(prompt: string): string {
  const line = firstLine(prompt);
  const short = shorten(line, MAX_CHARACTERS);
  if (short === line) return line;
  const cut = short.slice(0, -1);
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_CHARACTERS / 2 ? cut.slice(0, space) : cut}…`;
}

function firstLine(prompt: string): string {
  for (const [text] of prompt.matchAll(/[^\r\n]+/g)) {
    const line = oneLine(text);
    if (/[^\p{C}\p{Z}\p{M}]/u.test(line)) return line;
  }
  return UNTITLED;
}
