/** Sessions that are deleted here alone, since their host is away. */
import { CorralError } from '../../../storage/errors';
import type { Log } from '../../../common/log';
import type { SessionRuns } from '../sessionRuns';
import { withWorktreeLock } from '../worktreeLock';
import type { LifecycleOptions } from '../worktreeOf';
import { tearDownAndDelete, trashPathOf } from './sessionRemoval';

interface ForgetOptions extends LifecycleOptions {
  runs: SessionRuns;
  log: Log;
}

/** Takes the session from the list. Its run there ends, and what is there is deleted, once its host is back. */
export async function forgetSession({ store, runs }: ForgetOptions, sessionId: string): Promise<void> {
  if ((await runs.openRun(sessionId)) !== undefined) await runs.stopLater(sessionId);
  await withWorktreeLock(store.paths, sessionId, async () => {
    await store.append(sessionId, ({ archived }) =>
      archived ? { kind: 'archived', data: { archived: false } } : undefined,
    );
    // The worktree of an archived session is in the trash there already.
    await store.append(sessionId, (now) =>
      now.worktree === 'onHost' || now.worktree === 'failed'
        ? { kind: 'deleting', data: { trashPath: trashPathOf(now), isForgotten: true } }
        : undefined,
    );
  });
}

/** Deletes on its host, which is back, what was forgotten here, unless that was undone or is done. */
export async function finishForgotten(options: ForgetOptions, sessionId: string): Promise<void> {
  const { store, runs } = options;
  if ((await runs.openRun(sessionId)) !== undefined)
    await runs.stop(sessionId).catch((error: unknown) => {
      if (!(error instanceof CorralError && error.code === 'NOT_RUNNING')) throw error; // it has just ended
    });
  await withWorktreeLock(store.paths, sessionId, async (stillOwner) => {
    const facts = await store.sync(sessionId);
    if (facts?.isForgotten === true) await tearDownAndDelete(options, facts, stillOwner);
  });
}
