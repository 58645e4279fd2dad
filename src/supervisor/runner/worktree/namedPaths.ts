import { homedir } from 'node:os';
import { resolve } from 'node:path';

/** More than a command written by hand names; for a generated one, looking at more files takes too long. */
const MAX_PATHS = 50;
const MAX_CHARACTERS = 20_000;
/** What separates words in a shell and in most programs. */
const BETWEEN_WORDS = /[\s"'`;|&()<>{}[\],=]+/;
const QUOTED = /"([^"]+)"|'([^']+)'/g;
/** Devices, and folders that nobody changes by mistake. */
const UNINTERESTING = /^(\/|\/(dev|proc|sys|bin|usr|lib|lib64)(\/.*)?)$/;

/** The absolute paths that a tool's input names and that may lie outside `cwd`: candidates for a check. */
export function namedPaths(input: unknown, cwd: string): string[] {
  const words = stringsIn(input).flatMap((text) => {
    const start = text.slice(0, MAX_CHARACTERS);
    return [
      start,
      ...Array.from(start.matchAll(QUOTED), ([, double, single]) => double ?? single ?? ''),
      ...start.split(BETWEEN_WORDS),
    ];
  });
  const paths = words
    .filter((word) => /^(\/|~\/|[A-Za-z]:\\)/.test(word) || /^(?:[^\s]*[\\/])?\.\.(?:[\\/][^\n]*)?$/.test(word))
    .map((word) => resolve(cwd, word.replace(/^~(?=\/)/, homedir())))
    .filter((path) => !path.includes('\n') && !UNINTERESTING.test(path));
  return [...new Set(paths)].slice(0, MAX_PATHS);
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
