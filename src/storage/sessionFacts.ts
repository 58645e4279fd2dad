/**
 * What the journals say of a session, folded into one plain value: the catalog keeps it, the tree shows it. Each source
 * (session.jsonl, one events.jsonl a run) is folded in its own order; the order between sources does not matter,
 * so every window and every rebuild arrives at the same facts.
 */
import type { PermissionOption, RunOutcome, RunState, SessionEvent, Usage } from './events';
import { isOutcome, nextRunState } from './runState';
import type { PermissionMode, SessionRecord, SessionRecordData } from './sessionRecords';

export interface PendingPermission {
  requestId: string;
  title: string;
  options: PermissionOption[];
  timestamp: string;
}

/** Tokens, and USD where the agent tells it. */
export interface UsageTotals {
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  costUsd: number;
}

export interface RunFacts {
  runId: string;
  ordinal: number;
  prompt: string;
  /** It is the worktree's teardown command, and says nothing of the agent's work. */
  isTeardown?: boolean;
  resumes?: string;
  /** From the run's own events alone; `runState()` adds what the supervisor recorded. */
  eventState: RunState;
  /** When `eventState` was reached. */
  since: string;
  reason?: string;
  queuedAt?: string;
  /** Its place in the queue, where a person chose it: see `queueRank`. */
  rank?: number;
  startedAt?: string;
  endedAt?: string;
  stopRequestedAt?: string;
  /** The end that was asked for was a kill. */
  killRequested?: boolean;
  closed?: {
    outcome: RunOutcome;
    restored: boolean;
    evidence: string;
    recoveryHint?: 'resume' | 'restart';
    timestamp: string;
    afterSeq: number;
  };
  nativeSessionId?: string;
  backendType?: string;
  model?: string;
  pendingPermissions: PendingPermission[];
  turn: number;
  /** The highest `seq` folded so far. */
  eventCount: number;
  lastEventAt?: string;
  usage: UsageTotals;
  /** Against the session's base, as of the run's last snapshot. */
  changes?: { files: number; addedLines: number; removedLines: number };
  /** What its tools touched outside of the worktree, said when that was last seen. */
  escape?: string;
}

export interface SessionFacts {
  sessionId: string;
  title: string;
  prompt: string;
  agent: string;
  repository: string;
  baseCommit: string;
  worktreePath: string;
  permissionMode: PermissionMode;
  model?: string;
  argv?: string[];
  group?: string;
  /** The agent's own session that the first run was read from. */
  imported?: { nativeSessionId: string; backendType: string; source: string; cwd: string };
  port?: number;
  /** Sessions that have to complete before this one starts. */
  dependsOn?: string[];
  /** How the worktree is made when the session starts. */
  planned?: { baseSession: string; location: string; include: string[]; link?: string[] };
  worktree: 'planned' | 'creating' | 'present' | 'failed' | 'deleting' | 'deleted';
  worktreeFailure?: string;
  /** Where a deleted worktree lies, until that is emptied. */
  trashPath?: string;
  /** Why it stays there: what no snapshot can hold. */
  notCaptured?: string[];
  /** What went into the checkout last, until it is taken back. */
  applied?: SessionRecordData<'applied'>;
  /** The branch that was made of the work last. */
  branch?: SessionRecordData<'branch.made'>;
  archived: boolean;
  createdAt: string;
  lastActivityAt: string;
  /** Records that could not be read, over all journals of the session. */
  damagedRecords: number;
  /** In order of `ordinal`. */
  runs: RunFacts[];
}

/** Stands in place of an agent's driver in the run of a teardown command. */
export const TEARDOWN_DRIVER = 'teardown';

function emptyRun(runId: string): RunFacts {
  return {
    runId,
    ordinal: 0,
    prompt: '',
    eventState: 'queued',
    since: '',
    pendingPermissions: [],
    turn: 0,
    eventCount: 0,
    usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 },
  };
}

/** The facts before anything was read. A session whose `created` record is damaged stays visible under its id. */
export function emptySession(sessionId: string): SessionFacts {
  return {
    sessionId,
    title: sessionId,
    prompt: '',
    agent: '',
    repository: '',
    baseCommit: '',
    worktreePath: '',
    permissionMode: 'ask',
    worktree: 'creating',
    archived: false,
    createdAt: '',
    lastActivityAt: '',
    damagedRecords: 0,
    runs: [],
  };
}

/** The run's facts, made where this is the first that is heard of it. */
export function runOf(facts: SessionFacts, runId: string): RunFacts {
  const known = facts.runs.find((run) => run.runId === runId);
  if (known !== undefined) return known;
  const run = emptyRun(runId);
  facts.runs.push(run);
  return run;
}

function sortRuns(facts: SessionFacts): void {
  facts.runs.sort((a, b) => a.ordinal - b.ordinal);
}

function touch(facts: SessionFacts, timestamp: string): void {
  if (timestamp > facts.lastActivityAt) facts.lastActivityAt = timestamp;
}

/** Folds one record of session.jsonl into `facts`, in place. */
export function foldRecord(facts: SessionFacts, record: SessionRecord): void {
  touch(facts, record.timestamp);
  switch (record.kind) {
    case 'created':
      Object.assign(facts, record.data);
      facts.createdAt = record.timestamp;
      if (facts.planned !== undefined) facts.worktree = 'planned';
      return;
    case 'renamed':
      facts.title = record.data.title;
      return;
    case 'dependencies.set':
      facts.dependsOn = record.data.dependsOn;
      return;
    case 'worktree.created':
      facts.worktree = 'present';
      facts.baseCommit = record.data.baseCommit;
      facts.worktreePath = record.data.worktreePath;
      delete facts.worktreeFailure;
      return;
    case 'worktree.failed':
      facts.worktree = 'failed';
      facts.worktreeFailure = record.data.reason;
      return;
    case 'run.queued': {
      const run = runOf(facts, record.data.runId);
      run.ordinal = record.data.ordinal;
      run.prompt = record.data.prompt;
      run.queuedAt = record.timestamp;
      if (record.data.resumes !== undefined) run.resumes = record.data.resumes;
      if (run.since === '') run.since = record.timestamp;
      sortRuns(facts);
      return;
    }
    case 'run.moved':
      runOf(facts, record.data.runId).rank = record.data.rank;
      return;
    case 'stop.requested': {
      const run = runOf(facts, record.data.runId);
      run.stopRequestedAt = record.timestamp;
      if (record.data.force) run.killRequested = true;
      return;
    }
    case 'run.closed': {
      const run = runOf(facts, record.data.runId);
      const { outcome, restored, evidence, recoveryHint, afterSeq } = record.data;
      run.closed = { outcome, restored, evidence, afterSeq, timestamp: record.timestamp };
      if (recoveryHint !== undefined) run.closed.recoveryHint = recoveryHint;
      return;
    }
    case 'deleting':
      facts.worktree = 'deleting';
      facts.trashPath = record.data.trashPath;
      return;
    case 'deleted':
      facts.worktree = 'deleted';
      facts.notCaptured = record.data.notCaptured;
      // Without a snapshot and without a reason to keep it, there was no folder any more.
      if (record.data.commit === undefined && record.data.notCaptured.length === 0) delete facts.trashPath;
      else facts.trashPath = record.data.trashPath;
      return;
    case 'undeleted':
      facts.worktree = 'present';
      delete facts.trashPath;
      delete facts.notCaptured;
      return;
    case 'trash.emptied':
      delete facts.trashPath;
      facts.notCaptured = record.data.kept;
      return;
    case 'worktree.restored':
    case 'worktree.putBack':
      return;
    case 'applied':
      facts.applied = record.data;
      return;
    case 'unapplied':
      delete facts.applied;
      return;
    case 'branch.made':
      facts.branch = record.data;
      return;
    case 'archived':
      facts.archived = record.data.archived;
      return;
    default:
      record satisfies never;
  }
}

/** Folds one event of a run into `facts`, in place. Events of one run come in order of `seq`. */
export function foldEvent(facts: SessionFacts, event: SessionEvent): void {
  touch(facts, event.timestamp);
  const run = runOf(facts, event.runId);
  run.eventCount = event.seq;
  run.lastEventAt = event.timestamp;
  const before = run.eventState;
  switch (event.kind) {
    case 'run.started':
      run.ordinal = event.data.ordinal;
      run.startedAt = event.timestamp;
      if (event.data.driver === TEARDOWN_DRIVER) run.isTeardown = true;
      run.eventState = nextRunState(run.eventState, 'started');
      sortRuns(facts);
      break;
    case 'run.exited':
      run.eventState = nextRunState(run.eventState, event.data.outcome);
      run.reason = event.data.reason;
      run.endedAt = event.timestamp;
      run.pendingPermissions = [];
      break;
    case 'permission.request':
      run.pendingPermissions.push({
        requestId: event.data.requestId,
        title: event.data.title,
        options: event.data.options,
        timestamp: event.timestamp,
      });
      run.eventState = nextRunState(run.eventState, 'asked');
      break;
    case 'permission.answer':
      run.pendingPermissions = run.pendingPermissions.filter((pending) => pending.requestId !== event.data.requestId);
      run.eventState = nextRunState(run.eventState, run.pendingPermissions.length === 0 ? 'answered' : 'active');
      break;
    case 'status':
      run.reason = event.data.reason;
      if (event.data.to === 'stopping') run.eventState = nextRunState(run.eventState, 'stopping');
      break;
    case 'usage':
      addUsage(run.usage, event.data);
      run.eventState = nextRunState(run.eventState, 'active');
      break;
    case 'agent.session':
      run.nativeSessionId = event.data.nativeSessionId;
      run.backendType = event.data.backendType;
      if (event.data.model !== undefined) run.model = event.data.model;
      run.eventState = nextRunState(run.eventState, 'active');
      break;
    case 'snapshot': {
      const { files, addedLines = 0, removedLines = 0 } = event.data;
      if (files !== undefined) run.changes = { files, addedLines, removedLines };
      run.eventState = nextRunState(run.eventState, 'active');
      break;
    }
    case 'error':
      if (event.data.code === 'ESCAPE') run.escape = event.data.message;
      run.eventState = nextRunState(run.eventState, 'active');
      break;
    case 'turn.started':
      run.turn = event.data.turn;
      run.eventState = nextRunState(run.eventState, 'active');
      break;
    default:
      run.eventState = nextRunState(run.eventState, 'active');
  }
  if (run.eventState !== before) run.since = event.timestamp;
}

function addUsage(total: UsageTotals, usage: Usage): void {
  total.inputTokens += usage.inputTokens ?? 0;
  total.outputTokens += usage.outputTokens ?? 0;
  total.cachedTokens += usage.cachedTokens ?? 0;
  total.costUsd += usage.costUsd ?? 0;
}

/** True while `run.closed` speaks for the run: nothing newer was heard from it. */
function isClosed(run: RunFacts): run is RunFacts & { closed: NonNullable<RunFacts['closed']> } {
  return run.closed !== undefined && run.eventCount <= run.closed.afterSeq && !isOutcome(run.eventState);
}

/** The run's state over all sources: its own last word first, then what a supervisor closed, then a wish to stop it. */
export function runState(run: RunFacts): RunState {
  if (isOutcome(run.eventState)) return run.eventState;
  if (isClosed(run)) return run.closed.restored ? run.eventState : run.closed.outcome;
  return run.stopRequestedAt === undefined ? run.eventState : nextRunState(run.eventState, 'stopping');
}

/** The marks of a run that was cut off and whose last known status is kept (design §5, start-up case 4). */
export function restoredMarks(
  run: RunFacts,
): { restoredAt: string; recoveryHint: 'resume' | 'restart'; evidence: string } | undefined {
  if (!isClosed(run) || !run.closed.restored) return undefined;
  return {
    restoredAt: run.closed.timestamp,
    recoveryHint: run.closed.recoveryHint ?? 'restart',
    evidence: run.closed.evidence,
  };
}

/** True where the run can still produce events: it neither ended nor was closed. */
export function isOpen(run: RunFacts): boolean {
  return !isOutcome(run.eventState) && !isClosed(run);
}

/** True for a run that waits for its turn: nothing of it was started yet, as far as its records say. */
export function isWaiting(run: RunFacts): boolean {
  return isOpen(run) && run.eventState === 'queued';
}

/** Runs start in ascending order of this; runs of the same rank by their id. */
export function queueRank(run: RunFacts): number {
  return run.rank ?? (run.queuedAt === undefined ? 0 : Date.parse(run.queuedAt));
}

/** True for a run that was to go on with the agent's own session, and failed before the agent had found that: it no longer knows it. */
export function isForgotten(run: RunFacts): boolean {
  return run.resumes !== undefined && run.nativeSessionId === undefined && run.eventState === 'failed' && run.turn > 0;
}

/** The run that counts: the agent's one with the highest ordinal. */
export function currentRun(facts: SessionFacts): RunFacts | undefined {
  return facts.runs.findLast((run) => run.isTeardown !== true);
}
