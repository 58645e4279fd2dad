import { join, sep } from 'node:path';

/**
 * Git's paths are bytes and need not be UTF-8, so Corral holds one as a string with a character for each byte
 * ('latin1'): such strings compare, split and go into sets without loss.
 */

/** The paths that git printed with `-z`. */
export function splitZ(output: Buffer): string[] {
  const text = output.toString('latin1');
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

export function encodePath(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

/** As git reads them with `-z --stdin`. */
export function encodePaths(paths: readonly string[]): Buffer {
  return encodePath(paths.map((path) => `${path}\0`).join(''));
}

/** For people: what is not UTF-8 becomes U+FFFD. */
export function pathToText(path: string): string {
  return encodePath(path).toString('utf8');
}

/** The path for `node:fs`. On Windows it is text, since paths there are not bytes. */
export function pathFromBytes(worktreePath: string, path: string): string | Buffer {
  if (process.platform === 'win32') return join(worktreePath, pathToText(path));
  return Buffer.concat([Buffer.from(worktreePath + sep), encodePath(path)]);
}

/** The folder that a path lies in; '' for one at the top. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** The folders that a path leads through, from the top. */
export function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Adds the folders that a path leads through. Above one that is there already, all are there. */
export function addFoldersAbove(path: string, folders: Set<string>): void {
  for (let parent = parentOf(path); parent !== '' && !folders.has(parent); parent = parentOf(parent))
    folders.add(parent);
}

/** In quotes as in C, for options of git that read one path a line. */
export function quotePath(path: string): string {
  return `"${path.replace(/[^ !#-[\]-~]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`;
}
