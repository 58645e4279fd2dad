import { publishVoidClaim, readClaim } from '../runnerProtocol/claimFile';
import { isDiskFull, messageOf } from '../../common/errors';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import type { SessionRecordData } from '../../storage/sessionRecords';
import { isOpen } from '../../storage/sessionState';
import { REQUESTED_ENDINGS } from '../agents/driver/ending';
import type { SessionStore } from '../sessions/sessionStore';

/** How a run is closed. `evidence` says why, and stands in the journal. */
export type RunClosing = Omit<SessionRecordData<'run.closed'>, 'runId' | 'afterSeq'>;

/**
 * Records the end of a run whose runner recorded none.
 * @returns false where nothing was recorded: the run had ended after all, or another window was quicker
 */
export async function closeRun(
  store: SessionStore,
  { sessionId, runId }: { sessionId: string; runId: string },
  decide: (run: RunFacts) => RunClosing,
): Promise<boolean> {
  let isRecorded = false;
  await store.append(sessionId, ({ runs }) => {
    const run = runs.find((each) => each.runId === runId);
    if (run === undefined || !isOpen(run)) return undefined;
    isRecorded = true;
    return { kind: 'run.closed', data: { runId, ...decide(run), afterSeq: run.eventCount } };
  });
  return isRecorded;
}

/** A person asks for the end of a run. Recorded before its runner is told, so that it survives a crash of either. */
export async function requestEnd(
  store: SessionStore,
  { sessionId, runId }: { sessionId: string; runId: string },
  force: boolean,
): Promise<void> {
  try {
    await store.append(sessionId, ({ runs }) => {
      const run = runs.find((each) => each.runId === runId);
      const isNews = run !== undefined && isOpen(run) && (run.stopRequestedAt === undefined || force);
      return isNews ? { kind: 'stop.requested', data: { runId, force } } : undefined;
    });
  } catch (error) {
    // This very run may fill the disk; its runner has room reserved to record who asked.
    if (!isDiskFull(error)) throw error;
  }
}

/** The closing of a run whose end a person asked for. */
export function requestedClosing({ killRequested }: RunFacts): RunClosing {
  const { outcome, reason } = killRequested === true ? REQUESTED_ENDINGS.kill : REQUESTED_ENDINGS.stop;
  return { outcome, restored: false, evidence: reason };
}

/**
 * Takes a run out of the queue because a person asked for its end.
 * @returns false where its runner was quicker to claim it: then it has begun
 */
export async function cancelRun(store: SessionStore, { sessionId }: SessionFacts, run: RunFacts): Promise<boolean> {
  const { runId } = run;
  const paths = store.paths.session(sessionId).run(runId);
  const closing = requestedClosing(run);
  await publishVoidClaim(paths, closing.evidence);
  if ((await readClaim(paths))?.state === 'claimed') return false;
  await closeRun(store, { sessionId, runId }, () => closing);
  return true;
}

/** Records that a run failed before it had begun. */
export async function failUnstarted(
  store: SessionStore,
  run: { sessionId: string; runId: string },
  error: unknown,
): Promise<void> {
  await closeRun(store, run, () => ({ outcome: 'failed', restored: false, evidence: messageOf(error) }));
}
