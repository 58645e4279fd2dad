/** When a session goes on that met a usage limit: one of its account tries first, and the others follow. Pure. */
import * as l10n from '@vscode/l10n';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import type { LimitWait } from '../../../storage/sessionRecords';
import { currentRun, isQueued } from '../../../storage/sessionState';
import { FARTHEST_WAIT_MS } from './limitWait';

/** What holds sessions that wait for a usage limit. */
export interface LimitSituation {
  nowMs: number;
  /** How long the sessions of one account stay apart when they go on. */
  staggerMs: number;
  /** The current run of each session that was queued to go on after a limit, also once it has started. */
  waits: ReadonlyMap<string, RunFacts>;
  /** Sessions whose run holds a slot: it is started, perhaps without an event yet. */
  startedIds: ReadonlySet<string>;
}

/** Why the session does not go on yet; undefined where no usage limit holds it. */
export function limitHold(facts: SessionFacts, situation: LimitSituation): string | undefined {
  const until = limitEnd(facts, situation);
  if (until === undefined) return undefined;
  const { nowMs } = situation;
  if (currentRun(facts)?.waitsFor?.asks === true)
    return l10n.t('at its usage limit until {time}: wait, or go on with another agent?', {
      time: clockTime(until, nowMs),
    });
  if (until > nowMs) return l10n.t('waits for the usage limit until {time}', { time: clockTime(until, nowMs) });
  return followsAnother(facts, situation)
    ? l10n.t('the usage limit is over; another session of this account starts first')
    : undefined;
}

/**
 * When the limit is over for which the queued session waits, in ms; undefined where it waits for none. What another
 * session of the account learned later counts as well.
 */
export function limitEnd(facts: SessionFacts, { nowMs, waits }: LimitSituation): number | undefined {
  const run = currentRun(facts);
  if (run?.waitsFor === undefined || !isQueued(run)) return undefined;
  let end = Date.parse(run.waitsFor.notBefore);
  for (const other of waits.values())
    if (other.waitsFor !== undefined && isSameLimit(other.waitsFor, run.waitsFor) && isQueued(other))
      if ((other.queuedAt ?? '') > (run.queuedAt ?? '')) end = Math.max(end, Date.parse(other.waitsFor.notBefore));
  // The clock was set back: nothing is waited for longer than any limit lasts.
  return end - nowMs > FARTHEST_WAIT_MS ? nowMs : end;
}

function followsAnother(facts: SessionFacts, { nowMs, staggerMs, waits, startedIds }: LimitSituation): boolean {
  const own = currentRun(facts)?.waitsFor;
  if (own === undefined) return false;
  return [...waits].some(([id, { waitsFor, startedAt }]) => {
    if (id === facts.sessionId || waitsFor === undefined || !isSameLimit(waitsFor, own)) return false;
    if (startedAt === undefined) return startedIds.has(id);
    const ageMs = nowMs - Date.parse(startedAt);
    return ageMs >= 0 && ageMs < staggerMs;
  });
}

function isSameLimit(a: LimitWait, b: LimitWait): boolean {
  return a.account === b.account && a.window === b.window;
}

/** The local time, with its day where that is not today. */
function clockTime(ms: number, nowMs: number): string {
  const time = new Date(ms);
  const clock = time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (time.toDateString() === new Date(nowMs).toDateString()) return clock;
  return `${time.toLocaleDateString(undefined, { month: 'short', day: 'numeric' })}, ${clock}`;
}
