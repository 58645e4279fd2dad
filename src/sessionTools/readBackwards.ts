import type { EventKind, SessionEvent } from '../storage/events';
import type { AskTimeline } from '../storage/timelineQueries';
import type { RunSummary } from '../supervisor/api';
import { eventText } from '../supervisor/history/eventText';
import { cut, MAX_ANSWER_CHARACTERS } from './answerText';

const EVENTS_AT_ONCE = 200;
/** Of a run with little to tell; the next call goes on. */
const MAX_EVENTS_READ = 4_000;

const CONVERSATION: readonly EventKind[] = [
  'message',
  'permission.request',
  'permission.answer',
  'error',
  'plan',
  'turn.ended',
  'run.exited',
];
const MACHINERY: readonly EventKind[] = ['usage', 'snapshot', 'status', 'agent.session', 'turn.started'];

export interface ReadPart {
  /** Which events were looked at, and the `before` that shows what came earlier; absent where nothing did. */
  shown: { from: number; to: number; before?: number };
  /** Of each event, in order of time. */
  texts: string[];
}

/** The last events of a run that one answer can hold, or the last ones before a number. */
export async function readBackwards(
  timeline: { query: AskTimeline },
  { runId, eventCount }: RunSummary,
  {
    detail,
    before = eventCount + 1,
    signal,
  }: { detail: 'conversation' | 'everything'; before?: number | undefined; signal: AbortSignal },
): Promise<ReadPart> {
  const isWanted = ({ kind }: SessionEvent): boolean =>
    detail === 'conversation' ? CONVERSATION.includes(kind) : !MACHINERY.includes(kind);
  const to = Math.min(before - 1, eventCount);
  const texts: string[] = [];
  let room = MAX_ANSWER_CHARACTERS * 0.9; // the session's own words come first
  let from = to + 1;
  while (from > 1 && to - from < MAX_EVENTS_READ) {
    signal.throwIfAborted();
    const start = Math.max(1, from - EVENTS_AT_ONCE);
    const events = await timeline.query('runEvents', { runId, fromSeq: start, limit: from - start });
    for (const event of events.filter(({ seq }) => seq < from).reverse()) {
      const told = isWanted(event) ? textOf(event) : '';
      if (told.length > room && texts.length > 0) return part(from, to, texts);
      room -= told.length;
      from = event.seq;
      if (told !== '') texts.unshift(told);
    }
    from = start;
  }
  return part(from, to, texts);
}

function part(from: number, to: number, texts: string[]): ReadPart {
  return { shown: { from, to, ...(from > 1 ? { before: from } : {}) }, texts };
}

function textOf(event: SessionEvent): string {
  const { heading, prose, code } = eventText(event);
  const said = [prose, code].flatMap((each) => (each === undefined ? [] : [cut(each)]));
  return [`[${String(event.seq)}] ${heading}`, ...said].join('\n');
}
