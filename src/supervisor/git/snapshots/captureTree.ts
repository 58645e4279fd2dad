import { access, constants, lstat } from 'node:fs/promises';
import { findFiltered } from '../filters/filteredPaths';
import type { FilteredFile } from '../filters/keptFiles';
import { mapLimited } from '../../../common/mapLimited';
import { listEntries, SUBMODULE_MODE } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { mayBeGitmodules } from '../isolated/ownNames';
import {
  addFoldersAbove,
  encodePath,
  encodePaths,
  parentOf,
  pathFromBytes,
  pathToText,
  quotePath,
  splitZ,
} from '../pathBytes';

const FILES_AT_ONCE = 64;

/** Lists what is not as the index has it. Goes into no submodule. */
export const LIST_UNSTAGED = ['diff-files', '-z', '--no-renames', '--ignore-submodules=dirty'] as const;

export interface CapturedTree {
  tree: string;
  /** What git cannot store, as people read it. */
  notCaptured: string[];
  /** Changed files that the tree may not have byte for byte, since attributes or line ends change git's view. */
  converted: string[];
  /** Files that a filter would change. The tree has them as they were checked out, or not at all. */
  filtered: FilteredFile[];
}

/**
 * Updates the isolated index to the files and writes its tree. `git add` would fail as a whole for one unreadable
 * file or one nested repository without a commit, and runs `git status` with each submodule's own configuration.
 */
export async function captureTree(
  git: IsolatedGit,
  worktreePath: string,
  isFilter: (name: string) => boolean = () => true,
): Promise<CapturedTree> {
  const listChanged = async (): Promise<string[]> => splitZ((await git.run([...LIST_UNSTAGED, '--name-only'])).stdout);
  // At the same time, since each is one process and `diff-files` uses several threads.
  const [firstChanged, { untracked, unmerged, hidden, hasAttributes, dotGitNames }] = await Promise.all([
    listChanged(),
    listBesideChanged(git, worktreePath),
  ]);
  const isShown = await showHidden(git, hidden);
  const paths = new Set([...(isShown ? await listChanged() : firstChanged), ...untracked, ...unmerged]);

  const [gone, present, notCaptured]: [string[], string[], string[]] = [[], [], []];
  const realFolders = new Map<string, Promise<boolean>>();
  await mapLimited([...paths], FILES_AT_ONCE, async (path) => {
    const stats = (await isBelowRealFolders(worktreePath, path, realFolders))
      ? await lstat(pathFromBytes(worktreePath, path)).catch(() => undefined)
      : undefined;
    // A submodule is listed as its folder. Any other folder has replaced a file.
    if (stats === undefined || (stats.isDirectory() && !(await isPresent(worktreePath, `${path}/.git`))))
      gone.push(path);
    else if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink()) {
      gone.push(path); // a pipe or a socket has replaced a file
      notCaptured.push(pathToText(path));
    } else if (!stats.isFile() || (await isReadable(worktreePath, path))) present.push(path);
    else notCaptured.push(pathToText(path));
  });
  for (const list of [gone, present, notCaptured]) list.sort(); // looked at in any order
  // Before the others: where a folder became a file, git refuses entries below it.
  const { changed: filtered, all: withFilter } = await findFiltered(git, worktreePath, present, isFilter);
  if (withFilter.size > 0) {
    present.splice(0, present.length, ...present.filter((path) => !withFilter.has(path)));
    await settleConflicts(git, unmerged, withFilter);
  }
  if (gone.length > 0) await git.run(['update-index', '-z', '--force-remove', '--stdin'], { input: encodePaths(gone) });
  if (present.length > 0) {
    // Nested repositories, and names that git does not allow in a tree.
    notCaptured.push(...(await addPaths(git, worktreePath, present)));
  }
  notCaptured.push(...(await leaveOutForbidden(git, dotGitNames)));
  const tree = await writeTree(git, worktreePath);
  const mayConvert = git.mayConvert || hasAttributes || (await haveIgnoredAttributes(worktreePath, present));
  return { tree, notCaptured, filtered, converted: mayConvert ? present : [] };
}

/**
 * Leaves out the paths at which the index has a link. Git takes such a link in place of a file, and then checks out no
 * tree that has it.
 */
async function leaveOutForbidden(git: IsolatedGit, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const names = new Set(paths);
  const links = (await listEntries(git)).filter(({ mode, path }) => mode === '120000' && names.has(path));
  if (links.length === 0) return [];
  const forbidden = links.map(({ path }) => path);
  await git.run(['update-index', '-z', '--force-remove', '--stdin'], { input: encodePaths(forbidden) });
  return forbidden.map(pathToText);
}

/** Attributes hold also where git ignores their file, so that no list has it. */
export async function haveIgnoredAttributes(worktreePath: string, paths: readonly string[]): Promise<boolean> {
  const folders = new Set<string>();
  for (const path of paths) addFoldersAbove(path, folders);
  const places = ['.gitattributes', ...[...folders].map((folder) => `${folder}/.gitattributes`)];
  const found = await mapLimited(places, FILES_AT_ONCE, (place) => isPresent(worktreePath, place));
  return found.includes(true);
}

/** A tree holds no conflict, so that a filtered path in conflict is as on our side, or else is left out. */
async function settleConflicts(
  git: IsolatedGit,
  unmerged: readonly string[],
  filtered: ReadonlySet<string>,
): Promise<void> {
  const paths = new Set(unmerged.filter((path) => filtered.has(path)));
  if (paths.size === 0) return;
  const lines = splitZ((await git.run(['ls-files', '-z', '--unmerged'])).stdout);
  const ours = lines.filter((line) => / 2\t/.test(line) && paths.has(line.slice(line.indexOf('\t') + 1)));
  await git.run(['update-index', '-z', '--force-remove', '--stdin'], { input: encodePaths([...paths]) });
  const input = encodePaths(ours.map((line) => line.replace(' 2\t', ' 0\t')));
  if (ours.length > 0) await git.run(['update-index', '-z', '--index-info'], { input });
}

const ADD = ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'] as const;

/** Answers with those that git ignores. A file that does not fit the encoding of its attribute is stored as it is. */
async function addPaths(git: IsolatedGit, worktreePath: string, paths: readonly string[]): Promise<string[]> {
  const { exitCode, stderr } = await git.run(ADD, { input: encodePaths(paths), acceptedExitCodes: [0, 128] });
  if (exitCode === 0) return stderr.split('\n').flatMap((line) => /^Ignoring path (.+)$/.exec(line)?.[1] ?? []);
  const encoded = await listEncoded(git, paths);
  const others = paths.filter((path) => !encoded.has(path));
  const ignored = others.length === 0 || encoded.size === 0 ? [] : await addPaths(git, worktreePath, others);
  if (encoded.size === 0) await git.run(ADD, { input: encodePaths(paths) }); // fails with git's reason
  const waiting = [[...encoded]];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    const added = await git.run(ADD, { input: encodePaths(group), acceptedExitCodes: [0, 128] });
    if (added.exitCode === 0) continue;
    const half = Math.ceil(group.length / 2);
    if (group.length > 1) waiting.push(group.slice(0, half), group.slice(half));
    else await addBytes(git, worktreePath, group[0] ?? '');
  }
  return ignored;
}

/** Those of the paths for which an attribute names an encoding. */
async function listEncoded(git: IsolatedGit, paths: readonly string[]): Promise<Set<string>> {
  const listing = ['check-attr', '-z', '--stdin', 'working-tree-encoding'];
  const fields = splitZ((await git.run(listing, { input: encodePaths(paths) })).stdout);
  return new Set(fields.filter((_, index) => index % 3 === 0 && fields[index + 2] !== 'unspecified'));
}

async function addBytes(git: IsolatedGit, worktreePath: string, path: string): Promise<void> {
  const objectId = await git.text(['hash-object', '-w', '--no-filters', '--stdin-paths'], {
    input: `${quotePath(path)}\n`,
  });
  const isProgram = ((await lstat(pathFromBytes(worktreePath, path))).mode & 0o100) !== 0;
  const input = encodePath(`${isProgram ? '100755' : '100644'} ${objectId} 0\t${path}\0`);
  await git.run(['update-index', '-z', '--index-info'], { input });
}

/** Writes the index as a tree. Where an object is missing whose file is there, that file is added again. */
async function writeTree(git: IsolatedGit, worktreePath: string): Promise<string> {
  const { exitCode, stdout } = await git.run(['write-tree'], { acceptedExitCodes: [0, 128] });
  if (exitCode === 0) return stdout.toString('latin1').trim();
  const staged = (await listEntries(git)).filter(({ mode }) => mode !== SUBMODULE_MODE);
  const input = staged.map(({ objectId }) => `${objectId}\n`).join('');
  const checked = (await git.text(['cat-file', '--batch-check=%(objectname)'], { input })).split('\n');
  const missing = staged.filter((_, index) => checked[index]?.endsWith(' missing') === true).map(({ path }) => path);
  const present: string[] = [];
  for (const path of missing) if (await isPresent(worktreePath, path)) present.push(path);
  if (present.length > 0) {
    const paths = { input: encodePaths(present) };
    await git.run(['update-index', '-z', '--force-remove', '--stdin'], paths);
    await git.run(['update-index', '-z', '--add', '--stdin'], paths);
  }
  // A partial clone has not all objects of its own trees.
  return await git.text(['write-tree', '--missing-ok']);
}

/** Paths that git takes for unchanged because of a flag in the index. */
interface HiddenPaths {
  /** With the flag `assume-unchanged`. */
  assumed: string[];
  /** With the flag `skip-worktree`, although the file is there. */
  skipped: string[];
}

/** Lists what `diff-files` does not: untracked files, hidden ones, and paths in conflict, which a tree cannot hold. */
async function listBesideChanged(
  git: IsolatedGit,
  worktreePath: string,
): Promise<{
  untracked: string[];
  unmerged: string[];
  hidden: HiddenPaths;
  hasAttributes: boolean;
  dotGitNames: string[];
}> {
  let hasAttributes = false;
  const dotGitNames: string[] = [];
  const [untracked, unmerged, assumed, skipped]: [string[], string[], string[], string[]] = [[], [], [], []];
  const listing = ['ls-files', '-z', '-v', '--cached', '--others', '--exclude-standard'];
  for (const line of splitZ((await git.run(listing)).stdout)) {
    const tag = line.charAt(0);
    if (line.endsWith('.gitattributes')) hasAttributes = true;
    const path = line.slice(2);
    if (mayBeGitmodules(path)) dotGitNames.push(path);
    if (tag === 'H') continue; // nearly all of them
    if (tag === '?') untracked.push(path);
    if (/m/i.test(tag)) unmerged.push(path);
    if (/[a-z]/.test(tag)) assumed.push(path);
    if (/s/i.test(tag) && (await isPresent(worktreePath, path))) skipped.push(path);
  }
  return { untracked, unmerged, hidden: { assumed, skipped }, hasAttributes, dotGitNames };
}

/** Clears both flags in the copy, since a snapshot hides nothing. False where no path has one. */
async function showHidden(git: IsolatedGit, { assumed, skipped }: HiddenPaths): Promise<boolean> {
  for (const [flag, paths] of [
    ['--no-assume-unchanged', assumed],
    ['--no-skip-worktree', skipped],
  ] as const) {
    if (paths.length > 0) await git.run(['update-index', '-z', flag, '--stdin'], { input: encodePaths(paths) });
  }
  return assumed.length + skipped.length > 0;
}

async function isBelowRealFolders(
  worktreePath: string,
  path: string,
  known: Map<string, Promise<boolean>>,
): Promise<boolean> {
  const parent = parentOf(path.replace(/\/$/, ''));
  if (parent === '') return true;
  const answer =
    known.get(parent) ??
    isBelowRealFolders(worktreePath, parent, known).then(
      async (isReal) =>
        isReal &&
        (await lstat(pathFromBytes(worktreePath, parent)).then(
          (stats) => stats.isDirectory(),
          () => false,
        )),
    );
  known.set(parent, answer);
  return answer;
}

async function isPresent(worktreePath: string, path: string): Promise<boolean> {
  return lstat(pathFromBytes(worktreePath, path)).then(
    () => true,
    () => false,
  );
}

async function isReadable(worktreePath: string, path: string): Promise<boolean> {
  return access(pathFromBytes(worktreePath, path), constants.R_OK).then(
    () => true,
    () => false,
  );
}
