/** Where a checkout's git directory is, read from files alone: without a process, whatever the configuration says. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** The git directory to which `.git` in `folder` leads: a folder, a link to one, or a file that names one. */
export async function gitDirectoryOf(folder: string): Promise<string | undefined> {
  const entry = join(folder, '.git');
  const stats = await stat(entry).catch(() => undefined);
  if (stats?.isDirectory() === true) return await realpath(entry);
  if (stats?.isFile() !== true) return undefined;
  return await followLink(await readFile(entry, 'utf8'), folder);
}

/** The git directory that the text of a `.git` file in `folder` names; undefined where it names none that is there. */
export async function followLink(link: string, folder: string): Promise<string | undefined> {
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(link)?.[1];
  return target === undefined ? undefined : await realpath(resolve(folder, target)).catch(() => undefined);
}

/** The directory that all worktrees of the repository share, from the git directory of one of them. */
export async function commonDirectoryOf(gitDirectory: string): Promise<string> {
  const name = await readFile(join(gitDirectory, 'commondir'), 'utf8').catch(() => '');
  const common = resolve(gitDirectory, name.replace(/[\r\n]+$/, ''));
  return await realpath(common).catch(() => common);
}

/** The common directory of the repository that a folder lies in, and the top of the checkout around the folder. */
export async function enclosingCheckout(
  folder: string,
): Promise<{ checkout: string; commonDirectory: string } | undefined> {
  for (let checkout = folder; ; checkout = dirname(checkout)) {
    const gitDirectory = await gitDirectoryOf(checkout);
    if (gitDirectory !== undefined) return { checkout, commonDirectory: await commonDirectoryOf(gitDirectory) };
    if (dirname(checkout) === checkout) return undefined;
  }
}

/** True where the checkout at `folder` has this git directory, which is not one of a linked worktree. */
export async function leadsTo(folder: string, commonDirectory: string): Promise<boolean> {
  return (await gitDirectoryOf(folder)) === commonDirectory;
}

/** True where a session of any store has the worktree with this administrative directory. */
export async function isSessionWorktree(administrativeDirectory: string): Promise<boolean> {
  return (await readFile(join(administrativeDirectory, 'locked'), 'utf8').catch(() => '')).startsWith('corral ');
}

/** The folder in which a git directory of the usual name lies. */
export function folderAround(commonDirectory: string): string | undefined {
  return basename(commonDirectory) === '.git' ? dirname(commonDirectory) : undefined;
}

/** The main worktree of the repository around a folder, where its name tells it: without asking git. */
export async function mainWorktreeAround(folder: string): Promise<string | undefined> {
  const place = await enclosingCheckout(folder).catch(() => undefined);
  const around = place === undefined ? undefined : folderAround(place.commonDirectory);
  return place !== undefined && around !== undefined && (await leadsTo(around, place.commonDirectory))
    ? around
    : place?.checkout;
}
