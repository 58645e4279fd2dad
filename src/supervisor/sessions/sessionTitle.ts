import { oneLine } from '../../common/oneLine';
import { shorten } from '../../common/shorten';

const MAX_CHARACTERS = 60;
/** Of a prompt in which nothing can be seen. */
const UNTITLED = 'Untitled';
/** A line before a list or code with which a prompt from a selection, files or changes begins. */
const OPENING = /^(?:In .+|My uncommitted changes are in):$/;

/** The first line of a person's own words in which there is something to see, cut at a word. Never empty. */
export function titleOf(prompt: string): string {
  const line =
    firstLine(ownWords(prompt)) ?? firstLine(prompt)?.replace(OPENING, (all) => all.slice(0, -1)) ?? UNTITLED;
  const short = shorten(line, MAX_CHARACTERS);
  if (short === line) return line;
  const cut = short.slice(0, -1);
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_CHARACTERS / 2 ? cut.slice(0, space) : cut}…`;
}

function firstLine(prompt: string): string | undefined {
  for (const [text] of prompt.matchAll(/[^\r\n]+/g)) {
    const line = oneLine(text);
    if (/[^\p{C}\p{Z}\p{M}]/u.test(line)) return line;
  }
  return undefined;
}

/** What follows the openings with their lists and code, so that sessions about one file have titles that differ. */
function ownWords(prompt: string): string {
  if (!OPENING.test(prompt.slice(0, prompt.search(/[\r\n]|$/)))) return prompt;
  const lines = prompt.split(/\r\n|\r|\n/);
  let index = 0;
  const skip = (isOver: (line: string) => boolean): void => {
    while (index < lines.length && !isOver(lines[index] ?? '')) index += 1;
  };
  while (OPENING.test(lines[index] ?? '')) {
    index += 1;
    skip((line) => line !== '');
    const fence = /^`{3,}/.exec(lines[index] ?? '')?.[0];
    if (fence === undefined) skip((line) => !line.startsWith('- '));
    else {
      index += 1;
      skip((line) => line === fence);
      index += 1;
    }
    skip((line) => line !== '');
  }
  return lines.slice(index).join('\n');
}
