import type { RunState } from '../storage/events';
import { isOutcome } from '../storage/runState';
import type { RunFacts, SessionFacts, UsageTotals } from '../storage/sessionFacts';
import { currentRun, restoredMarks, runState } from '../storage/sessionFacts';
import type { SessionStatus, SessionSummary } from './api';

/** What only a living process can say of a session; everything else comes from its journals. */
export interface LiveFacts {
  /** ISO time since when the runner has been silent although it lives. */
  unreachable?: string;
  checking: boolean;
}

const STATUS: Record<RunState, SessionStatus> = {
  queued: 'Starting',
  starting: 'Starting',
  running: 'Running',
  waiting: 'Running',
  stopping: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  stopped: 'Failed',
  killed: 'Failed',
  interrupted: 'Failed',
  crashed: 'Failed',
  lost: 'Failed',
};

/** One line without control characters, at most 200 characters: fit for a row, whatever an agent printed. */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is removed here
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').replace(/ +/g, ' ').trim();
  const characters = Array.from(clean);
  return characters.length <= 200 ? clean : `${characters.slice(0, 199).join('')}…`;
}

/** The state of the session's current run; of a session that never had one, what became of its worktree. */
export function sessionState(facts: SessionFacts): RunState {
  const run = currentRun(facts);
  if (run !== undefined) return runState(run);
  return facts.worktree === 'failed' ? 'failed' : 'queued';
}

function failureReason(facts: SessionFacts, run: RunFacts | undefined, state: RunState): string | undefined {
  if (!isOutcome(state) || state === 'completed') return undefined;
  const reason = run === undefined ? facts.worktreeFailure : isOutcome(run.eventState) ? run.reason : run.closed?.evidence;
  return reason === undefined || reason === '' ? undefined : oneLine(reason);
}

/** The projection that people and other extensions see. Pure. */
export function summarize(facts: SessionFacts, live: LiveFacts): SessionSummary {
  const run = currentRun(facts);
  const state = sessionState(facts);
  const marks = run === undefined ? undefined : restoredMarks(run);
  const pending = run === undefined || isOutcome(state) || marks !== undefined ? [] : run.pendingPermissions;
  const summary: SessionSummary = {
    id: facts.sessionId,
    title: facts.title,
    prompt: facts.prompt,
    agent: facts.agent,
    repository: facts.repository,
    worktreePath: facts.worktreePath,
    baseCommit: facts.baseCommit,
    status: STATUS[state],
    state,
    since: since(facts, run),
    needsInput: pending.length > 0,
    restored: marks !== undefined,
    createdAt: facts.createdAt,
    lastActivityAt: facts.lastActivityAt,
    archived: facts.archived,
    deleted: facts.worktree === 'deleting' || facts.worktree === 'deleted',
    checking: live.checking,
    usage: totalUsage(facts.runs),
    runs: facts.runs.map((each) => ({
      runId: each.runId,
      ordinal: each.ordinal,
      state: runState(each),
      eventCount: each.eventCount,
      ...(each.startedAt === undefined ? {} : { startedAt: each.startedAt }),
      ...(each.endedAt === undefined ? {} : { endedAt: each.endedAt }),
    })),
    pendingPermissions: pending.map(({ requestId, title, options }) => ({ requestId, title, options })),
  };
  if (marks !== undefined) {
    summary.restoredAt = marks.restoredAt;
    summary.recoveryHint = marks.recoveryHint;
  }
  const reason = failureReason(facts, run, state);
  if (reason !== undefined) summary.failureReason = reason;
  if (live.unreachable !== undefined) summary.unreachable = live.unreachable;
  if (run !== undefined) summary.currentRunId = run.runId;
  const nativeSessionId = nativeSession(facts)?.nativeSessionId;
  if (nativeSessionId !== undefined) summary.nativeSessionId = nativeSessionId;
  return summary;
}

function totalUsage(runs: readonly RunFacts[]): UsageTotals {
  const total: UsageTotals = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 };
  for (const { usage } of runs) {
    total.inputTokens += usage.inputTokens;
    total.outputTokens += usage.outputTokens;
    total.cachedTokens += usage.cachedTokens;
    total.costUsd += usage.costUsd;
  }
  return total;
}

function since(facts: SessionFacts, run: RunFacts | undefined): string {
  if (run === undefined) return facts.createdAt;
  if (!isOutcome(run.eventState)) {
    if (run.closed !== undefined && restoredMarks(run) === undefined) return run.closed.timestamp;
    if (run.stopRequestedAt !== undefined) return run.stopRequestedAt;
  }
  return run.since === '' ? facts.createdAt : run.since;
}

/** The newest native session that can be resumed: of the last run that told its id. */
export function nativeSession(facts: SessionFacts): { nativeSessionId: string; backendType: string } | undefined {
  for (const run of facts.runs.toReversed()) {
    if (run.nativeSessionId !== undefined) return { nativeSessionId: run.nativeSessionId, backendType: run.backendType ?? facts.agent };
  }
  return undefined;
}
