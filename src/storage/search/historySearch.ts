/** Searches all that was recorded, newest first, in the journals and blobs themselves. */
import type { SessionEvent } from '../events';
import { eventId } from '../ids';
import type { StorePaths } from '../paths';
import { SearchThreads } from './searchThreads';

/** A run to be searched. */
export interface SearchedRun {
  sessionId: string;
  runId: string;
  ordinal: number;
  /** Nothing is recorded of it any more. */
  hasEnded: boolean;
  /** It is no run but a question beside the work, and `runId` is its id. */
  isAside?: true;
  /** ISO 8601. */
  lastEventAt: string;
}

export interface SearchOptions {
  /** The bundle of searchThread.ts. */
  threadPath: string;
  /** So many events at most. */
  limit: number;
  /** Writes no filter. */
  readOnly?: boolean;
  /** Ends the search early, without an error. */
  signal?: AbortSignal | undefined;
  /** Called with what keeps a run from being searched; the search goes on with the others. */
  onUnreadable?: (run: SearchedRun, error: unknown) => void;
}

/**
 * Events with `text` in one of their values or blobs, whatever its case, newest first over all `runs`.
 * The order is exact: each event is held back until no run can have a newer one.
 */
export async function* searchRuns(
  paths: StorePaths,
  runs: readonly SearchedRun[],
  text: string,
  { threadPath, limit, readOnly = false, signal, onUnreadable = () => undefined }: SearchOptions,
): AsyncGenerator<SessionEvent> {
  if (runs.length === 0 || signal?.aborted === true) return;
  const newestFirst = [...runs].sort((a, b) => (a.lastEventAt < b.lastEventAt ? 1 : -1));
  /** Found, but not given yet; newest first. */
  const waiting: SessionEvent[] = [];
  let left = limit;
  const threads = new SearchThreads(threadPath, { root: paths.root, text, limit, readOnly }, newestFirst);
  const stop = (): void => void threads.end();
  signal?.addEventListener('abort', stop);
  try {
    for (const [index, run] of newestFirst.entries()) {
      /** The later runs have no event after this time. */
      const horizon = newestFirst[index + 1]?.lastEventAt ?? '';
      try {
        for await (const { seq, timestamp, draft } of threads.matches(index)) {
          const { sessionId, runId, ordinal } = run;
          const event: SessionEvent = { ...draft, id: eventId(ordinal, seq), sessionId, runId, seq, timestamp };
          waiting.splice(waiting.findLastIndex((other) => isNewer(other, event)) + 1, 0, event);
          waiting.splice(left); // beyond the limit
          while (
            left > 0 &&
            waiting[0] !== undefined &&
            waiting[0].timestamp > horizon &&
            !isNewer(event, waiting[0])
          ) {
            left--;
            yield waiting[0];
            waiting.shift();
          }
          if (left === 0 || isAborted(signal)) return;
        }
      } catch (error) {
        if (isAborted(signal)) return;
        onUnreadable(run, error);
      }
      while (left > 0 && waiting[0] !== undefined && waiting[0].timestamp > horizon) {
        left--;
        yield waiting[0];
        waiting.shift();
      }
      if (left === 0 || isAborted(signal)) return;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await threads.end();
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function isNewer(a: SessionEvent, b: SessionEvent): boolean {
  return a.timestamp === b.timestamp ? a.id > b.id : a.timestamp > b.timestamp;
}
