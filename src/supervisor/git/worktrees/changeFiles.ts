/** Changes a worktree's files from one snapshot's to another's, and leaves alone what no snapshot holds. */
import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { messageOf } from '../../../common/errors';
import { CorralError } from '../../../storage/errors';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { encodePath, encodePaths, foldersAbove, pathToText, splitZ } from '../pathBytes';
import { examineFile, listFiles, type ListedFile } from '../snapshots/fileList';
import { findIgnored } from '../snapshots/replaceableFolders';

const SUBMODULE_MODE = '160000';

/** A line of `diff-tree`. */
interface ChangedEntry {
  /** `A` is added, `D` removed. */
  status: string;
  path: string;
  /** As in a tree; of an added file after the change, of any other before it. */
  mode: string;
  objectId: string;
}

/**
 * Changes the files from tree `from`, which is what git sees in them now, to tree `to`. What `to` lacks is removed, but
 * for what was there beside it: `others` (a folder ends in a slash), and what its own rules ignore.
 *
 * @throws CONFLICT, with nothing changed, where something that no snapshot holds is in the way.
 */
export async function changeFiles(
  git: IsolatedGit,
  worktreePath: string,
  { from, to, others }: { from: string; to: string; others: readonly string[] },
): Promise<void> {
  const changes = await listChanges(git, from, to);
  const added = changes.filter(({ status }) => status === 'A');
  const same = await findSame(git, worktreePath, from, added);
  const start = await addToTree(git, from, same);
  if (same.length > 0)
    await git.run(['update-index', '-z', '--add', '--stdin'], { input: encodePaths(same.map(({ path }) => path)) });
  // Otherwise git takes a file for changed that only looks newer.
  await git.run(['update-index', '-q', '--refresh'], { acceptedExitCodes: [0, 1] });
  const wanted = await pathsOf(git, to);
  const removed = changes.filter(
    ({ status, mode, path }) =>
      status === 'D' &&
      mode.startsWith('1') &&
      mode !== SUBMODULE_MODE &&
      basename(path) !== '.gitignore' &&
      !isInTheWay(path, wanted),
  );
  // At first all else, so that the rules of `to` are on the disk when they are asked.
  const between = await addToTree(git, to, removed);
  await readTree(git, start, between);
  if (removed.length === 0) return;
  const ignored = await findIgnored(
    git,
    removed.map(({ path }) => path),
  );
  const beside = new Set(others);
  const kept = removed.filter(
    ({ path }) =>
      ignored.has(path) || beside.has(path) || foldersAbove(path).some((folder) => beside.has(`${folder}/`)),
  );
  await readTree(git, between, await addToTree(git, to, kept));
}

async function listChanges(git: IsolatedGit, from: string, to: string): Promise<ChangedEntry[]> {
  const fields = splitZ(
    (await git.run(['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', from, to])).stdout,
  );
  const changes: ChangedEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [oldMode, newMode, oldId, newId, status = ''] = (fields[index] ?? '').slice(1).split(' ');
    const [mode = '', objectId = ''] = status === 'A' ? [newMode, newId] : [oldMode, oldId];
    changes.push({ status, path: fields[index + 1] ?? '', mode, objectId });
  }
  return changes;
}

/** True where the tree has a folder at the path, or a file where one of the path's folders has to be. */
function isInTheWay(path: string, { files, folders }: TreePaths): boolean {
  return folders.has(path) || foldersAbove(path).some((folder) => files.has(folder));
}

interface TreePaths {
  files: Set<string>;
  folders: Set<string>;
}

async function pathsOf(git: IsolatedGit, tree: string): Promise<TreePaths> {
  const paths: TreePaths = { files: new Set(), folders: new Set() };
  for (const line of splitZ((await git.run(['ls-tree', '-r', '-t', '-z', tree])).stdout)) {
    const path = line.slice(line.indexOf('\t') + 1);
    (line.startsWith('040000') ? paths.folders : paths.files).add(path);
  }
  return paths;
}

async function addToTree(git: IsolatedGit, tree: string, entries: readonly ChangedEntry[]): Promise<string> {
  if (entries.length === 0) return tree;
  const index = { index: 'added' };
  await git.run(['read-tree', tree], index);
  const input = encodePath(entries.map(({ mode, objectId, path }) => `${mode} ${objectId}\t${path}\0`).join(''));
  await git.run(['update-index', '-z', '--index-info'], { ...index, input });
  return await git.text(['write-tree', '--missing-ok'], index);
}

async function readTree(git: IsolatedGit, from: string, to: string): Promise<void> {
  try {
    await git.run(['read-tree', '-m', '-u', '--no-recurse-submodules', from, to]);
  } catch (error) {
    if (!/not uptodate|would be (overwritten|removed)|would lose/.test(messageOf(error))) throw error;
    throw new CorralError(
      'CONFLICT',
      l10n.t('A file that no snapshot holds is in the way, so nothing was changed ({reason}).', {
        reason: messageOf(error),
      }),
      { cause: error },
    );
  }
}

/**
 * Git would overwrite what it ignores, but here that may be work. Answers with what is there already as it is wanted.
 *
 * @throws CONFLICT
 */
async function findSame(
  git: IsolatedGit,
  worktreePath: string,
  from: string,
  added: readonly ChangedEntry[],
): Promise<ChangedEntry[]> {
  if (added.length === 0) return [];
  const captured = (await pathsOf(git, from)).files;
  const present: ChangedEntry[] = [];
  for (const entry of added) {
    const taken = await findTaken(worktreePath, entry, captured);
    if (taken?.path === entry.path && (taken.kind === 'file' || taken.kind === 'link')) present.push(entry);
    else if (taken !== undefined) throw isTaken(taken.path);
  }
  if (present.length === 0) return [];
  const index = { index: 'present' };
  const input = encodePaths(present.map(({ path }) => path));
  await git.run(['update-index', '-z', '--add', '--info-only', '--stdin'], { ...index, input });
  const staged = new Set(splitZ((await git.run(['ls-files', '-z', '--stage'], index)).stdout));
  for (const { mode, objectId, path } of present)
    if (!staged.has(`${mode} ${objectId} 0\t${path}`)) throw isTaken(path);
  return present;
}

function isTaken(path: string): CorralError {
  return new CorralError(
    'CONFLICT',
    l10n.t('{path} is in the way, and no snapshot holds what is there now: move it away first.', {
      path: pathToText(path),
    }),
  );
}

/** What is there, and not captured, where a file is to be written. */
async function findTaken(
  worktreePath: string,
  { path, mode }: ChangedEntry,
  captured: ReadonlySet<string>,
): Promise<ListedFile | undefined> {
  for (const step of [...foldersAbove(path), path]) {
    const found = await examineFile(worktreePath, step);
    if (found === undefined) return undefined;
    if (found.kind !== 'folder') return (await isCaptured(worktreePath, found, captured)) ? undefined : found;
  }
  if (mode === SUBMODULE_MODE) return undefined; // git only makes its folder
  const { files } = await listFiles(worktreePath, undefined, path);
  for (const file of files)
    if (file.kind !== 'folder' && !(await isCaptured(worktreePath, file, captured))) return file;
  return undefined;
}

/** Where the disk ignores case, the same file may be captured by another name. */
async function isCaptured(
  worktreePath: string,
  { path, identity }: ListedFile,
  captured: ReadonlySet<string>,
): Promise<boolean> {
  if (captured.has(path)) return true;
  const lowerCase = path.toLowerCase();
  for (const other of captured)
    if (other.toLowerCase() === lowerCase && (await examineFile(worktreePath, other))?.identity === identity)
      return true;
  return false;
}
