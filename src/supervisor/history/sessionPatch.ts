import type { FileChange } from '../git/review/changes';
import { readPatch } from '../git/review/patchText';
import { listWorkChanges, stateAt, stateNow } from '../git/review/workChanges';
import { worktreeOf, type LifecycleOptions } from '../lifecycle/worktreeOf';
import type { SessionModel } from '../sessions/sessionModel';

/** A session's whole change against its base as text. */
export interface SessionPatch {
  files: FileChange[];
  /** A unified diff; without what filters keep outside of git. */
  patch: string;
  /** True where it lacks files that are too large, or too many. */
  isCut: boolean;
}

/** Of one file or folder where `path` names it. Throws as `worktreeOf` and `stateNow`. */
export async function readSessionPatch(
  { model, ...options }: Pick<LifecycleOptions, 'git' | 'store'> & { model: SessionModel },
  sessionId: string,
  { path, signal }: { path?: string; signal: AbortSignal },
): Promise<SessionPatch> {
  const facts = model.facts(sessionId);
  const worktree = { ...(await worktreeOf(options, facts)), signal };
  const before = await stateAt(worktree, facts.baseCommit, facts.baseCommit);
  const after = await stateNow(worktree);
  const folder = path === undefined ? '' : `${path.replace(/\/+$/, '')}/`;
  const isMeant = (name: string): boolean => path === undefined || name === path || name.startsWith(folder);
  const files = (await listWorkChanges(worktree.repository, before, after)).filter(
    (change) => isMeant(change.path) || (change.previousPath !== undefined && isMeant(change.previousPath)),
  );
  const range = { before: before.revision, after: after.revision, changes: files, signal };
  return { files, ...(await readPatch(worktree.repository, range)) };
}
