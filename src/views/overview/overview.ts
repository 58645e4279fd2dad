import { NO_USAGE, plusUsage } from '../../storage/events';
import { isOutcome } from '../../storage/runState';
import type { RunSummary, SessionSummary } from '../../supervisor/api';
import { MAX_LANES } from '../../protocol/overviewProtocol';
import type { DayUsage, Lane, Overview, RunLook } from '../../protocol/overviewProtocol';
import { goesOn, isRunning, needsYou } from '../sessionPredicates';
import { sessionRow } from '../sessions/sessionRow';
import { shownStatus } from '../text/statusLabel';

const DAY_MS = 86_400_000;
/** Shorter times would make one long bar of each run. */
const MIN_SPAN_MS = 120_000;
/** Before the first run, so that its bar does not begin at the edge. */
const MARGIN_SHARE = 0.03;

/** What ran in the last `days` days, over all sessions. Pure. */
export function overviewOf(
  sessions: readonly SessionSummary[],
  days: Overview['days'],
  timeZone: string,
  nowMs: number,
): Overview {
  const earliestMs = nowMs - days * DAY_MS;
  const ran = sessions
    .map((session) => ({
      session,
      runs: session.runs.flatMap((run) => timed(session, run, nowMs) ?? []).filter(({ endMs }) => endMs >= earliestMs),
    }))
    .filter(({ runs }) => runs.length > 0)
    .sort(
      (a, b) =>
        b.session.lastActivityAt.localeCompare(a.session.lastActivityAt) || a.session.id.localeCompare(b.session.id),
    );
  const firstMs = Math.min(...ran.flatMap(({ runs }) => runs.map(({ startMs }) => startMs)), nowMs - MIN_SPAN_MS);
  const fromMs = Math.max(earliestMs, firstMs - (nowMs - firstMs) * MARGIN_SHARE);
  const countOf = (isOne: (session: SessionSummary) => boolean): number =>
    ran.filter(({ session }) => isOne(session)).length;
  return {
    days,
    fromMs,
    nowMs,
    needsYou: sessions
      .filter(needsYou)
      .sort((a, b) => a.since.localeCompare(b.since))
      .map((session) => needOf(session, nowMs)),
    counts: {
      running: sessions.filter(isRunning).length,
      completed: countOf(({ status }) => status === 'Completed'),
      failed: countOf((session) => shownStatus(session) === 'Failed'),
      stopped: countOf((session) => shownStatus(session) === 'Stopped'),
    },
    lanes: ran.slice(0, MAX_LANES).map(({ session, runs }) => laneOf(session, runs, nowMs)),
    hiddenLanes: Math.max(0, ran.length - MAX_LANES),
    usage: usageByDay(ran, timeZone),
  };
}

interface TimedRun {
  run: RunSummary;
  startMs: number;
  endMs: number;
}

function needOf(session: SessionSummary, nowMs: number): Overview['needsYou'][number] {
  const { id: sessionId, title, needsInput, restored, pendingPermissions } = session;
  return {
    sessionId,
    title,
    status: sessionRow(session, nowMs).status,
    ...(needsInput && pendingPermissions.length > 0 ? { action: 'answer' } : restored ? { action: 'resume' } : {}),
  };
}

/** Undefined for a run that has not started. A run that was cut off ended with its last event. */
function timed(session: SessionSummary, run: RunSummary, nowMs: number): TimedRun | undefined {
  if (run.startedAt === undefined) return undefined;
  const startMs = Date.parse(run.startedAt);
  const isOpen = !isOutcome(run.state) && run.runId === session.currentRunId && goesOn(session);
  const endMs = isOpen ? nowMs : Date.parse(run.endedAt ?? run.lastEventAt ?? run.startedAt);
  return { run, startMs, endMs: Math.max(startMs, endMs) };
}

function laneOf(session: SessionSummary, runs: readonly TimedRun[], nowMs: number): Lane {
  return {
    sessionId: session.id,
    title: session.title,
    agent: session.agent,
    status: sessionRow(session, nowMs).status,
    tokens: session.usage.inputTokens + session.usage.outputTokens,
    costUsd: session.usage.costUsd,
    runs: runs.map(({ run, startMs, endMs }) => ({ ordinal: run.ordinal, look: lookOf(session, run), startMs, endMs })),
  };
}

function lookOf(session: SessionSummary, { state, runId }: RunSummary): RunLook {
  switch (state) {
    case 'completed':
      return 'completed';
    case 'stopped':
    case 'killed':
    case 'interrupted':
      return 'stopped';
    case 'failed':
    case 'crashed':
    case 'lost':
      return 'failed';
    default:
      if (runId !== session.currentRunId || session.restored) return 'cutOff';
      return session.needsInput ? 'waiting' : 'running';
  }
}

function usageByDay(
  ran: readonly { session: SessionSummary; runs: readonly TimedRun[] }[],
  timeZone: string,
): DayUsage[] {
  // `en-CA` writes 2026-03-02.
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const byKey = new Map<string, DayUsage>();
  for (const { runs } of ran) {
    for (const { run, startMs } of runs) {
      const day = format.format(startMs);
      const key = `${day} ${run.agent}`;
      byKey.set(key, { day, agent: run.agent, ...plusUsage(byKey.get(key) ?? NO_USAGE, run.usage) });
    }
  }
  return [...byKey.values()].sort((a, b) => a.day.localeCompare(b.day) || a.agent.localeCompare(b.agent));
}
