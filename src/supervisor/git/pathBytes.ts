import { join, sep } from 'node:path';

/**
 * Paths inside a worktree are bytes to git and need not be UTF-8. Here they are strings with one character for each byte ('latin1'),
 * which compare, split and go into sets without loss. These functions are the way in and out.
 */
export function splitZ(output: Buffer): string[] {
  const text = output.toString('latin1');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

export function encodePath(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** As `-z --stdin` reads them. */
export function encodePaths(paths: readonly string[]): Buffer {
  return encodePath(paths.map((path) => `${path}\0`).join(''));
}

/** For people: U+FFFD for what is not UTF-8. */
export function pathToText(path: string): string {
  return encodePath(path).toString('utf8');
}

/** What `node:fs` takes for the path in the worktree. Windows has no paths of bytes. */
export function pathFromBytes(worktreePath: string, path: string): string | Buffer {
  if (process.platform === 'win32') return join(worktreePath, pathToText(path));
  return Buffer.concat([Buffer.from(worktreePath + sep), encodePath(path)]);
}

/** In quotes as in C, for those of git's options that read one path a line. */
export function quotePath(path: string): string {
  return `"${path.replace(/[^ !#-[\]-~]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}
