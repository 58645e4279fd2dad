import { isOutcome } from '../../storage/runState';
import { oneLine } from '../../common/oneLine';
import type { SessionSummary } from '../../supervisor/api';
import { elapsedTime } from '../text/elapsedTime';
import { describeChanges } from '../text/worktreeLabels';

/** What the tree shows of one session: plain values, so that a row that looks the same is not painted again. */
export interface SessionRow {
  label: string;
  description: string;
  /** The same in full, for tooltips and screen readers. */
  status: string;
  /** What else a person should know, for tooltips: each with its name. */
  notes: [name: string, note: string][];
  icon: string;
  /** A theme colour id, or undefined for the ordinary colour of icons. */
  iconColor: string | undefined;
  /** Flags between semicolons, matched by regular expressions in package.json. */
  contextValue: string;
  accessibleLabel: string;
}

interface Look {
  words: string;
  /** What a narrow row shows of the words, where the icon says the rest. */
  shortWords?: string;
  icon: string;
  iconColor?: string;
}

/** What the system calls a disk, or a person's share of it, without room. */
function isDiskFull(reason: string): boolean {
  return /ENOSPC|EDQUOT/.test(reason);
}

/** An agent that thinks is quiet for a while; for longer than this, people want to know. */
const SILENCE_MS = 2 * 60_000;

function look(session: SessionSummary, nowMs: number): Look {
  if (session.checking) return { words: 'Checking', icon: 'sync' };
  if (session.restored)
    return {
      words: `Was running · ${session.recoveryHint === 'resume' ? 'Resume' : 'Restart'}`,
      icon: 'debug-pause',
      iconColor: 'list.warningForeground',
    };
  if (session.unreachable !== undefined)
    return {
      words: `${session.status} · not answering`,
      icon: 'debug-disconnect',
      iconColor: 'list.warningForeground',
    };
  if (session.paused !== undefined) {
    const waits = isDiskFull(session.paused.reason) ? 'waits: the disk is full' : 'waits: nothing can be written';
    return {
      words: `${session.status} · ${waits}`,
      shortWords: waits,
      icon: 'warning',
      iconColor: 'list.warningForeground',
    };
  }
  if (session.needsInput) {
    const needs = `needs input: ${session.pendingPermissions[0]?.title ?? 'a question'}`;
    return {
      words: `${session.status} · ${needs}`,
      shortWords: needs,
      icon: 'bell-dot',
      iconColor: 'list.warningForeground',
    };
  }
  if (session.heldBy !== undefined) {
    const position = session.queuePosition ?? 1;
    return {
      words: `${session.status} · no. ${position} in the queue: ${session.heldBy}`,
      shortWords: `no. ${position}: ${session.heldBy}`,
      icon: 'watch',
    };
  }
  switch (session.state) {
    case 'queued':
    case 'starting':
      return { words: 'Starting', icon: 'loading~spin' };
    case 'running':
    case 'waiting': {
      const isSilent = nowMs - Date.parse(session.lastActivityAt) >= SILENCE_MS;
      // An icon that stands still: ten runs for hours would keep a processor busy painting, and motion says nothing of the agent.
      return {
        words: isSilent ? `Running · no event for ${elapsedTime(session.lastActivityAt, nowMs)}` : 'Running',
        icon: 'play-circle',
        iconColor: 'charts.blue',
      };
    }
    case 'stopping':
      return { words: 'Running · stopping', icon: 'loading~spin' };
    case 'completed':
      return { words: 'Completed', icon: 'pass', iconColor: 'testing.iconPassed' };
    case 'stopped':
    case 'killed':
      return { words: `Failed · ${session.failureReason ?? 'Stopped by you'}`, icon: 'circle-slash' };
    default:
      if (session.recoveryHint === 'restart')
        return {
          words: 'Failed · the agent no longer knows this conversation · Restart',
          icon: 'error',
          iconColor: 'testing.iconFailed',
        };
      return {
        words: session.failureReason === undefined ? 'Failed' : `Failed · ${session.failureReason}`,
        icon: 'error',
        iconColor: 'testing.iconFailed',
      };
  }
}

/** A session that touched what is not its own is marked in whatever state it is. */
function withEscape(session: SessionSummary, found: Look): Look {
  if (session.escape === undefined) return found;
  const mark = 'left its worktree';
  const isQuiet = found.icon === 'pass' || found.icon === 'circle-slash';
  return {
    ...found,
    words: `${found.words} · ${mark}`,
    shortWords: `${mark} · ${found.shortWords ?? found.words}`,
    ...(isQuiet ? { icon: 'warning', iconColor: 'list.warningForeground' } : {}),
  };
}

/** In a side bar of ordinary width there must be room for the status beside the title; the tooltip has it whole. */
const LABEL_CHARACTERS = 20;

function labelOf(title: string): string {
  const characters = Array.from(title);
  return characters.length <= LABEL_CHARACTERS
    ? title
    : `${characters
        .slice(0, LABEL_CHARACTERS - 1)
        .join('')
        .trimEnd()}…`;
}

function flags(session: SessionSummary): string {
  const open = session.currentRunId !== undefined && !isOutcome(session.state) && !session.restored;
  const set = [
    'session',
    session.needsInput && 'needsInput',
    open && 'open',
    session.queuePosition !== undefined && 'waiting',
    open && !session.needsInput && session.queuePosition === undefined && 'busy',
    (session.restored || session.recoveryHint === 'restart') && 'restored',
    !open && session.runs.length > 0 && 'resumable',
    !open && session.nativeSessionId !== undefined && 'native',
    !open && !session.restored && session.runs.length > 0 && 'done',
    session.runs.length > 0 && session.baseCommit !== '' && 'worktree',
    session.group !== undefined && 'grouped',
    session.applied === true && 'applied',
  ];
  return `;${set.filter((flag) => flag !== false).join(';')};`;
}

/** How many records could not be read; nothing where all could. */
function damageOf({ damagedRecords }: SessionSummary): string[] {
  if (damagedRecords === 0) return [];
  return [damagedRecords === 1 ? '1 damaged record' : `${damagedRecords} damaged records`];
}

function notesOn(session: SessionSummary): SessionRow['notes'] {
  const notes: SessionRow['notes'] = [];
  const { paused } = session;
  if (paused !== undefined)
    notes.push([
      'Waits',
      `since ${new Date(paused.since).toLocaleString()}, for nothing can be written: ${oneLine(paused.reason)}. Nothing is lost.`,
    ]);
  if (session.escape !== undefined) notes.push(['Left its worktree', session.escape]);
  for (const damage of damageOf(session))
    notes.push(['Damaged', `${damage}: left out, everything else is there. Corral: Check Store names the files.`]);
  return notes;
}

/** Pure: the same summary at the same minute gives the same row. */
export function sessionRow(session: SessionSummary, nowMs: number): SessionRow {
  const { words, shortWords = words, icon, iconColor } = withEscape(session, look(session, nowMs));
  const age = elapsedTime(session.paused?.since ?? session.since, nowMs);
  const damaged = damageOf(session);
  const changes = session.changes === undefined || session.changes.files === 0 ? undefined : session.changes;
  const description = [
    shortWords,
    ...damaged,
    age,
    ...(changes === undefined ? [] : [`+${changes.addedLines} −${changes.removedLines}`]),
  ].join(' · ');
  return {
    label: labelOf(session.title),
    description,
    status: `${words} · ${age}`,
    icon,
    iconColor,
    contextValue: flags(session),
    notes: notesOn(session),
    accessibleLabel: [
      session.title,
      session.agent,
      words,
      age,
      ...damaged,
      ...(changes === undefined ? [] : [describeChanges(changes)]),
    ].join(', '),
  };
}
