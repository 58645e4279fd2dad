import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { COUNTING, parseCounts, type ChangeCounts } from '../changeCounts';
import type { KeptFile } from '../filters/keptFiles';
import { readKeptFilesCommits } from './keptFilesCommit';
import { snapshotRefName } from './snapshotRef';
import { withObjects } from '../isolated/isolatedGit';
import { isObjectId, readRefs, type Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';

/** More than anyone scrolls through. Older ones are reached from the timeline. */
const MAX_LISTED = 1_000;

/** A snapshot, with counts against the one before it. */
export interface ListedSnapshot extends ChangeCounts {
  commit: string;
  tree: string;
  /** ISO 8601 UTC, to the second. */
  takenAt: string;
  /** What caused it. */
  message: string;
}

/** The session's snapshots since its base, newest first. */
export async function listSnapshots(
  { repository, sessionId }: SessionWorktree,
  baseCommit: string,
): Promise<ListedSnapshot[]> {
  const [last] = await readRefs(repository.git, repository.mainWorktree, snapshotRefName(sessionId));
  if (last === undefined) return [];
  const filtered = '%(trailers:key=Corral-Filtered,valueonly,separator=%x2C)';
  const shown = [
    `--format=%x00%H%x00%T%x00%ct%x00%s%x00${filtered}%x00`,
    '--diff-merges=first-parent',
    '--no-show-signature',
  ];
  const listing = ['log', '--first-parent', `--max-count=${String(MAX_LISTED)}`, ...shown, ...COUNTING];
  const { stdout } = await withObjects(repository, async (git) => git.run([...listing, last, `^${baseCommit}`, '--']));
  const fields = stdout.toString('utf8').split('\0');
  const snapshots: (ListedSnapshot & { filtered: string })[] = [];
  for (let index = 1; index + 5 < fields.length; index += 6) {
    const [commit = '', tree = '', seconds = '', message = '', filtered = '', counts = ''] = fields.slice(
      index,
      index + 6,
    );
    snapshots.push({
      ...{ commit, tree, message, filtered },
      takenAt: new Date(Number(seconds) * 1000).toISOString(),
      ...parseCounts(counts),
    });
  }
  const kept = await readKept(repository, [...new Set(snapshots.map(({ filtered }) => filtered))]);
  return snapshots.map(({ filtered, files, ...snapshot }, index) => {
    const before = snapshots[index + 1]?.filtered ?? '';
    const count = filtered === before ? 0 : countDiffering(kept.get(filtered) ?? [], kept.get(before) ?? []);
    return { ...snapshot, files: files + count };
  });
}

/** The lists of the files that are kept outside of git, by the commits that have them. */
async function readKept(repository: Repository, commits: readonly string[]): Promise<ReadonlyMap<string, KeptFile[]>> {
  const wanted = commits.filter(isObjectId);
  return wanted.length === 0
    ? new Map()
    : await withObjects(repository, async (git) => await readKeptFilesCommits(git, wanted));
}

/** How many files that git lacks are not the same in both lists. */
function countDiffering(one: readonly KeptFile[], other: readonly KeptFile[]): number {
  const [a, b] = [one, other].map(
    (files) =>
      new Map(
        files
          .filter(({ isUnchanged }) => isUnchanged !== true)
          .map(({ path, mode, sha256 }) => [path, `${mode} ${sha256}`]),
      ),
  );
  return [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].filter((path) => a?.get(path) !== b?.get(path))
    .length;
}

/** @throws INVALID_ARGUMENT unless `commit` is the session's base or one of its snapshots. */
export async function requireSnapshotPoint(
  { repository, sessionId }: SessionWorktree,
  baseCommit: string,
  commit: string,
): Promise<void> {
  const [last] = await readRefs(repository.git, repository.mainWorktree, snapshotRefName(sessionId));
  const list = async (tip: string): Promise<string> =>
    await withObjects(repository, async (git) => git.text(['rev-list', '--first-parent', tip, `^${baseCommit}`, '--']));
  const commits = last === undefined ? '' : await list(last);
  if (commit !== baseCommit && !commits.split('\n').includes(commit))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('{commit} is no snapshot of this session.', { commit }));
}

/** The commit from which the session of a snapshot started. */
export async function findChainBase(repository: Repository, snapshot: string): Promise<string> {
  const notSnapshot = ['--basic-regexp', '--grep=^Corral-Version: ', '--invert-grep'];
  const listing = ['rev-list', '--first-parent', '--max-count=1', ...notSnapshot, snapshot, '--'];
  const base = await withObjects(repository, async (git) => git.text(listing));
  return base === '' ? snapshot : base;
}
