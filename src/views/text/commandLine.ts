/**
 * Splits a command line at spaces, except inside single or double quotes.
 * Nothing else is special: Windows paths keep their backslashes.
 *
 * @returns undefined where a quote is left open or there is no word
 */
export function parseCommandLine(line: string): string[] | undefined {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== '') {
    const word = /^(?:[^\s'"]|'[^']*'|"[^"]*")+/.exec(rest)?.[0];
    if (word === undefined) return undefined;
    words.push(
      word.replace(/'([^']*)'|"([^"]*)"/g, (_quoted, single?: string, double?: string) => single ?? double ?? ''),
    );
    rest = rest.slice(word.length);
    if (rest !== '' && !/^\s/.test(rest)) return undefined; // an open quote
    rest = rest.trimStart();
  }
  return words.length === 0 ? undefined : words;
}
