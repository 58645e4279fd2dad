import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { COUNTING, parseCounts, type ChangeCounts } from '../changeCounts';
import { snapshotRefName } from './snapshotRef';
import { withObjects } from '../isolated/isolatedGit';
import { readRefs, type Repository } from '../repository';
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
  const shown = ['--format=%x00%H%x00%T%x00%ct%x00%s%x00', '--diff-merges=first-parent', '--no-show-signature'];
  const listing = ['log', '--first-parent', `--max-count=${String(MAX_LISTED)}`, ...shown, ...COUNTING];
  const { stdout } = await withObjects(repository, async (git) => git.run([...listing, last, `^${baseCommit}`, '--']));
  const fields = stdout.toString('utf8').split('\0');
  const snapshots: ListedSnapshot[] = [];
  for (let index = 1; index + 4 < fields.length; index += 5) {
    const [commit = '', tree = '', seconds = '', message = '', counts = ''] = fields.slice(index, index + 5);
    snapshots.push({
      commit,
      tree,
      takenAt: new Date(Number(seconds) * 1000).toISOString(),
      message,
      ...parseCounts(counts),
    });
  }
  return snapshots;
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
