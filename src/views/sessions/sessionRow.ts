import * as l10n from '@vscode/l10n';
import { oneLine } from '../../common/oneLine';
import type { SessionSummary } from '../../supervisor/api';
import { elapsedTime, shortElapsedTime, timeOfDay } from '../text/elapsedTime';
import { describeAbsence, describeFormerHost, describeRemains } from '../text/placeText';
import { shownStatus, statusLabel } from '../text/statusLabel';
import { describeChanges } from '../text/worktreeLabels';
import { questionId, questionInRow } from './openQuestion';
import type { RowMarks } from './rowFlags';
import { contextValue, NO_MARKS, sessionFlags } from './rowFlags';

/** What the tree shows of one session: plain values, so that a row that looks the same is not painted again. */
export interface SessionRow {
  label: string;
  /** The row is marked: nobody has seen the session's end. */
  isUnseen: boolean;
  isPinned: boolean;
  description: string;
  /** The status in full, for tooltips and screen readers. */
  status: string;
  /** What else a person should know, for tooltips. */
  notes: [name: string, note: string][];
  icon: string;
  /** A theme colour's id, or undefined for the ordinary colour of icons. */
  iconColor: string | undefined;
  contextValue: string;
  /** The id of the question that the row shows, which its buttons answer. */
  question: string | undefined;
  accessibleLabel: string;
}

interface RowStatus {
  text: string;
  /** For the row itself, whose icon says the rest. */
  shortText?: string;
  icon: string;
  iconColor?: string;
}

/** An agent that thinks is quiet for a while; for longer than this, people want to know. */
const SILENCE_MS = 2 * 60_000;
const MINUTE_MS = 60_000;
const WARNING_COLOR = 'list.warningForeground';
const FAILURE_COLOR = 'testing.iconFailed';

/** Pure: the same summary at the same minute gives the same row. */
export function sessionRow(session: SessionSummary, nowMs: number, marks: RowMarks = NO_MARKS): SessionRow {
  const { text, shortText, icon, iconColor } = withEscape(session, rowStatus(session, nowMs));
  const question = questionInRow(session);
  const since = session.paused?.since ?? session.since;
  // Of a session of which nothing can be read, no time is known either.
  const isTimed = session.createdAt !== '';
  const age = isTimed ? [elapsedTime(since, nowMs)] : [];
  const damage = [
    ...describeDamage(session),
    ...(session.repositoryMissing === true ? [l10n.t('repository not found')] : []),
    ...(session.host?.workProblem === undefined ? [] : [l10n.t('work not fetched')]),
    ...(session.host?.remains === true ? [describeRemains(session.host)] : []),
  ];
  const changes = session.changes === undefined || session.changes.files === 0 ? undefined : session.changes;
  const lines = changes === undefined ? [] : [`+${changes.addedLines} −${changes.removedLines}`];
  return {
    label: oneLine(session.title, Infinity),
    isUnseen: marks.isUnseen,
    isPinned: marks.isPinned,
    description: joined(
      ...(shortText === undefined ? [] : [shortText]),
      ...damage,
      ...(session.runs.some(({ agent }) => agent !== session.agent) ? [oneLine(session.agent, 60)] : []),
      ...(session.startedBy === undefined ? [] : [l10n.t('by an agent')]),
      ...(session.host === undefined ? [] : [session.host.name]),
      ...lines,
      ...(isTimed ? [shortElapsedTime(since, nowMs)] : []),
    ),
    status: joined(text, ...age),
    icon,
    iconColor,
    contextValue: contextValue(sessionFlags(session, marks)),
    question: question === undefined ? undefined : questionId(session, question),
    notes: notesOn(session),
    accessibleLabel: [
      session.title,
      ...(marks.isUnseen ? [l10n.t('not seen yet')] : []),
      ...(marks.isPinned ? [l10n.t('pinned')] : []),
      session.agent,
      ...(session.host === undefined ? [] : [l10n.t('on {host}', { host: session.host.name })]),
      ...describeFormerHost(session, (time) => timeOfDay(time, nowMs)),
      text,
      ...age,
      ...damage,
      ...(session.startedBy === undefined ? [] : [l10n.t('started by an agent')]),
      ...(changes === undefined ? [] : [describeChanges(changes)]),
    ]
      .filter((part) => part !== '')
      .join(', '),
  };
}

/** The most urgent of what can be said of the session. */
function rowStatus(session: SessionSummary, nowMs: number): RowStatus {
  const status = statusLabel(shownStatus(session));
  if (session.unreadable !== undefined)
    return {
      text: joined(l10n.t('Cannot be read'), session.unreadable),
      shortText: l10n.t('cannot be read'),
      icon: 'error',
      iconColor: FAILURE_COLOR,
    };
  if (session.checking) return { text: l10n.t('Checking'), shortText: l10n.t('checking'), icon: 'sync' };
  if (session.restored) {
    const hint = session.recoveryHint === 'resume' ? l10n.t('Resume') : l10n.t('Restart');
    return {
      text: joined(l10n.t('Was running'), hint),
      shortText: l10n.t('was running'),
      icon: 'debug-pause',
      iconColor: WARNING_COLOR,
    };
  }
  if (session.unreachable !== undefined) {
    const since = session.unreachable;
    const silence = (inWords: typeof elapsedTime): string =>
      session.host !== undefined && session.host.state !== 'connected'
        ? describeAbsence(session.host, session.state, timeOfDay(since, nowMs))
        : session.maybeGone === true
          ? l10n.t('not answering for {time}', { time: inWords(since, nowMs) })
          : l10n.t('not answering');
    return {
      text: joined(status, silence(elapsedTime)),
      shortText: silence(shortElapsedTime),
      icon: 'debug-disconnect',
      iconColor: WARNING_COLOR,
    };
  }
  if (session.paused !== undefined) {
    const shortText =
      session.paused.cause === 'diskFull' ? l10n.t('waits: the disk is full') : l10n.t('waits: nothing can be written');
    return { text: joined(status, shortText), shortText, icon: 'warning', iconColor: WARNING_COLOR };
  }
  if (session.needsInput) {
    const question = session.pendingPermissions[0]?.title ?? '';
    const shortText = l10n.t('needs input: {question}', { question });
    return { text: joined(status, shortText), shortText, icon: 'bell-dot', iconColor: WARNING_COLOR };
  }
  if (session.heldBy !== undefined && session.waitsUntil !== undefined)
    return { text: joined(status, session.heldBy), shortText: shortLimit(session, nowMs), icon: 'watch' };
  if (session.heldBy !== undefined && session.queuePosition === undefined)
    return { text: joined(status, session.heldBy), shortText: session.heldBy, icon: 'watch' };
  if (session.heldBy !== undefined) {
    const place = { position: session.queuePosition ?? 1, reason: session.heldBy };
    return {
      text: joined(status, l10n.t('no. {position} in the queue: {reason}', place)),
      shortText: l10n.t('no. {position}: {reason}', place),
      icon: 'watch',
    };
  }
  return runStatus(session, nowMs);
}

/** What matters of a wait for a usage limit comes first, since a narrow row cuts off the rest. */
function shortLimit({ waitsUntil = '', asksAboutLimit, heldBy = '' }: SessionSummary, nowMs: number): string {
  if (asksAboutLimit === true) return l10n.t('asks: wait for its usage limit?');
  const untilMs = Date.parse(waitsUntil);
  if (untilMs - nowMs < MINUTE_MS) return heldBy;
  return l10n.t('{time} left: usage limit', { time: shortElapsedTime(new Date(nowMs).toISOString(), untilMs) });
}

function runStatus(session: SessionSummary, nowMs: number): RowStatus {
  const status = statusLabel(shownStatus(session));
  switch (session.state) {
    case 'queued':
    case 'starting':
      return { text: status, icon: 'loading~spin' };
    case 'running':
    case 'waiting': {
      const { backgroundTasks } = session;
      // Not a spinning icon: ten of them for hours keep a processor busy painting.
      const look = { icon: 'play-circle', iconColor: 'charts.blue' };
      if (backgroundTasks !== undefined) {
        const tasks = describeTasks(backgroundTasks);
        return { text: joined(status, tasks), shortText: tasks, ...look };
      }
      if (nowMs - Date.parse(session.lastActivityAt) < SILENCE_MS) return { text: status, ...look };
      return {
        text: joined(status, l10n.t('no event for {time}', { time: elapsedTime(session.lastActivityAt, nowMs) })),
        shortText: l10n.t('no event for {time}', { time: shortElapsedTime(session.lastActivityAt, nowMs) }),
        ...look,
      };
    }
    case 'stopping':
      return { text: joined(status, l10n.t('stopping')), shortText: l10n.t('stopping'), icon: 'loading~spin' };
    case 'completed':
      return { text: status, icon: 'pass', iconColor: 'testing.iconPassed' };
    case 'stopped':
    case 'killed':
      return {
        text: joined(status, session.state === 'killed' ? l10n.t('killed by you') : l10n.t('by you')),
        shortText: status,
        icon: 'circle-slash',
      };
    default: {
      const reason =
        session.recoveryHint === 'restart'
          ? [l10n.t('the agent no longer knows this conversation'), l10n.t('Restart')]
          : session.failureReason === undefined
            ? []
            : [session.failureReason];
      const [shortText] = reason;
      return {
        text: joined(status, ...reason),
        ...(shortText !== undefined && { shortText }),
        ...(session.state === 'interrupted' ? { icon: 'circle-slash' } : { icon: 'error', iconColor: FAILURE_COLOR }),
      };
    }
  }
}

/** A session that touched files outside its worktree is marked in every state. */
function withEscape(session: SessionSummary, status: RowStatus): RowStatus {
  if (session.escape === undefined) return status;
  const mark = l10n.t('left its worktree');
  const isQuiet = status.icon === 'pass' || status.icon === 'circle-slash';
  return {
    ...status,
    text: joined(status.text, mark),
    shortText: joined(mark, ...(status.shortText === undefined ? [] : [status.shortText])),
    ...(isQuiet ? { icon: 'warning', iconColor: WARNING_COLOR } : {}),
  };
}

function notesOn(session: SessionSummary): SessionRow['notes'] {
  const notes: SessionRow['notes'] = [];
  const { paused } = session;
  if (paused !== undefined) {
    const since = new Date(paused.since).toLocaleString();
    const reason = oneLine(paused.reason);
    notes.push([
      l10n.t('Waits'),
      l10n.t('since {since}, because nothing can be written: {reason}. Nothing is lost.', { since, reason }),
    ]);
  }
  if (session.unreadable !== undefined)
    notes.push([
      l10n.t('Cannot be read'),
      l10n.t('{reason}. What is shown is what could be read. It is read again when it changes.', {
        reason: session.unreadable,
      }),
    ]);
  if (session.unreachable !== undefined && session.maybeGone === true)
    notes.push([
      l10n.t('Silent'),
      l10n.t(
        'since {since}. It may still run, so it is not taken for dead, but it holds up no waiting session any more. “Kill Session” ends what can be found of it; “Mark as Gone” ends it where you know that it is gone.',
        { since: new Date(session.unreachable).toLocaleString() },
      ),
    ]);
  if (session.host?.workProblem !== undefined)
    notes.push([
      l10n.t('Work not fetched'),
      l10n.t('{reason} Its last work is on the host alone, and is fetched again after its next snapshot.', {
        reason: session.host.workProblem,
      }),
    ]);
  if (session.repositoryMissing === true)
    notes.push([
      l10n.t('Repository'),
      l10n.t('not found at {path}; it may have been moved', { path: session.repository }),
    ]);
  if (session.escape !== undefined) notes.push([l10n.t('Left its worktree'), session.escape]);
  for (const damage of describeDamage(session))
    notes.push([
      l10n.t('Damaged'),
      l10n.t('{damage}: left out, everything else is there. “Corral: Check Store” names the files.', { damage }),
    ]);
  return notes;
}

function describeTasks(count: number): string {
  return count === 1 ? l10n.t('1 background task') : l10n.t('{0} background tasks', count);
}

/** How many records could not be read; nothing where all could. */
function describeDamage({ damagedRecords }: SessionSummary): string[] {
  if (damagedRecords === 0) return [];
  return [damagedRecords === 1 ? l10n.t('1 damaged record') : l10n.t('{0} damaged records', damagedRecords)];
}

function joined(...parts: string[]): string {
  return parts.join(' · ');
}
