/**
 * A spare is a worktree of no session, checked out in advance and locked all the time. A session takes it over by
 * renaming its folder and git's entry of it, which changes no file in it.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../../../common/errors';
import { ifExists } from '../../../../common/ifExists';
import { listTreeEntries } from '../../isolated/entryTree';
import { withIsolatedGit, withObjects, type IsolatedGit } from '../../isolated/isolatedGit';
import type { Repository } from '../../repository';
import {
  administrativeDirectoryOf,
  type SessionWorktree,
  type WorktreeEntryPlace,
  type WorktreeOwnership,
} from '../../sessionWorktree';
import { listChanged, listDirty } from '../../snapshots/uncommittedFiles';
import { exists, inspectWorktree, isOwnedBy, linkWorktree, lockReason } from '../../worktreeOwnership';
import { addWorktree, checkOut } from '../addWorktree';
import { removeFolder } from '../emptyFolder';
import { claimFolder, prepareRoot, removeIfEmpty } from '../worktreeFolder';

const PRIVATE_FOLDER_MODE = 0o700;
/** What git writes while it adds a worktree. */
const GITS_OWN_LOCK = 'initializing';

/** Its `sessionId` is an id of its own, which names its folder and git's entry. */
export type SpareWorktree = SessionWorktree;

/** Whose a worktree is and where, without its repository being looked for. */
type OwnedPlace = WorktreeOwnership & WorktreeEntryPlace;

/** Where a spare lies from which a worktree at this path could be made: beside the folder of the worktrees. */
export function sparePathFor(worktreePath: string, spareId: string): string {
  return join(dirname(dirname(worktreePath)), 'spares', spareId);
}

/** Where a worktree is once it belongs to no session. Its id names its folder, and the ref that is to hold its work. */
export function asStray<T extends OwnedPlace>(worktree: T): T {
  const { path, sessionId } = worktree;
  return { ...worktree, path: join(dirname(dirname(path)), 'worktrees', sessionId) };
}

/** Makes the spare with the files of the commit. Where it fails, `removeSpare` removes what was made. */
export async function makeSpare(spare: SpareWorktree, commit: string): Promise<void> {
  await prepareRoot(spare);
  await claimFolder(spare.path);
  await addWorktree(spare, commit);
  await checkOut(spare, commit);
}

/** Checks another commit out where the files of one are; only what differs is written. */
export async function moveSpare(spare: SpareWorktree, commit: string): Promise<void> {
  await checkOut(spare, commit);
  const entry = administrativeDirectoryOf(spare);
  await writeFile(join(entry, 'ORIG_HEAD'), `${commit}\n`);
  // As if git had just added it: no commit is to be kept because the spare was there before.
  const log = join(entry, 'logs', 'HEAD');
  const last = (await ifExists(readFile(log, 'latin1')))?.trimEnd().split('\n').at(-1);
  const [, who] = /^[0-9a-f]+ [0-9a-f]+ ([^\t]*)/.exec(last ?? '') ?? [];
  if (who !== undefined) await writeFile(log, `${'0'.repeat(commit.length)} ${commit} ${who}\n`, 'latin1');
}

/** True while it is as it was made: detached at the commit, with its files and no other, not even an ignored one. */
export async function isUntouched(spare: SpareWorktree, commit: string): Promise<boolean> {
  if ((await inspectWorktree(spare)).state !== 'ours') return false;
  const head = await ifExists(readFile(join(administrativeDirectoryOf(spare), 'HEAD'), 'utf8'));
  if (head?.trim() !== commit) return false;
  const look = async (git: IsolatedGit): Promise<{ isDirty: boolean; hasOthers: boolean }> => {
    const [dirty, others] = await Promise.all([listDirty(git, commit), git.run(['ls-files', '-z', '--others'])]);
    return { isDirty: dirty.length > 0, hasOthers: others.stdout.length > 0 };
  };
  const { isDirty, hasOthers } = await withIsolatedGit(spare, look, { isIndexInPlace: true });
  if (hasOthers || !isDirty) return !hasOthers;
  return await withIsolatedGit(spare, async (git) => (await listChanged(git, spare.path, commit)).length === 0);
}

/** True where going from one commit to the other can change how the files are made that both have. */
export async function differInAttributes(repository: Repository, commits: readonly string[]): Promise<boolean> {
  const listed = await Promise.all(commits.map(async (commit) => await listAttributeFiles(repository, commit)));
  return new Set(listed.map((entries) => JSON.stringify(entries))).size > 1;
}

/** The attribute files of a commit: their paths and objects. */
export async function listAttributeFiles(
  repository: Repository,
  commit: string,
): Promise<{ path: string; objectId: string }[]> {
  return await withObjects(repository, async (git) =>
    (await listTreeEntries(git, commit))
      .filter(({ path }) => /(^|\/)\.gitattributes$/.test(path))
      .map(({ path, objectId }) => ({ path, objectId })),
  );
}

/**
 * Makes the spare the worktree of a session. After a crash in between, the same call goes on where that one ended.
 *
 * @throws where its folder cannot be renamed; then nothing was changed.
 */
export async function handOver(spare: OwnedPlace, worktree: OwnedPlace): Promise<void> {
  const [entry, newEntry] = [administrativeDirectoryOf(spare), administrativeDirectoryOf(worktree)];
  await mkdir(dirname(worktree.path), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  await renameIfThere(spare.path, worktree.path);
  // Replaced in one step, since git removes an entry without a lock whose folder is away.
  if (await isOwnedBy(entry, spare)) await replaceText(join(entry, 'locked'), `${lockReason(worktree)}\n`);
  await renameIfThere(entry, newEntry);
  if ((await exists(worktree.path)) && (await exists(newEntry))) await linkWorktree(worktree.path, newEntry);
  await removeIfEmpty(dirname(spare.path));
}

/** Puts a spare in which somebody worked among the worktrees that belong to no session, where it is seen. */
export async function setAside(spare: OwnedPlace): Promise<void> {
  await handOver(spare, asStray(spare));
}

/** Removes a spare with all that is in it, also one that was never finished. Starts no git. */
export async function removeSpare(spare: OwnedPlace): Promise<void> {
  const { path } = spare;
  await removeFolder(path);
  const entry = administrativeDirectoryOf(spare);
  const lock = await ifExists(readFile(join(entry, 'locked'), 'utf8'));
  if (lock === undefined || [lockReason(spare), GITS_OWN_LOCK].includes(lock.trim())) await removeFolder(entry);
  for (const folder of [dirname(entry), dirname(path), dirname(dirname(path))]) await removeIfEmpty(folder);
}

async function renameIfThere(from: string, to: string): Promise<void> {
  if (from === to) return;
  await rename(from, to).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
}

async function replaceText(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
