import * as l10n from '@vscode/l10n';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MomentFacts, TimelineSession } from '../../src/protocol/timelineProtocol';
import { issueLabel } from '../../src/storage/issueReference';
import { joinParts, oneLine } from '../shared/plainText';
import { formatAge, formatTime } from '../shared/times';
import { ContextGauge } from './contextGauge';
import { usageText } from './events/usageText';
import { RUN_STATE_LABELS } from './model/runStates';
import type { TimelineModel } from './model/timelineModel';
import { DetailSelect } from './rows/detailSelect';
import './sessionHeader.css';

/** Screen readers announce a new status at most this often. */
const ANNOUNCE_EVERY_MS = 2_000;

const STATUS_LABELS: Record<TimelineSession['status'], string> = {
  Starting: l10n.t('Starting'),
  Running: l10n.t('Running'),
  Completed: l10n.t('Completed'),
  Failed: l10n.t('Failed'),
};

export function SessionHeader({
  model,
  session,
  nowMs,
}: {
  model: TimelineModel;
  session: TimelineSession;
  nowMs: number;
}) {
  const isLost = model.lostSinceMs !== undefined;
  const lastKnown = statusText(session, nowMs);
  const status = isLost ? l10n.t('Not connected · last known: {status}', { status: lastKnown }) : lastKnown;
  const { facts } = model.moment;
  const usage = facts?.usage ?? session.usage;
  const hasUsage = Object.values(usage).some((value) => value > 0);
  return (
    <header class="header">
      <h1 dir="auto">{oneLine(session.title)}</h1>
      <div class="facts">
        {facts === undefined ? (
          <>
            <span class={`status status-${isLost ? 'Lost' : lookOf(session)}`} data-testid="status">
              {status}
            </span>
            <span class="faint" title={new Date(session.since).toLocaleString()}>
              {formatAge(Date.parse(session.since), nowMs)}
            </span>
          </>
        ) : (
          <MomentStatus facts={facts} />
        )}
        {session.issue !== undefined && <IssueLink issue={session.issue} />}
        <span class="faint">{oneLine(session.agent, 60)}</span>
        {session.host !== undefined && <HostName host={session.host} nowMs={nowMs} />}
        {session.actions.includes('continueHere') && (
          <button type="button" class="link" disabled={isLost} onClick={() => void model.actions.act('continueHere')}>
            {l10n.t('Continue Here…')}
          </button>
        )}
        {session.formerHost !== undefined && <FormerHostName host={session.formerHost} nowMs={nowMs} />}
        {facts?.model !== undefined && <span class="faint">{oneLine(facts.model, 60)}</span>}
        <ContextGauge context={facts === undefined ? session.context : facts.context} />
        {hasUsage && <span class="faint">{usageText(usage)}</span>}
        {facts !== undefined && <MomentChanges facts={facts} />}
        {session.damagedRecords > 0 && <DamagedRecords count={session.damagedRecords} />}
        {session.runs.length > 1 && <RunSelect model={model} session={session} />}
        <DetailSelect model={model} />
      </div>
      <Announcement text={l10n.t('Session {status}', { status })} />
    </header>
  );
}

/** What the session works for. VS Code opens the page in the browser. */
function IssueLink({ issue }: { issue: NonNullable<TimelineSession['issue']> }) {
  const { url, title, repository } = issue;
  return (
    <a class="link" data-testid="issue" href={url} title={`${oneLine(title, 200)}\n${url}`} rel="noreferrer">
      {`${repository}${issueLabel(issue)}`}
    </a>
  );
}

/** The other host on which it works. */
function HostName({ host, nowMs }: { host: NonNullable<TimelineSession['host']>; nowMs: number }) {
  const { name, state, mirroredTo } = host;
  const isAway = state === 'connecting' || state === 'unreachable';
  return (
    <span
      class="faint"
      data-testid="host"
      title={
        isAway && mirroredTo !== undefined
          ? l10n.t('What is here goes up to {0}', formatTime(Date.parse(mirroredTo), nowMs))
          : undefined
      }
    >
      {l10n.t('on {host}', { host: name })}
    </span>
  );
}

/** The host that it left. */
function FormerHostName({ host, nowMs }: { host: NonNullable<TimelineSession['formerHost']>; nowMs: number }) {
  const left = { host: host.name, time: formatTime(Date.parse(host.leftAt), nowMs) };
  return (
    <span
      class="faint"
      data-testid="former-host"
      title={
        host.mayGoOn === true
          ? l10n.t('Its run there is stopped, and its work kept apart, as soon as that answers')
          : undefined
      }
    >
      {host.mayGoOn === true
        ? l10n.t('also continued on “{host}” since {time}', left)
        : l10n.t('left “{host}” at {time}', left)}
    </span>
  );
}

/** The status at the moment that a replay shows. */
function MomentStatus({ facts: { ended, stopping, questions } }: { facts: MomentFacts }) {
  const asks = ended === undefined && questions > 0;
  const look = asks ? 'Waiting' : ended === undefined ? 'Running' : lookOfEnd(ended);
  const label = RUN_STATE_LABELS[ended ?? (stopping ? 'stopping' : 'running')];
  return (
    <span class={`status status-${look}`} data-testid="status">
      {l10n.t('At this moment: {status}', { status: asks ? `${label} · ${l10n.t('needs input')}` : label })}
    </span>
  );
}

function lookOfEnd(state: TimelineSession['state']): string {
  return state === 'completed' ? 'Completed' : isStopped({ state }) ? 'Stopped' : 'Failed';
}

/** What had changed by the last snapshot, and how many edits came after it. */
function MomentChanges({ facts: { snapshot, edits } }: { facts: MomentFacts }) {
  const { files = 0, addedLines = 0, removedLines = 0, timestamp } = snapshot ?? {};
  const parts = [
    snapshot?.files === undefined
      ? undefined
      : files === 1
        ? l10n.t('1 file changed')
        : l10n.t('{0} files changed', files),
    files === 0 ? undefined : `+${String(addedLines)} −${String(removedLines)}`,
    edits === 0 ? undefined : edits === 1 ? l10n.t('1 edit') : l10n.t('{0} edits', edits),
  ];
  const title =
    timestamp === undefined
      ? undefined
      : l10n.t('Counted in the snapshot of {0}', new Date(timestamp).toLocaleString());
  return (
    <span class="faint" data-testid="moment-changes" title={title}>
      {joinParts(parts)}
    </span>
  );
}

function statusText(session: TimelineSession, nowMs: number): string {
  const label =
    session.restored && session.status === 'Running'
      ? l10n.t('Was running')
      : isStopped(session)
        ? l10n.t('Stopped')
        : STATUS_LABELS[session.status];
  const reason = reasonOf(session, nowMs);
  return reason === undefined ? label : `${label} · ${reason}`;
}

/** Why the session has its status, if the status alone does not say it. */
function reasonOf(session: TimelineSession, nowMs: number): string | undefined {
  if (session.checking) return l10n.t('checking');
  if (session.host?.remains === true)
    return l10n.t('deleted here; will be deleted on “{host}” when that is back', { host: session.host.name });
  if (session.unreachable !== undefined) return silenceOf(session, formatTime(Date.parse(session.unreachable), nowMs));
  if (session.paused !== undefined)
    return l10n.t('paused since {time} because nothing can be written: {reason}. Nothing is lost.', {
      time: formatTime(Date.parse(session.paused.since), nowMs),
      reason: oneLine(session.paused.reason, 200),
    });
  if (session.restored)
    return session.recoveryHint === 'resume'
      ? l10n.t('was cut off; send a message to resume it')
      : l10n.t('was cut off; send a message to restart it');
  if (session.needsInput) return l10n.t('needs input');
  if (session.deleted) return l10n.t('deleted');
  if (isStopped(session) && session.state !== 'interrupted') return undefined;
  if (session.failureReason !== undefined) return oneLine(session.failureReason, 200);
  return session.state === 'queued' || session.state === 'stopping' ? RUN_STATE_LABELS[session.state] : undefined;
}

/** Why nothing is heard of the run since that time. */
function silenceOf({ host, state }: TimelineSession, since: string): string {
  if (host === undefined || host.state === 'connected') return l10n.t('not responding since {0}', since);
  return state === 'stopping'
    ? l10n.t('will be stopped when “{host}” is back', { host: host.name })
    : l10n.t('host not reachable since {0}', since);
}

/** True where the session was stopped or interrupted: people do not count that as failed. */
function isStopped({ state }: Pick<TimelineSession, 'state'>): boolean {
  return state === 'stopped' || state === 'killed' || state === 'interrupted';
}

/** Picks the colour of the dot beside the status. */
function lookOf(session: TimelineSession): string {
  if (session.needsInput || session.paused !== undefined) return 'Waiting';
  if (session.restored) return 'Restored';
  return isStopped(session) ? 'Stopped' : session.status;
}

function DamagedRecords({ count }: { count: number }) {
  return (
    <span
      class="damaged"
      title={l10n.t(
        'Damaged records cannot be read and are left out; all others are shown. Run “Corral: Check Store” to see which files they are in.',
      )}
    >
      {count === 1 ? l10n.t('1 damaged record') : l10n.t('{0} damaged records', count)}
    </span>
  );
}

function RunSelect({ model, session }: { model: TimelineModel; session: TimelineSession }) {
  return (
    <select
      aria-label={l10n.t('Run')}
      value={model.runId ?? ''}
      onChange={({ currentTarget }) => {
        model.selectRun(currentTarget.value === '' ? undefined : currentTarget.value);
      }}
    >
      <option value="">{l10n.t('All {0} runs', session.runs.length)}</option>
      {session.runs.map(({ runId, ordinal, state }) => (
        <option value={runId}>{`${l10n.t('Run {0}', ordinal)} · ${RUN_STATE_LABELS[state]}`}</option>
      ))}
    </select>
  );
}

/** A polite live region that announces the newest text and skips the others of a quick series. */
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
