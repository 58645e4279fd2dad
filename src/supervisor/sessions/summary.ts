import { oneLine } from '../../common/oneLine';
import { shownLevel } from '../../storage/budgetFacts';
import { NO_USAGE, plusUsage, type RunState, type UsageTotals } from '../../storage/events';
import { isOutcome } from '../../storage/runState';
import {
  failureReason,
  isOpen,
  sessionState,
  currentRun,
  failedToResume,
  formerHostOf,
  restorationOf,
  runState,
  workingAgent,
} from '../../storage/sessionState';
import type { FormerPlaceOnHost, PendingPermission, RunFacts, SessionFacts } from '../../storage/sessionFacts';
import type { FormerHost, PermissionSummary, SessionHost, SessionStatus, SessionSummary } from '../api';
import type { HostState } from '../system/hostConnection';
import type { Pause } from '../runnerProtocol/protocol';

/** What only a live process can tell of a session. Everything else comes from its journals. */
export interface LiveFacts {
  /** Since when the runner, which may be alive, has not answered (ISO 8601). */
  unreachable?: string;
  /** That has lasted so long that a person may say that it is gone. */
  maybeGone?: true;
  /** Why some or all of its journals cannot be read. */
  unreadable?: string;
  /** Why its runner cannot write, and since when. */
  paused?: Pause;
  /** Its repository is not where it was, and was not found elsewhere. */
  repositoryMissing?: true;
  /** How its host is, and since when (ISO 8601). `reason` as in `SessionHost`. */
  host?: { state: HostState['kind']; since: string; reason?: string };
  /** Why its last work on its host is not here, in a sentence. */
  workProblem?: string;
  /** The job that a run is, as its host told last. */
  job?: NonNullable<SessionHost['job']> & { runId: string };
  /** What questions beside its work have used. */
  asides?: UsageTotals;
  /** True until the fate of its open run is known. */
  checking: boolean;
}

/** The position of a session in the queue. */
export interface QueuePosition {
  /** 1 is the next to start. */
  queuePosition: number;
  /** Why it does not start yet, in a few words for people. */
  heldBy?: string;
  /** When the usage limit is over for which it waits (ISO 8601). */
  waitsUntil?: string;
  /** A person is to say what it does at that limit. */
  asksAboutLimit?: true;
  /** A person may say that whoever holds the queue is gone. */
  maybeGone?: true;
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

/** In which the scheduler has not begun a job; the last one is that of a scheduler which does not answer. */
const HOLDING_JOB_STATES = ['PENDING', 'CONFIGURING', 'SUSPENDED', 'UNKNOWN'];

/** The session as people and other extensions see it. Pure. */
export function summarize(facts: SessionFacts, live: LiveFacts, position?: QueuePosition): SessionSummary {
  const run = currentRun(facts);
  const working = workingAgent(facts);
  let { agent } = facts;
  // Of a session of which nothing could be read, nothing is known that could go on.
  const isUnknown = live.unreadable !== undefined && facts.createdAt === '';
  const state = isUnknown ? 'lost' : sessionState(facts);
  const restoration = run === undefined ? undefined : restorationOf(run);
  const pending = run === undefined || isOutcome(state) || restoration !== undefined ? [] : run.pendingPermissions;
  const summary: SessionSummary = {
    id: facts.sessionId,
    title: facts.title,
    prompt: facts.prompt,
    agent: working.name,
    permissionMode: facts.permissionMode,
    repository: facts.repository,
    worktreePath: facts.worktreePath,
    baseCommit: facts.baseCommit,
    status: STATUS[state],
    state,
    since: since(facts, run),
    needsInput: pending.length > 0,
    restored: restoration !== undefined,
    createdAt: facts.createdAt,
    lastActivityAt: facts.lastActivityAt,
    archived: facts.archived,
    damagedRecords: facts.damagedRecords,
    deleted: !facts.archived && (facts.worktree === 'deleting' || facts.worktree === 'deleted'),
    checking: live.checking,
    usage: facts.runs.map(({ usage }) => usage).reduce(plusUsage, live.asides ?? NO_USAGE),
    runs: facts.runs.map((each) => ({
      runId: each.runId,
      agent: (agent = each.handOver?.agent ?? agent),
      ordinal: each.ordinal,
      state: runState(each),
      eventCount: each.eventCount,
      turns: each.turn,
      usage: { ...each.usage },
      ...(each.startedAt === undefined ? {} : { startedAt: each.startedAt }),
      ...(each.endedAt === undefined ? {} : { endedAt: each.endedAt }),
      ...(each.lastEventAt === undefined ? {} : { lastEventAt: each.lastEventAt }),
    })),
    pendingPermissions: pending.map(questionOf),
  };
  if (run !== undefined && failedToResume(run)) summary.recoveryHint = 'restart';
  if (restoration !== undefined) {
    summary.restoredAt = restoration.restoredAt;
    summary.recoveryHint = restoration.recoveryHint;
  }
  if (state === 'queued') Object.assign(summary, position);
  if (facts.dependsOn !== undefined && facts.dependsOn.length > 0) summary.dependsOn = facts.dependsOn;
  if (live.unreadable !== undefined) summary.unreadable = oneLine(live.unreadable);
  const reason = isUnknown ? summary.unreadable : failureReason(facts);
  if (reason !== undefined) summary.failureReason = reason;
  if (live.repositoryMissing !== undefined) summary.repositoryMissing = live.repositoryMissing;
  if (facts.host !== undefined) Object.assign(summary, placeOnHost(facts.host, facts, live, run));
  const formerHost = formerHostOf(facts);
  if (formerHost !== undefined) summary.formerHost = leftHost(formerHost, facts.runs);
  const job = summary.host?.job;
  if (state === 'queued' && job !== undefined && HOLDING_JOB_STATES.includes(job.state))
    summary.heldBy = `Slurm: ${job.reason ?? job.state}`;
  if (facts.checkout !== undefined) summary.checkout = facts.checkout;
  if (facts.subfolder !== undefined) summary.subfolder = facts.subfolder;
  if (facts.port !== undefined) summary.port = facts.port;
  if (facts.notCopied !== undefined) summary.notCopied = facts.notCopied;
  if (facts.startedBy !== undefined) summary.startedBy = facts.startedBy;
  if (facts.group !== undefined) summary.group = facts.group;
  if (facts.attachments !== undefined)
    summary.attachments = facts.attachments.map(({ id, name, mediaType, bytes }) => ({ id, name, mediaType, bytes }));
  if (facts.issue !== undefined) summary.issue = facts.issue;
  const model = working.runs.findLast((each) => each.model !== undefined)?.model ?? working.model;
  if (model !== undefined) summary.model = model;
  if (working.argv !== undefined) summary.argv = [...working.argv];
  if (live.unreachable !== undefined) summary.unreachable = live.unreachable;
  if (live.maybeGone !== undefined) summary.maybeGone = live.maybeGone;
  if (live.paused !== undefined) summary.paused = live.paused;
  if (run !== undefined) summary.currentRunId = run.runId;
  if (run?.backgroundTasks !== undefined && isOpen(run)) summary.backgroundTasks = run.backgroundTasks;
  const budget = shownLevel(facts.runs, run !== undefined && isOpen(run) ? run : undefined);
  if (budget !== undefined) summary.budget = budget;
  const context = contextOf(facts.runs);
  if (context !== undefined) summary.context = context;
  const changes = facts.runs.findLast((each) => each.changes !== undefined)?.changes;
  if (changes !== undefined) summary.changes = changes;
  if (facts.applied !== undefined) summary.applied = true;
  if (facts.branch !== undefined) summary.branch = facts.branch.name;
  const escape = facts.runs.findLast((each) => each.escape !== undefined)?.escape;
  if (escape !== undefined) summary.escape = escape;
  const nativeSessionId = nativeSession(facts)?.nativeSessionId;
  if (nativeSessionId !== undefined) summary.nativeSessionId = nativeSessionId;
  return summary;
}

/** Where the session is, and how far it is known here. */
function placeOnHost(
  { name, kind, worktree }: NonNullable<SessionFacts['host']>,
  { isForgotten }: SessionFacts,
  live: LiveFacts,
  run: RunFacts | undefined,
): Pick<SessionSummary, 'host' | 'worktreeUri'> {
  const { state = 'idle', since, reason } = live.host ?? {};
  const job = jobOf(live, run);
  return {
    host: {
      name,
      kind,
      state,
      ...(job === undefined ? {} : { job }),
      ...(since === undefined ? {} : { since }),
      ...(reason === undefined ? {} : { reason }),
      ...(run?.lastEventAt === undefined ? {} : { mirroredTo: run.lastEventAt }),
      ...(live.workProblem === undefined ? {} : { workProblem: oneLine(live.workProblem) }),
      ...(isForgotten === true ? { remains: true } : {}),
    },
    ...(worktree === undefined ? {} : { worktreeUri: uriOnHost(name, worktree.path) }),
  };
}

function leftHost({ host, leftAt, openRun }: FormerPlaceOnHost, runs: readonly RunFacts[]): FormerHost {
  const open = runs.find(({ runId }) => runId === openRun);
  return { name: host.name, leftAt, ...(open === undefined || isOutcome(open.eventState) ? {} : { mayGoOn: true }) };
}

function jobOf({ job }: LiveFacts, run: RunFacts | undefined): SessionHost['job'] {
  if (run?.job !== undefined || job === undefined || job.runId !== run?.runId) return run?.job;
  const { id, state, reason } = job;
  return { id, state, ...(reason === undefined ? {} : { reason }) };
}

function uriOnHost(name: string, path: string): string {
  return `corral-host://${name}${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The newest that is known. The limit of the same model may have been told by an earlier run only. */
function contextOf(runs: readonly RunFacts[]): SessionSummary['context'] {
  const run = runs.findLast((each) => each.context !== undefined);
  if (run?.context?.usedTokens === undefined) return undefined;
  const { usedTokens, limitTokens } = run.context;
  const earlier = runs.findLast(({ context, model }) => context?.limitTokens !== undefined && model === run.model);
  const limit = limitTokens ?? earlier?.context?.limitTokens;
  return { usedTokens, ...(limit === undefined ? {} : { limitTokens: limit }) };
}

function since(facts: SessionFacts, run: RunFacts | undefined): string {
  if (run === undefined) return facts.createdAt;
  if (!isOutcome(run.eventState)) {
    if (run.closed !== undefined && restorationOf(run) === undefined) return run.closed.timestamp;
    if (run.stopRequestedAt !== undefined) return run.stopRequestedAt;
  }
  return run.since === '' ? facts.createdAt : run.since;
}

/** The agent's own session that can be resumed: the newest one, unless the agent has since failed to resume it. */
export function nativeSession(facts: SessionFacts): { nativeSessionId: string; backendType: string } | undefined {
  const { name, runs } = workingAgent(facts);
  for (const run of runs.toReversed()) {
    if (failedToResume(run)) return undefined;
    if (run.nativeSessionId === undefined) continue;
    // What the agent keeps of its session is where it worked, unless that went along.
    if (run.formerPlace !== undefined && run.nativeSessionId !== facts.carriedSessionId) return undefined;
    return { nativeSessionId: run.nativeSessionId, backendType: run.backendType ?? name };
  }
  return undefined;
}

function questionOf({ requestId, title, isWhole = false, options, ...more }: PendingPermission): PermissionSummary {
  const { toolName, input, answerOption } = more;
  return {
    requestId,
    title,
    isWhole,
    options,
    ...(toolName === undefined ? {} : { toolName }),
    ...(input === undefined ? {} : { input }),
    ...(answerOption === undefined ? {} : { answerOption }),
  };
}
