/** Which files with a filter are still as Corral checked them out, so that a checkout makes them again. */
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../../common/ifExists';
import { mapLimited } from '../../../common/mapLimited';
import { replaceFile } from '../../../storage/journal/durableFile';
import type { TreeEntry } from '../isolated/entryTree';
import { pathFromBytes } from '../pathBytes';
import type { SessionWorktree } from '../sessionWorktree';

const FILE_NAME = 'made.json';
const FILES_AT_ONCE = 64;

const text = v.string();
/** Path as bytes, object id, and what tells that the file was not written since. */
const schema = v.object({ version: v.literal(1), files: v.array(v.tuple([text, text, text])) });

/** By path: the object that a file was made of, and its state then. */
export type MadeFiles = ReadonlyMap<string, { objectId: string; state: string }>;

/** Size, times and inode of a regular file; undefined where there is none. */
async function stateOf(worktreePath: string, path: string): Promise<string | undefined> {
  const stats = await lstat(pathFromBytes(worktreePath, path), { bigint: true }).catch(() => undefined);
  if (stats?.isFile() !== true) return undefined;
  const { size, mtimeNs, ctimeNs, ino } = stats;
  return process.platform === 'win32' ? `${size} ${mtimeNs}` : `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
}

/** Remembers files that filters have just made of these entries of a tree. */
export async function rememberMade(worktree: SessionWorktree, entries: readonly TreeEntry[]): Promise<void> {
  const { filters, sessionId, path: worktreePath } = worktree;
  if (filters === undefined || entries.length === 0) return;
  const made = new Map(await readMade(worktree));
  await mapLimited(entries, FILES_AT_ONCE, async ({ path, objectId }) => {
    const state = await stateOf(worktreePath, path);
    if (state === undefined) made.delete(path);
    else made.set(path, { objectId, state });
  });
  const files = [...made].map(([path, { objectId, state }]): [string, string, string] => [path, objectId, state]);
  const content = JSON.stringify({ version: 1, files } satisfies v.InferInput<typeof schema>);
  await replaceFile(join(filters.folderOf(sessionId), FILE_NAME), Buffer.from(content));
}

/** What was remembered. Nothing where that cannot be read, as in a session of an older version. */
export async function readMade({ filters, sessionId }: SessionWorktree): Promise<MadeFiles> {
  if (filters === undefined) return new Map();
  try {
    const content = await ifExists(readFile(join(filters.folderOf(sessionId), FILE_NAME), 'utf8'));
    if (content === undefined) return new Map();
    const { files } = v.parse(schema, JSON.parse(content));
    return new Map(files.map(([path, objectId, state]) => [path, { objectId, state }]));
  } catch {
    return new Map();
  }
}

/** True where the file was made of this very object, and not written since. */
export async function isAsMade(made: MadeFiles, worktreePath: string, entry: TreeEntry): Promise<boolean> {
  const known = made.get(entry.path);
  return known?.objectId === entry.objectId && known.state === (await stateOf(worktreePath, entry.path));
}
