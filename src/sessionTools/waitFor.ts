import type { SessionSummary } from '../supervisor/api';
import { requireReach } from './callerTree';
import { choice, count, optional, texts } from './inputFields';
import { factsOf, isAtRest, wordsOf } from './sessionFacts';
import { defineTool, type ToolCall } from './sessionTool';

const MAX_SESSIONS = 20;
/** Below the minute after which the clients of many programs give up. */
const DEFAULT_WAIT_SECONDS = 50;
const MAX_WAIT_SECONDS = 3_600;
/** So often a client hears that its call lives, which may keep it from giving up. */
const PROGRESS_INTERVAL_MS = 10_000;

export const waitFor = defineTool({
  name: 'wait_for',
  title: 'Wait for Sessions',
  description:
    'Waits until sessions have come to rest: they have ended, or a person is asked something. Answers with how they are then, or after "seconds" with how far they are; call it again to wait on.',
  isReadOnly: true,
  fields: {
    sessionIds: texts(MAX_SESSIONS, 'The ids of the sessions.'),
    until: optional(choice(['all', 'any'], 'Whether to wait for all of them, or for the first; "all" where absent.')),
    seconds: optional(
      count(0, MAX_WAIT_SECONDS, `How long to wait at most; ${String(DEFAULT_WAIT_SECONDS)} where absent.`),
    ),
  },
  answer: async ({ sessionIds, until = 'all', seconds = DEFAULT_WAIT_SECONDS }, call) => {
    const ids = [...new Set(sessionIds)];
    await requireReach(ids, call);
    const look = async (): Promise<SessionSummary[]> =>
      await Promise.all(ids.map(async (id) => await call.source.latestSession(id)));
    const isOver = (sessions: readonly SessionSummary[]): boolean =>
      until === 'all' ? sessions.every(isAtRest) : sessions.some(isAtRest);
    const endWaiting = call.beginWaiting?.(ids.length);
    const sessions = await untilOver(look, isOver, ids, seconds * 1_000, call).finally(endWaiting);
    return {
      facts: {
        isOver: isOver(sessions),
        sessions: sessions.map((session) => ({ ...factsOf(session), isAtRest: isAtRest(session) })),
      },
      untrusted: sessions.map(wordsOf).join('\n'),
    };
  },
});

/** Looks at the start, whenever one of the sessions changes, and at the end of the time. */
async function untilOver(
  look: () => Promise<SessionSummary[]>,
  isOver: (sessions: readonly SessionSummary[]) => boolean,
  ids: readonly string[],
  limitMs: number,
  { source, signal, report }: ToolCall,
): Promise<SessionSummary[]> {
  const end = performance.now() + limitMs;
  const changes = new Changes();
  const subscription = source.onDidChangeSessions(({ sessionIds }) => {
    if (sessionIds.some((id) => ids.includes(id))) changes.note();
  });
  try {
    for (;;) {
      signal.throwIfAborted();
      changes.forget();
      const sessions = await look();
      const done = sessions.filter(isAtRest).length;
      report({ done, all: ids.length, message: `${String(done)} of ${String(ids.length)} at rest` });
      const leftMs = end - performance.now();
      if (isOver(sessions) || leftMs <= 0) return sessions;
      await changes.next(Math.min(leftMs, PROGRESS_INTERVAL_MS), signal);
    }
  } finally {
    subscription.dispose();
  }
}

/** Remembers whether something changed since it was last looked at. */
class Changes {
  #isNoted = false;
  #wake: () => void = () => undefined;

  note(): void {
    this.#isNoted = true;
    this.#wake();
  }

  forget(): void {
    this.#isNoted = false;
  }

  /** Resolves at the next change, after `limitMs`, or when `signal` is aborted. */
  async next(limitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isNoted || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(limit);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const limit = setTimeout(finish, limitMs);
      this.#wake = finish;
      signal.addEventListener('abort', finish);
    });
  }
}
