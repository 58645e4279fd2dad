import { basename } from 'node:path';

/** The names by which a command line can be recognized: its program's, and that of the script after an interpreter. */
export function programNames(argv: readonly string[]): string[] {
  return argv.slice(0, 2).map((word) => basename(word.replaceAll('\\', '/')).replace(/\.(exe|cmd|[cm]?js)$/i, ''));
}
