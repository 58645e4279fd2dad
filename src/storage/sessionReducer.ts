/**
 * Folds the journals of a session into its facts. Each journal is folded in its own order; the order between journals
 * does not matter, so every window and every rebuild arrives at the same facts.
 */
import type { BudgetStep } from './budget';
import type { EventData, SessionEvent } from './events';
import { plusUsage, TEARDOWN_DRIVER } from './events';
import { nextRunState, signalOf } from './runState';
import { emptyRun, type PendingPermission, type RunFacts, type SessionFacts } from './sessionFacts';
import type { SessionRecord, SessionRecordData } from './sessionRecords';

/** The run's facts, added where nothing was known of the run. */
export function runOf(facts: SessionFacts, runId: string): RunFacts {
  const known = facts.runs.find((run) => run.runId === runId);
  if (known !== undefined) return known;
  const run = emptyRun(runId);
  facts.runs.push(run);
  return run;
}

/** Folds one record of session.jsonl into `facts`, in place. */
export function foldRecord(facts: SessionFacts, record: SessionRecord): void {
  noteActivity(facts, record.timestamp);
  switch (record.kind) {
    case 'created':
      Object.assign(facts, record.data);
      facts.createdAt = record.timestamp;
      if (facts.planned !== undefined) facts.worktree = 'planned';
      return;
    case 'created.remote':
    case 'created.job':
      Object.assign(facts, record.data);
      facts.createdAt = record.timestamp;
      facts.worktree = 'onHost';
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
      if (record.data.notCopied !== undefined) facts.notCopied = record.data.notCopied;
      delete facts.worktreeFailure;
      return;
    case 'worktree.created.remote': {
      const { path, repository, baseCommit, port, notCopied } = record.data;
      if (facts.host !== undefined) facts.host.worktree = { path, repository };
      if (baseCommit !== undefined) facts.baseCommit = baseCommit;
      if (port !== undefined) facts.port = port;
      if (notCopied !== undefined) facts.notCopied = notCopied;
      return;
    }
    case 'continued.here':
      if (facts.host !== undefined) goOnHere(facts, facts.host, record.data, record.timestamp);
      return; // two windows can have done the same
    case 'run.leftEnded':
      for (const place of facts.formerPlaces ?? [])
        if ('host' in place && place.openRun === record.data.runId) delete place.openRun;
      return;
    case 'moving.to.host':
      (facts.formerPlaces ??= []).push({ host: record.data.host, leftAt: record.timestamp, isAttempt: true });
      return;
    case 'moved.to.host': {
      const { host, path, repository, port } = record.data;
      leavePlace(facts, record.timestamp, record.data);
      facts.host = { ...host, worktree: { path, repository } };
      facts.worktree = 'onHost';
      facts.worktreePath = '';
      facts.port = port;
      return;
    }
    case 'worktree.failed':
      facts.worktree = 'failed';
      facts.worktreeFailure = record.data.reason;
      return;
    case 'run.queued':
    case 'run.queued.remote':
    case 'run.queued.job': {
      const run = runOf(facts, record.data.runId);
      run.ordinal = record.data.ordinal;
      run.prompt = record.data.prompt;
      run.queuedAt = record.timestamp;
      if (record.data.resumes !== undefined) run.resumes = record.data.resumes;
      if (record.data.waitsFor !== undefined) run.waitsFor = record.data.waitsFor;
      if (record.data.attachments !== undefined) run.attachments = record.data.attachments;
      if (record.data.handOver !== undefined) run.handOver = record.data.handOver;
      if (run.since === '') run.since = record.timestamp;
      sortRuns(facts);
      return;
    }
    case 'run.moved':
      runOf(facts, record.data.runId).rank = record.data.rank;
      return;
    case 'limit.accepted':
      delete runOf(facts, record.data.runId).waitsFor?.asks;
      return;
    case 'stop.requested': {
      const run = runOf(facts, record.data.runId);
      run.stopRequestedAt = record.timestamp;
      if (record.data.force) run.killRequested = true;
      return;
    }
    case 'run.closed': {
      const run = runOf(facts, record.data.runId);
      const { outcome, restored, evidence, recoveryHint, afterSeq, by } = record.data;
      run.closed = { outcome, restored, evidence, afterSeq, timestamp: record.timestamp };
      if (recoveryHint !== undefined) run.closed.recoveryHint = recoveryHint;
      if (by !== undefined) run.closed.by = by;
      return;
    }
    case 'job.ended': {
      const { runId, jobId: id, state, reason } = record.data;
      runOf(facts, runId).job = { id, state, reason };
      return;
    }
    case 'run.spoke': {
      const { closed } = runOf(facts, record.data.runId);
      if (closed !== undefined) closed.spoke = true;
      return;
    }
    case 'deleting':
      delete facts.isForgotten;
      Object.assign(facts, record.data, { worktree: 'deleting' });
      return;
    case 'deleted':
      facts.worktree = 'deleted';
      facts.notCaptured = record.data.notCaptured;
      // Without a snapshot and without a reason to keep it, there was no folder any more.
      if (record.data.commit === undefined && record.data.notCaptured.length === 0) delete facts.trashPath;
      else facts.trashPath = record.data.trashPath;
      return;
    case 'undeleted':
      facts.worktree = facts.host === undefined ? 'present' : 'onHost';
      delete facts.isForgotten;
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
    case 'repository.moved':
      Object.assign(facts, record.data);
      return;
    case 'archived':
      facts.archived = record.data.archived;
      return;
    default:
      record satisfies never;
  }
}

function goOnHere(
  facts: SessionFacts,
  host: NonNullable<SessionFacts['host']>,
  { worktreePath, port, ...left }: SessionRecordData<'continued.here'>,
  timestamp: string,
): void {
  if (left.openRun !== undefined) {
    const run = runOf(facts, left.openRun);
    const evidence = `The session went on here, while nobody could tell how this run was on “${host.name}”.`;
    run.closed = { outcome: 'interrupted', restored: false, evidence, timestamp, afterSeq: 0 };
  }
  leavePlace(facts, timestamp, left);
  delete facts.host;
  facts.worktree = 'present';
  facts.worktreePath = worktreePath;
  facts.port = port;
}

/** Folds one event of a run into `facts`, in place. Events of one run come in order of `seq`. */
export function foldEvent(facts: SessionFacts, event: SessionEvent): void {
  noteActivity(facts, event.timestamp);
  const run = runOf(facts, event.runId);
  run.eventCount = event.seq;
  run.lastEventAt = event.timestamp;
  foldData(run, event);
  if (event.kind === 'run.started') sortRuns(facts);
  const state = nextRunState(run.eventState, signalOf(event, run.pendingPermissions.length));
  if (state !== run.eventState) run.since = event.timestamp;
  run.eventState = state;
}

function foldData(run: RunFacts, event: SessionEvent): void {
  switch (event.kind) {
    case 'run.started':
      run.ordinal = event.data.ordinal;
      run.startedAt = event.timestamp;
      if (event.data.driver === TEARDOWN_DRIVER) run.isTeardown = true;
      return;
    case 'run.exited':
      run.reason = event.data.reason;
      run.endedAt = event.timestamp;
      run.pendingPermissions = [];
      delete run.backgroundTasks;
      delete run.waitingFor;
      return;
    case 'permission.request': {
      run.pendingPermissions.push({ ...questionOf(event.data), timestamp: event.timestamp });
      if (event.data.budget !== undefined) run.budget = { allowed: {}, ...run.budget, level: event.data.budget };
      return;
    }
    case 'permission.answer':
      run.pendingPermissions = run.pendingPermissions.filter((pending) => pending.requestId !== event.data.requestId);
      if (event.data.budget !== undefined) allowBeyond(run, event.data.budget);
      return;
    case 'status':
      run.reason = event.data.reason;
      if (event.data.waitingFor === 0) delete run.waitingFor;
      else if (event.data.waitingFor !== undefined) run.waitingFor = event.data.waitingFor;
      if (event.data.budget !== undefined) run.budget = { allowed: {}, ...run.budget, level: event.data.budget };
      if (event.data.backgroundTasks === 0) delete run.backgroundTasks;
      else if (event.data.backgroundTasks !== undefined) run.backgroundTasks = event.data.backgroundTasks;
      return;
    case 'usage':
      run.usage = plusUsage(run.usage, event.data);
      if (event.data.context !== undefined) run.context = event.data.context;
      return;
    case 'agent.session':
      run.nativeSessionId = event.data.nativeSessionId;
      run.backendType = event.data.backendType;
      if (event.data.model !== undefined) run.model = event.data.model;
      return;
    case 'snapshot': {
      const { files, addedLines = 0, removedLines = 0 } = event.data;
      if (files !== undefined) run.changes = { files, addedLines, removedLines };
      return;
    }
    case 'error':
      if (event.data.code === 'ESCAPE') run.escape = event.data.message;
      if (event.data.limit !== undefined) run.limit = event.data.limit;
      return;
    case 'turn.started':
      run.turn = event.data.turn;
      delete run.limit;
      return;
    case 'turn.ended':
      if (!event.data.failed) delete run.limit;
      return;
    default: // Nothing of it is a fact of the session.
  }
}

/** A person let the session, or all of a day, go beyond a budget: its level is another one from now on. */
function allowBeyond(run: RunFacts, { scope, unit, upTo }: BudgetStep): void {
  const allowed = { ...run.budget?.allowed };
  if (scope === 'session') allowed[unit] = Math.max(allowed[unit] ?? 0, upTo);
  run.budget = { allowed };
}

/** A question with more input is read from its event. */
const MAX_INPUT_CHARACTERS = 8_192;

/** The facts are kept in one piece for each session, so that a large input stays in the event. */
function questionOf(request: EventData<'permission.request'>): Omit<PendingPermission, 'timestamp'> {
  const { requestId, title, isWhole, options, toolName, input, answerOption, blobs } = request;
  const isSmall = blobs === undefined && JSON.stringify(input ?? null).length <= MAX_INPUT_CHARACTERS;
  return {
    requestId,
    title,
    options,
    ...(isWhole === undefined ? {} : { isWhole }),
    ...(toolName === undefined ? {} : { toolName }),
    ...(input === undefined || !isSmall ? {} : { input }),
    ...(answerOption === undefined ? {} : { answerOption }),
  };
}

function leavePlace(facts: SessionFacts, leftAt: string, left: { openRun?: string; nativeSessionId?: string }): void {
  const { host, worktreePath, formerPlaces = [] } = facts;
  const open = left.openRun === undefined ? {} : { openRun: left.openRun };
  facts.formerPlaces = [...formerPlaces, host === undefined ? { worktreePath, leftAt } : { host, leftAt, ...open }];
  for (const run of facts.runs) run.formerPlace ??= formerPlaces.length;
  delete facts.carriedSessionId;
  if (left.nativeSessionId !== undefined) facts.carriedSessionId = left.nativeSessionId;
}

function sortRuns(facts: SessionFacts): void {
  facts.runs.sort((a, b) => a.ordinal - b.ordinal);
}

function noteActivity(facts: SessionFacts, timestamp: string): void {
  if (timestamp > facts.lastActivityAt) facts.lastActivityAt = timestamp;
}
