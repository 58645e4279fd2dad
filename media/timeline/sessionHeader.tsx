import { useEffect, useRef, useState } from 'preact/hooks';
import type { TimelineSession } from '../../src/protocol/timelineProtocol';
import { usageText } from './events/eventCard';
import { oneLine } from '../shared/plainText';
import { formatAge, formatTime } from '../shared/times';
import type { TimelineModel } from './timelineModel';
import './sessionHeader.css';

/** A screen reader hears of a new status at most this often. */
const ANNOUNCE_EVERY_MS = 2_000;

/** Why the session is as it is, where the status word alone does not say it. */
function reasonOf(session: TimelineSession, nowMs: number): string | undefined {
  if (session.checking) return 'checking';
  if (session.unreachable !== undefined)
    return `does not answer since ${formatTime(Date.parse(session.unreachable), nowMs)}`;
  if (session.paused !== undefined) {
    const { reason, since } = session.paused;
    return `waits since ${formatTime(Date.parse(since), nowMs)}, for nothing can be written: ${oneLine(reason, 200)}. Nothing is lost`;
  }
  if (session.restored) return `was cut off; a message will ${session.recoveryHint ?? 'restart'} it`;
  if (session.needsInput) return 'needs your answer';
  if (session.deleted) return 'deleted';
  if (session.failureReason !== undefined) return oneLine(session.failureReason, 200);
  return session.state === 'queued' || session.state === 'stopping' ? session.state : undefined;
}

export function SessionHeader({
  model,
  session,
  nowMs,
}: {
  model: TimelineModel;
  session: TimelineSession;
  nowMs: number;
}) {
  const reason = reasonOf(session, nowMs);
  const word = session.restored && session.status === 'Running' ? 'Was running' : session.status;
  const known = reason === undefined ? word : `${word} · ${reason}`;
  const { lostSinceMs } = model;
  const status = lostSinceMs === undefined ? known : `Not connected · last known: ${known}`;
  const look =
    lostSinceMs !== undefined
      ? 'Lost'
      : session.needsInput || session.paused !== undefined
        ? 'Waiting'
        : session.restored
          ? 'Restored'
          : session.status;
  const usage = usageText(session.usage);
  return (
    <header class="header">
      <h1 dir="auto">{oneLine(session.title)}</h1>
      <div class="facts">
        <span class={`status status-${look}`} data-testid="status">
          {status}
        </span>
        <span class="faint" title={new Date(session.since).toLocaleString()}>
          {formatAge(Date.parse(session.since), nowMs)}
        </span>
        <span class="faint">{oneLine(session.agent, 60)}</span>
        {usage !== '0 in · 0 out' && <span class="faint">{usage}</span>}
        {session.damagedRecords > 0 && (
          <span
            class="damaged"
            title="They could not be read and are left out; everything else is here. Corral: Check Store names the files."
          >
            {session.damagedRecords === 1 ? '1 damaged record' : `${String(session.damagedRecords)} damaged records`}
          </span>
        )}
        {session.runs.length > 1 && (
          <select
            aria-label="Run"
            value={model.runId ?? ''}
            onChange={({ currentTarget }) => {
              model.selectRun(currentTarget.value === '' ? undefined : currentTarget.value);
            }}
          >
            <option value="">{`All ${String(session.runs.length)} runs`}</option>
            {session.runs.map(({ runId, ordinal, state }) => (
              <option value={runId}>{`Run ${String(ordinal)} · ${state}`}</option>
            ))}
          </select>
        )}
      </div>
      <Announcement text={`Session ${status}`} />
    </header>
  );
}

/** A polite live region that says the newest text, but not every one of a quick series. */
function Announcement({ text }: { text: string }) {
  const [said, say] = useState('');
  const lastMs = useRef(0);
  useEffect(() => {
    const waitMs = Math.max(0, lastMs.current + ANNOUNCE_EVERY_MS - performance.now());
    const timer = setTimeout(() => {
      lastMs.current = performance.now();
      say(text);
    }, waitMs);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <div class="unseen" role="status" aria-live="polite">
      {said}
    </div>
  );
}
