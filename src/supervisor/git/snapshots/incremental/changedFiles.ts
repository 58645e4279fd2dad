/** Which files are not as the last snapshot has them, with their bytes: looked at without a copy of the index. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { mapLimited } from '../../../../common/mapLimited';
import type { DiskTraits } from '../../isolated/diskTraits';
import { SUBMODULE_MODE } from '../../isolated/entryTree';
import type { IsolatedGit } from '../../isolated/isolatedGit';
import type { ObjectFormat } from '../../isolated/objectFormat';
import { mayBeRefused } from '../../isolated/ownNames';
import { pathFromBytes, splitZ } from '../../pathBytes';
import { haveIgnoredAttributes, LIST_UNSTAGED } from '../captureTree';

const FILES_AT_ONCE = 64;
/** More is not held in memory. */
const MAX_BYTES = 16 << 20;
const MAX_PATHS = 2_000;
const LINK_MODE = '120000';
const NO_MODE = '000000';
/** Windows has neither of the two flags. */
const READ_FILE = process.platform === 'win32' ? 'r' : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What an index or a tree has at a path. */
interface Entry {
  mode: string;
  objectId: string;
}

/** By path, as bytes (see `pathBytes`): what the index has, and what a snapshot has instead. */
export type IndexDifferences = ReadonlyMap<string, { index: Entry | undefined; snapshot: Entry | undefined }>;

/** A file that the next snapshot has and the last has not, or has otherwise. Without content it is gone. */
export interface ChangedFile {
  path: string;
  content?: { mode: string; bytes: Buffer };
}

export interface ChangedFiles {
  changed: ChangedFile[];
  /** Where the index is not as the next snapshot. */
  differences: IndexDifferences;
}

export interface LastSnapshot {
  tree: string;
  /** Where the index is not as this snapshot, if that is known. */
  differences: IndexDifferences | undefined;
}

/** The folder that is looked at, and how its disk and its repository are. */
export interface LookedAt {
  path: string;
  traits: DiskTraits;
  format: ObjectFormat;
}

interface Candidate {
  path: string;
  index: Entry | undefined;
  last: Entry | undefined;
  isPresent: boolean;
}

/**
 * Compares all files with the index and the index with the last snapshot. Undefined where only the whole capture knows
 * what to do: submodules, attributes, names that git may refuse, what cannot be read, many or large files.
 */
export async function findChangedFiles(
  git: IsolatedGit,
  place: LookedAt,
  last: LastSnapshot,
): Promise<ChangedFiles | undefined> {
  const [unstaged, untracked, staged] = await Promise.all([
    listDifferences(git, [...LIST_UNSTAGED, '--raw']),
    git.run(['ls-files', '-z', '--others', '--exclude-standard']),
    last.differences ?? listStaged(git, last.tree),
  ]);
  const candidates = new Map<string, Candidate>();
  for (const [path, { index, snapshot }] of staged)
    candidates.set(path, { path, index, last: snapshot, isPresent: index !== undefined });
  for (const [path, { from, to }] of unstaged)
    candidates.set(path, { path, index: from, last: lastOf(candidates.get(path), from), isPresent: to !== undefined });
  for (const path of splitZ(untracked.stdout))
    candidates.set(path, { path, index: undefined, last: candidates.get(path)?.last, isPresent: true });
  const all = [...candidates.values()];
  if (all.length > MAX_PATHS || all.some(isUnusual)) return undefined;
  const present = all.filter(({ isPresent }) => isPresent);
  if (
    present.length > 0 &&
    (await haveIgnoredAttributes(
      place.path,
      present.map(({ path }) => path),
    ))
  )
    return undefined;
  return await readAll(place, all);
}

function lastOf(candidate: Candidate | undefined, index: Entry | undefined): Entry | undefined {
  return candidate === undefined ? index : candidate.last;
}

async function listStaged(git: IsolatedGit, tree: string): Promise<IndexDifferences> {
  const listed = await listDifferences(git, ['diff-index', '--cached', '-z', '--raw', '--no-renames', tree]);
  return new Map([...listed].map(([path, { from, to }]) => [path, { index: to, snapshot: from }]));
}

/** What a command prints with `--raw`: two sides of each path. The id of a file is all zeros. */
async function listDifferences(
  git: IsolatedGit,
  command: readonly string[],
): Promise<Map<string, { from: Entry | undefined; to: Entry | undefined }>> {
  const fields = splitZ((await git.run(command)).stdout);
  const found = new Map<string, { from: Entry | undefined; to: Entry | undefined }>();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [before = '', after = '', fromId = '', toId = ''] = (fields[index] ?? '').slice(1).split(' ');
    const [from, to] = [entryOf(before, fromId), entryOf(after, toId)];
    found.set(fields[index + 1] ?? '', { from, to });
  }
  return found;
}

function entryOf(mode: string, objectId: string): Entry | undefined {
  return mode === NO_MODE ? undefined : { mode, objectId };
}

function isUnusual({ path, index, last, isPresent }: Candidate): boolean {
  if (index?.mode === SUBMODULE_MODE || last?.mode === SUBMODULE_MODE) return true;
  return isPresent && (path.endsWith('/') || /\.gitattributes$/i.test(path) || mayBeRefused(path));
}

async function readAll(place: LookedAt, candidates: readonly Candidate[]): Promise<ChangedFiles | undefined> {
  const budget = { bytes: MAX_BYTES };
  const changed: ChangedFile[] = [];
  const differences = new Map<string, { index: Entry | undefined; snapshot: Entry | undefined }>();
  const read = await mapLimited(candidates, FILES_AT_ONCE, async ({ path, index, last, isPresent }) => {
    const content = isPresent ? await readContent(place, path, index, budget).catch(() => undefined) : undefined;
    const now = content && { mode: content.mode, objectId: blobId(content.bytes, place.format) };
    if (!isSame(last, now)) changed.push(content === undefined ? { path } : { path, content });
    if (!isSame(index, now)) differences.set(path, { index, snapshot: now });
    return isPresent === (content !== undefined);
  });
  return read.includes(false) ? undefined : { changed, differences };
}

/** Undefined for what is neither a file nor a link, and where there is no room for it. */
async function readContent(
  { path: root, traits }: LookedAt,
  path: string,
  index: Entry | undefined,
  budget: { bytes: number },
): Promise<ChangedFile['content']> {
  const target = pathFromBytes(root, path);
  const stats = await lstat(target);
  budget.bytes -= stats.size;
  if (budget.bytes < 0) return undefined;
  if (stats.isSymbolicLink()) return { mode: LINK_MODE, bytes: await readlink(target, { encoding: 'buffer' }) };
  // Without links, a file may stand for one.
  if (!stats.isFile() || (index?.mode === LINK_MODE && (!traits.hasLinks || process.platform === 'win32')))
    return undefined;
  const file = await open(target, READ_FILE);
  try {
    const opened = await file.stat();
    if (!opened.isFile()) return undefined;
    const isProgram = traits.hasExecutableBit ? (opened.mode & 0o100) !== 0 : index?.mode === '100755';
    return { mode: isProgram ? '100755' : '100644', bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}

function blobId(bytes: Buffer, format: ObjectFormat): string {
  return createHash(format)
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex');
}

function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.mode === other?.mode && one?.objectId === other?.objectId;
}
