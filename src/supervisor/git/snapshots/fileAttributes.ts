/** What a tree cannot hold of its files: modes, owners, hard links, empty folders, ignored links, attributes. */
import { chmod, lchown, link, lstat, mkdir, rename, symlink } from 'node:fs/promises';
import * as v from 'valibot';
import { hasCode } from '../../../common/errors';
import { writeEntryTree, type TreeEntry } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { addFoldersAbove, encodePath, parentOf, pathFromBytes, pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { captureExtendedAttributes, restoreExtendedAttributes } from './extendedAttributes';
import { listFiles, type ListedFile } from './fileList';
import { rememberCopies, restoreCopies } from './includedCopies';
import { writeCommit } from './snapshotRef';
import type { Submodule } from './submodules';

const FILE_NAME = 'attributes.json';

const bytes = v.string();
const mode = v.number();
const SCHEMA = v.object({
  version: v.literal(1),
  /** The mode of each path of the tree, and of `folders`, that `modes` does not name. */
  usual: v.object({ file: mode, program: mode, folder: mode }),
  modes: v.array(v.tuple([bytes, mode])),
  /** Path, user and group, where they are not those of the process. */
  owners: v.array(v.tuple([bytes, v.number(), v.number()])),
  /** Folders without a file of the tree. */
  folders: v.array(bytes),
  /** Links that are not in the tree, with their targets. */
  links: v.array(v.tuple([bytes, bytes])),
  /** The names of each file that has several. */
  names: v.array(v.array(bytes)),
  /** Copies that Corral made, which lie beside git's entry of the worktree. */
  included: v.array(bytes),
  submodules: v.array(v.object({ path: bytes, link: bytes })),
  /** Files of the tree that were not on the disk, as in a sparse checkout. */
  absent: v.array(bytes),
  /** What was there and is not in the snapshot. A folder ends in a slash. */
  others: v.array(bytes),
});

/** As recorded; paths are bytes (see `pathBytes`). */
export type FileAttributes = v.InferOutput<typeof SCHEMA>;

export interface AttributedFiles {
  /** Files, folders and links whose content the snapshot or this record holds. */
  held: readonly ListedFile[];
  /** The mode that the tree has for each of its paths. */
  tree: ReadonlyMap<string, string>;
  /** Targets of the links that are not in the tree. */
  links: readonly (readonly [path: string, target: string])[];
  included: readonly string[];
  submodules: readonly Submodule[];
  /** What the snapshot does not hold. */
  others: readonly string[];
}

/** Writes the record as a commit, and says in words what it cannot hold. */
export async function captureAttributes(
  git: IsolatedGit,
  folder: WorktreeFolder,
  content: AttributedFiles,
): Promise<{ commit: string; notCaptured: string[] }> {
  const { held, tree, links, included, submodules, others } = content;
  const withModes = held.filter(({ kind }) => kind === 'file' || kind === 'folder');
  const extended = await captureExtendedAttributes(
    folder,
    withModes.filter(({ kind }) => kind === 'file').map(({ path }) => path),
    withModes.filter(({ kind }) => kind === 'folder').map(({ path }) => path),
  );
  const { names, linkedOutside } = findNames(held);
  const owners = held.filter(({ userId, groupId }) => userId !== ownUserId() || groupId !== ownGroupId());
  const present = new Set(held.map(({ path }) => path));
  const usual = usualModes(withModes);
  const record: FileAttributes = {
    version: 1,
    usual,
    modes: withModes
      .filter((file) => usualMode(usual, file, tree.get(file.path)) !== file.mode)
      .map((file) => [file.path, file.mode]),
    owners: owners.map(({ path, userId, groupId }) => [path, userId, groupId]),
    // A sparse checkout has not all files of the tree, and a folder may hold nothing but links that git ignores.
    folders: foldersWithout(held, new Set([...tree.keys()].filter((path) => present.has(path)))),
    links: links.map(([path, target]) => [path, target]),
    names,
    included: [...included],
    submodules: [...submodules],
    absent: [...tree.keys()].filter((path) => !present.has(path)),
    others: [...others],
  };
  const notCaptured = [
    ...extended.notCaptured,
    ...linkedOutside.map((path) => `${pathToText(path)}: has another name outside of the worktree`),
    ...owners.filter((file) => !canOwn(file)).map(({ path }) => `${pathToText(path)}: belongs to another user`),
  ];
  const blobs: [name: string, content: string | Buffer][] = [
    [FILE_NAME, JSON.stringify(record)],
    ...extended.archives.map((archive, index): [string, Buffer] => [`extended-${index}.tar`, archive]),
  ];
  return { commit: await writeBlobs(git, blobs), notCaptured };
}

async function writeBlobs(git: IsolatedGit, blobs: readonly (readonly [string, string | Buffer])[]): Promise<string> {
  const entries: TreeEntry[] = [];
  for (const [path, input] of blobs)
    entries.push({ mode: '100644', objectId: await git.text(['hash-object', '-w', '--stdin'], { input }), path });
  const tree = await writeEntryTree(git, entries);
  return await writeCommit(git, { tree, parents: [], message: 'Attributes of the files', isDated: false });
}

/** Throws where the commit holds no such record. */
export async function readAttributes(git: IsolatedGit, commit: string): Promise<FileAttributes> {
  return v.parse(SCHEMA, JSON.parse(await git.text(['cat-file', 'blob', `${commit}:${FILE_NAME}`])));
}

/** Gives the files of a snapshot's tree, which are there, what was recorded of them. Follows no link. */
export async function restoreAttributes(
  git: IsolatedGit,
  folder: WorktreeFolder,
  tree: string,
  commit: string,
): Promise<void> {
  const record = await readAttributes(git, commit);
  const { path: worktreePath } = folder;
  for (const path of record.folders) await makeFolder(worktreePath, path);
  const included: string[] = [];
  for (const path of record.included) if (await isRealFolder(worktreePath, parentOf(path))) included.push(path);
  const copied = await restoreCopies(worktreePath, included);
  for (const [path, target] of record.links)
    if (await isRealFolder(worktreePath, parentOf(path)))
      await symlink(encodePath(target), pathFromBytes(worktreePath, path)).catch(unlessTaken);
  for (const names of record.names) await joinNames(worktreePath, names);
  const archives: Buffer[] = [];
  const names = splitZ((await git.run(['ls-tree', '-z', '--name-only', commit])).stdout);
  for (const name of names.filter((each) => each !== FILE_NAME))
    archives.push((await git.run(['cat-file', 'blob', `${commit}:${name}`])).stdout);
  if (process.platform === 'win32') {
    await rememberCopies(worktreePath, copied);
    return;
  }
  for (const [path, userId, groupId] of record.owners)
    if (await isRealFolder(worktreePath, parentOf(path)))
      await lchown(pathFromBytes(worktreePath, path), userId, groupId).catch(unlessGone);
  await restoreExtendedAttributes(folder, archives);
  await restoreModes(git, folder, tree, record);
  await rememberCopies(worktreePath, copied);
}

async function restoreModes(
  git: IsolatedGit,
  { path: worktreePath, signal }: WorktreeFolder,
  tree: string,
  { usual, modes, folders }: FileAttributes,
): Promise<void> {
  const wanted = new Map<string, number>();
  for (const folder of folders) wanted.set(folder, usual.folder);
  for (const line of splitZ((await git.run(['ls-tree', '-r', '-z', tree])).stdout)) {
    const path = line.slice(line.indexOf('\t') + 1);
    for (let parent = parentOf(path); parent !== '' && !wanted.has(parent); parent = parentOf(parent))
      wanted.set(parent, usual.folder);
    if (line.startsWith('100')) wanted.set(path, line.startsWith('100755') ? usual.program : usual.file);
  }
  for (const [path, exception] of modes) wanted.set(path, exception);
  const { files } = await listFiles(worktreePath, signal);
  const different = files.filter(
    (file) => (file.kind === 'file' || file.kind === 'folder') && (wanted.get(file.path) ?? file.mode) !== file.mode,
  );
  // From below, since a folder may become one that cannot be entered.
  for (const { path } of different.reverse())
    await chmod(pathFromBytes(worktreePath, path), wanted.get(path) ?? 0).catch(unlessGone);
}

type Category = keyof FileAttributes['usual'];

function categoryOf({ kind, mode: permissions }: ListedFile): Category {
  if (kind === 'folder') return 'folder';
  return (permissions & 0o100) === 0 ? 'file' : 'program';
}

/** What the file's mode is where the record says nothing; undefined for a file that is not in the tree. */
function usualMode(
  usual: FileAttributes['usual'],
  { kind }: ListedFile,
  treeMode: string | undefined,
): number | undefined {
  if (kind === 'folder') return usual.folder;
  if (treeMode === undefined) return undefined;
  return treeMode === '100755' ? usual.program : usual.file;
}

function usualModes(files: readonly ListedFile[]): FileAttributes['usual'] {
  const usual = { file: 0o644, program: 0o755, folder: 0o755 };
  const counts = new Map<string, number>();
  const most: Record<Category, number> = { file: 0, program: 0, folder: 0 };
  for (const file of files) {
    const category = categoryOf(file);
    const key = `${category} ${file.mode}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > most[category]) [most[category], usual[category]] = [count, file.mode];
  }
  return usual;
}

function findNames(held: readonly ListedFile[]): { names: string[][]; linkedOutside: string[] } {
  const groups = new Map<string, ListedFile[]>();
  for (const file of held)
    if (file.kind === 'file' && file.links > 1) groups.set(file.identity, [...(groups.get(file.identity) ?? []), file]);
  const all = [...groups.values()];
  return {
    names: all.filter(({ length }) => length > 1).map((group) => group.map(({ path }) => path).sort()),
    linkedOutside: all.flatMap((group) =>
      group[0] !== undefined && group[0].links > group.length ? [group[0].path] : [],
    ),
  };
}

function foldersWithout(held: readonly ListedFile[], tree: ReadonlySet<string>): string[] {
  const holding = new Set<string>();
  for (const path of tree) addFoldersAbove(path, holding);
  return held.filter(({ kind, path }) => kind === 'folder' && !holding.has(path)).map(({ path }) => path);
}

/** Makes all names those of the first one's file. */
async function joinNames(worktreePath: string, names: readonly string[]): Promise<void> {
  const [first, ...others] = names.filter((name) => name !== '');
  for (const other of others) {
    if (first === undefined || !(await isRealFolder(worktreePath, parentOf(other)))) return;
    const [source, target] = [pathFromBytes(worktreePath, first), pathFromBytes(worktreePath, other)];
    const [one, two] = await Promise.all(
      [source, target].map(async (path) => await lstat(path).catch(() => undefined)),
    );
    if (one?.isFile() !== true || two?.isFile() !== true || one.ino === two.ino || one.size !== two.size) continue;
    const temporary = pathFromBytes(worktreePath, `${other}.corral-link`);
    await link(source, temporary);
    await rename(temporary, target);
  }
}

async function makeFolder(worktreePath: string, path: string): Promise<void> {
  if (path !== '' && (await isRealFolder(worktreePath, parentOf(path))))
    await mkdir(pathFromBytes(worktreePath, path)).catch(unlessTaken);
}

/** True where the path and all folders above it are folders, and no link leads elsewhere. */
async function isRealFolder(worktreePath: string, path: string): Promise<boolean> {
  if (path === '') return true;
  if (!(await isRealFolder(worktreePath, parentOf(path)))) return false;
  return (await lstat(pathFromBytes(worktreePath, path)).catch(() => undefined))?.isDirectory() === true;
}

function unlessTaken(error: unknown): void {
  if (!hasCode(error, 'EEXIST')) throw error;
}

function unlessGone(error: unknown): void {
  if (!hasCode(error, 'ENOENT')) throw error;
}

function ownUserId(): number {
  return process.getuid?.() ?? 0;
}

function ownGroupId(): number {
  return process.getgid?.() ?? 0;
}

/** True where this process may give a file this owner. */
function canOwn({ userId, groupId }: ListedFile): boolean {
  if (ownUserId() === 0) return true;
  return userId === ownUserId() && (groupId === ownGroupId() || process.getgroups?.().includes(groupId) === true);
}
