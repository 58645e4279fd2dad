import { basename } from 'node:path';

/** What a command line starts, by names that can be known: its program, or the script that an interpreter is given. */
export function programNames(argv: readonly string[]): string[] {
  return argv.slice(0, 2).map((word) => basename(word.replaceAll('\\', '/')).replace(/\.(exe|cmd|[cm]?js)$/i, ''));
}
