/**
 * Words of a command line as a person types it: spaces separate, single or double quotes keep together. Nothing else has a meaning
 * (no variables, no globs, no escapes: a Windows path keeps its backslashes). Undefined where a quote is left open or there is no word.
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
