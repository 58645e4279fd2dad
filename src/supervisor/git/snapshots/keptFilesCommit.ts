/** The commit of a snapshot that names the files that are kept outside of git. */
import * as v from 'valibot';
import { keptFileSchema, type KeptFile } from '../filters/keptFiles';
import { writeEntryTree } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { writeCommit } from './snapshotRef';

const LIST = 'filtered.json';

/** A commit that names the files; undefined where there is none. The same files are always the same commit. */
export async function writeKeptFiles(git: IsolatedGit, files: readonly KeptFile[]): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const objectId = await git.text(['hash-object', '-w', '--stdin'], { input: JSON.stringify(sorted) });
  const tree = await writeEntryTree(git, [{ mode: '100644', objectId, path: LIST }]);
  return await writeCommit(git, { tree, parents: [], message: 'Files for filters', isDated: false });
}

/** The files that a commit of `writeKeptFiles` names. */
export async function readKeptFilesCommit(git: IsolatedGit, commit: string | undefined): Promise<KeptFile[]> {
  return commit === undefined ? [] : ((await readKeptFilesCommits(git, [commit])).get(commit) ?? []);
}

/** As `readKeptFilesCommit`, for several, by their commits. */
export async function readKeptFilesCommits(
  git: IsolatedGit,
  commits: readonly string[],
): Promise<Map<string, KeptFile[]>> {
  const found = new Map<string, KeptFile[]>();
  const input = commits.map((commit) => `${commit}:${LIST}\n`).join('');
  const { stdout } = await git.run(['cat-file', '--batch=%(objectsize)'], { input });
  let offset = 0;
  for (const commit of commits) {
    const start = stdout.indexOf('\n', offset) + 1;
    const bytes = Number(stdout.toString('latin1', offset, start));
    if (Number.isNaN(bytes)) throw new Error(`The snapshot's list ${commit} is missing`);
    found.set(commit, v.parse(v.array(keptFileSchema), JSON.parse(stdout.toString('utf8', start, start + bytes))));
    offset = start + bytes + 1;
  }
  return found;
}
