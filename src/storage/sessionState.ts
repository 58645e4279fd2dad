/** What follows from a session's facts. Pure. */
import { oneLine } from '../common/oneLine';
import type { RunOutcome, RunState, UsageLimit } from './events';
import { isOutcome, nextRunState } from './runState';
import type { FormerPlaceOnHost, RunFacts, SessionFacts } from './sessionFacts';
import type { RecoveryHint } from './sessionRecords';

/** The state of the session's current run; of a session that never had one, what became of its worktree. */
export function sessionState(facts: SessionFacts): RunState {
  const run = currentRun(facts);
  if (run !== undefined) return runState(run);
  return facts.worktree === 'failed' ? 'failed' : 'queued';
}

/** The agent's run with the highest ordinal. */
export function currentRun(facts: SessionFacts): RunFacts | undefined {
  return facts.runs.findLast((run) => run.isTeardown !== true);
}

/** The agent that works on the session now. */
export interface WorkingAgent {
  name: string;
  /** The model that was chosen for it. */
  model: string | undefined;
  /** Program and arguments, only for the agent `command`. */
  argv: readonly string[] | undefined;
  /** Its runs: all since the session was last handed over. */
  runs: readonly RunFacts[];
}

/** The agent that the session was last handed over to, else the one that it began with. */
export function workingAgent(facts: SessionFacts): WorkingAgent {
  const first = facts.runs.findLastIndex((run) => run.handOver !== undefined);
  const handOver = facts.runs[first]?.handOver;
  return handOver === undefined
    ? { name: facts.agent, model: facts.model, argv: facts.argv, runs: facts.runs }
    : { name: handOver.agent, model: handOver.model, argv: undefined, runs: facts.runs.slice(first) };
}

/** Why the session failed, as one line. Undefined where it did not fail, or where no reason is known. */
export function failureReason(facts: SessionFacts): string | undefined {
  const state = sessionState(facts);
  if (!isOutcome(state) || state === 'completed') return undefined;
  const run = currentRun(facts);
  const reason =
    run === undefined
      ? facts.worktreeFailure
      : (jobEnd(run)?.reason ?? (isOutcome(run.eventState) ? run.reason : run.closed?.evidence));
  return reason === undefined || reason === '' ? undefined : oneLine(reason);
}

/** The run's state over all sources: the scheduler's word, its own events, how it was closed, a wish to stop it. */
export function runState(run: RunFacts): RunState {
  return jobEnd(run)?.outcome ?? ownState(run);
}

/** How a run ends with its job, by Slurm's word; undefined where that says nothing of the run. */
export function jobOutcome(state: string): RunOutcome | undefined {
  if (state === 'OUT_OF_MEMORY') return 'crashed';
  return state === 'CANCELLED' || state === 'PREEMPTED' || state === 'TIMEOUT' ? 'interrupted' : undefined;
}

/** The record of a run of the session, by which versions that do not know its place leave it alone. */
export function queuedKind({ host }: SessionFacts): 'run.queued' | 'run.queued.remote' | 'run.queued.job' {
  if (host === undefined) return 'run.queued';
  return host.kind === 'slurm' ? 'run.queued.job' : 'run.queued.remote';
}

/** Ends that say less than the scheduler does, which ended the runner or its agent. */
const OUTRANKED: readonly RunState[] = ['interrupted', 'crashed', 'failed', 'lost'];

/** Where the run has ended by the scheduler's word: how, and why. */
function jobEnd(run: RunFacts): { outcome: RunOutcome; reason: string } | undefined {
  if (run.job === undefined) return undefined;
  const { state, reason } = run.job;
  const own = ownState(run);
  // Of what ended the runner's system, that knows nothing.
  if (state === 'FORGOTTEN' && own === 'interrupted') return { outcome: own, reason };
  const outcome = jobOutcome(state);
  return outcome === undefined || !OUTRANKED.includes(own) ? undefined : { outcome, reason };
}

/** True where the run of a job has ended in a way that the scheduler may know better. */
export function awaitsJobEnd(run: RunFacts): boolean {
  return run.job === undefined && run.queuedAt !== undefined && OUTRANKED.includes(run.eventState);
}

function ownState(run: RunFacts): RunState {
  if (isOutcome(run.eventState)) return run.eventState;
  if (isClosed(run)) return run.closed.restored ? run.eventState : run.closed.outcome;
  return run.stopRequestedAt === undefined ? run.eventState : nextRunState(run.eventState, 'stopping');
}

/** True where the run can still produce events: it neither ended nor was closed. */
export function isOpen(run: RunFacts): boolean {
  return !isOutcome(run.eventState) && !isClosed(run);
}

/** True for a run that waits in the queue: as far as its records say, nothing of it was started yet. */
export function isQueued(run: RunFacts): boolean {
  return isOpen(run) && run.eventState === 'queued';
}

/** True where the session has a worktree, here or on its host. */
export function hasWorktree({ worktree, host }: SessionFacts): boolean {
  return worktree === 'present' || (worktree === 'onHost' && host?.worktree !== undefined);
}

/** True where the worktree is made only when the session starts, since it waits for its base. */
export function isPlanned({ worktree, host, planned }: SessionFacts): boolean {
  return worktree === 'planned' || (worktree === 'onHost' && host?.worktree === undefined && planned !== undefined);
}

/** True where the session's creation or removal may have been interrupted, or where another window is at it now. */
export function isInterrupted(facts: SessionFacts): boolean {
  if (facts.worktree === 'present' || facts.worktree === 'onHost') return facts.runs.length === 0;
  return facts.worktree === 'creating' || facts.worktree === 'deleting' || canPurgeTrash(facts) || isRecordLost(facts);
}

/**
 * True where the record that the worktree was made is damaged. Runs are queued only after it, and those of a session
 * that waited for its base start only after it.
 */
export function isRecordLost({ worktree, runs }: SessionFacts): boolean {
  return (
    (worktree === 'creating' && runs.length > 0) ||
    (worktree === 'planned' && runs.some(({ startedAt }) => startedAt !== undefined))
  );
}

/** True while a deleted session's folder is in the trash although the session's ref holds all of it. */
export function canPurgeTrash(facts: SessionFacts): boolean {
  return facts.worktree === 'deleted' && facts.trashPath !== undefined && (facts.notCaptured ?? []).length === 0;
}

/**
 * The run that a usage limit ended, after which the session can go on by itself. Undefined where another reason or a
 * person ended it, or where nothing can go on.
 */
export function limitedRun(facts: SessionFacts): (RunFacts & { limit: UsageLimit }) | undefined {
  const run = currentRun(facts);
  if (run?.limit === undefined || isOpen(run) || run.stopRequestedAt !== undefined) return undefined;
  const state = runState(run);
  const isCutOff = state === 'failed' || state === 'crashed' || state === 'lost' || restorationOf(run) !== undefined;
  return isCutOff && hasWorktree(facts) && !facts.archived ? { ...run, limit: run.limit } : undefined;
}

/** Queued runs start in ascending order of this, runs of the same rank in order of their ids. */
export function queueRank(run: RunFacts): number {
  return run.rank ?? (run.queuedAt === undefined ? 0 : Date.parse(run.queuedAt));
}

/** True when a resume failed because the agent no longer knows the native session. */
export function failedToResume(run: RunFacts): boolean {
  return run.resumes !== undefined && run.nativeSessionId === undefined && run.eventState === 'failed' && run.turn > 0;
}

/** Set for a run that was cut off and keeps its last known status: since when, why, and how to go on. */
export function restorationOf(
  run: RunFacts,
): { restoredAt: string; recoveryHint: RecoveryHint; evidence: string } | undefined {
  if (!isClosed(run) || !run.closed.restored) return undefined;
  return {
    restoredAt: run.closed.timestamp,
    recoveryHint: run.closed.recoveryHint ?? 'restart',
    evidence: run.closed.evidence,
  };
}

/** True for a run that a person marked as gone, and of which nothing was heard since. */
export function isMarkedGone(run: RunFacts): boolean {
  return isClosed(run) && run.closed.by === 'person';
}

/** True for a run that was marked as gone and turned out to be alive. */
export function speaksAgain(run: RunFacts): boolean {
  return isOpen(run) && run.closed?.by === 'person';
}

/** True while `run.closed` decides the run's state: neither an event nor an answer came after it. */
function isClosed(run: RunFacts): run is RunFacts & { closed: NonNullable<RunFacts['closed']> } {
  if (run.closed === undefined || run.closed.spoke === true) return false;
  if (run.formerPlace !== undefined) return !isOutcome(run.eventState); // whatever it does there
  return run.eventCount <= run.closed.afterSeq && !isOutcome(run.eventState);
}

/** The host on which the run worked; undefined for this computer. */
export function hostOfRun(facts: SessionFacts, { formerPlace }: RunFacts): SessionFacts['host'] {
  if (formerPlace === undefined) return facts.host;
  const place = facts.formerPlaces?.[formerPlace];
  return place !== undefined && 'host' in place ? place.host : undefined;
}

/** The host that a session of this computer left when it went on here. */
export function formerHostOf({ host, formerPlaces = [] }: SessionFacts): FormerPlaceOnHost | undefined {
  if (host !== undefined) return undefined;
  const last = formerPlaces.findLast((place) => !('isAttempt' in place));
  return last !== undefined && 'host' in last ? last : undefined;
}

/** Where the worktree of a session is that works on a host now, and worked here before; it may be gone by now. */
export function pathLeftHere({ host, formerPlaces = [] }: SessionFacts): string | undefined {
  if (host === undefined) return undefined;
  return formerPlaces.flatMap((place) => ('worktreePath' in place ? [place.worktreePath] : [])).at(-1);
}
