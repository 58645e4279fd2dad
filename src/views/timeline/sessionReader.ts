import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { messageOf } from '../../common/errors';
import type { SessionEvent } from '../../storage/events';
import type { SessionSummary } from '../../supervisor/api';
import { WINDOW_SIZE, sessionSchema } from '../../protocol/timelineProtocol';
import type { HostMessage, TimelineEvent, TimelineSession } from '../../protocol/timelineProtocol';
import { worktreeFolder } from '../text/worktreeLabels';
import { previewOf } from './eventPreview';
import { offeredActions } from './offeredActions';
import type { TimelineSource } from './timelineSource';

/** More than a screen shows. */
const MAX_PUSHED_EVENTS = 100;
/** A screen, and the rows that a page loads above it. */
const MIN_FIRST_SHOWN = 75;

/** Reads one session in the shape that its timeline's page takes, and remembers which events the page was sent. */
export class SessionReader {
  readonly #source: TimelineSource;
  readonly #sessionId: string;
  /** Times of a run's first and last event; the last one is read again only when the run has grown. */
  readonly #bounds = new Map<string, { eventCount: number; firstMs: number; lastMs: number }>();
  /** The newest run as it was last given. */
  #lastGiven: { runId: string; eventCount: number } | undefined;

  constructor(source: TimelineSource, sessionId: string) {
    this.#source = source;
    this.#sessionId = sessionId;
  }

  /** Has the history read to its end, and tells how far that is. Only what needs all of it waits for that. */
  async follow(signal: AbortSignal, post: (message: HostMessage) => void): Promise<void> {
    const tell = (message: HostMessage): void => {
      if (!signal.aborted) post(message);
    };
    let isTold = false;
    const onProgress = (share: number): void => {
      isTold = true;
      tell({ type: 'reading', share });
    };
    await this.#source.followAsides(this.#sessionId, signal, (asides) => tell({ type: 'asides', asides }));
    const timeline = await this.#source.timeline(this.#sessionId);
    timeline.follow({ signal, onProgress }).then(
      () => isTold && onProgress(1),
      (error: unknown) => tell({ type: 'failure', message: messageOf(error) }),
    );
  }

  /** The session, and the last events of its last run: the page asks for others. */
  async latest(): Promise<{ session: TimelineSession; events: TimelineEvent[] }> {
    const summary = await this.#source.getSession(this.#sessionId);
    const run = summary.runs.at(-1);
    this.#lastGiven = run;
    const events = run === undefined ? [] : await this.#firstShown(run);
    return { session: await this.#toSession(summary, events.at(-1)), events };
  }

  /** The events of the windows that a page needs for a full screen at the run's end. */
  async #firstShown({ runId, eventCount }: { runId: string; eventCount: number }): Promise<TimelineEvent[]> {
    const fromSeq = Math.max(1, eventCount - MIN_FIRST_SHOWN);
    const windowSeq = fromSeq - ((fromSeq - 1) % WINDOW_SIZE);
    return eventCount === 0 ? [] : await this.events(runId, windowSeq, eventCount - windowSeq + 1);
  }

  /** The session, and the last of the events that are new since it was given before. */
  async changes(): Promise<{ session: TimelineSession; events: TimelineEvent[] }> {
    const summary = await this.#source.getSession(this.#sessionId);
    const events = await this.#newEvents(summary);
    return { session: await this.#toSession(summary, events.at(-1)), events };
  }

  async events(runId: string, fromSeq: number, limit: number): Promise<TimelineEvent[]> {
    return (await this.#runEvents(runId, fromSeq, limit)).map(previewOf);
  }

  /** One event with nothing cut. */
  async event(runId: string, seq: number): Promise<SessionEvent> {
    const [event] = await this.#runEvents(runId, seq, 1);
    if (event?.seq !== seq) throw new Error(l10n.t('This event is not in the timeline.'));
    return event;
  }

  /** The last event that is not later than `timeMs`, found by binary search: time never runs backwards in a run. */
  async seqAt(runId: string, timeMs: number): Promise<number> {
    const { runs } = await this.#source.getSession(this.#sessionId);
    let low = 1;
    let high = runs.find((run) => run.runId === runId)?.eventCount ?? 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await this.#timeOf(runId, middle)) <= timeMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** `newest` saves a look-up where it is the last event of a run. */
  async #toSession(summary: SessionSummary, newest?: TimelineEvent): Promise<TimelineSession> {
    const runs: TimelineSession['runs'] = [];
    let turnsBefore = 0;
    for (const { runId, ordinal, state, eventCount, turns } of summary.runs) {
      const last = newest?.runId === runId && newest.seq === eventCount ? newest : undefined;
      const { firstMs, lastMs } = await this.#readBounds(runId, eventCount, last);
      runs.push({ runId, ordinal, state, eventCount, turnsBefore, firstMs, lastMs });
      turnsBefore += turns;
    }
    const worktreePath = worktreeFolder(summary);
    // Drops what the page has no use for.
    return v.parse(sessionSchema, { ...summary, worktreePath, runs, actions: offeredActions(summary) });
  }

  async #newEvents({ runs }: SessionSummary): Promise<TimelineEvent[]> {
    const run = runs.at(-1);
    if (run === undefined) return [];
    const { runId, eventCount } = run;
    const givenCount = this.#lastGiven?.runId === runId ? this.#lastGiven.eventCount : 0;
    this.#lastGiven = run;
    const fromSeq = Math.max(givenCount, eventCount - MAX_PUSHED_EVENTS) + 1;
    return fromSeq > eventCount ? [] : await this.events(runId, fromSeq, eventCount - fromSeq + 1);
  }

  async #readBounds(
    runId: string,
    eventCount: number,
    last: TimelineEvent | undefined,
  ): Promise<{ firstMs: number; lastMs: number }> {
    if (eventCount === 0) return { firstMs: 0, lastMs: 0 };
    const known = this.#bounds.get(runId);
    if (known?.eventCount === eventCount) return known;
    const firstMs = known?.firstMs ?? (await this.#timeOf(runId, 1));
    const lastMs = last === undefined ? await this.#timeOf(runId, eventCount) : Date.parse(last.timestamp);
    const bounds = { eventCount, firstMs, lastMs };
    this.#bounds.set(runId, bounds);
    return bounds;
  }

  /** Milliseconds since the epoch. Where the event's record was damaged and is missing, the time of the next one. */
  async #timeOf(runId: string, seq: number): Promise<number> {
    const [event] = await this.#runEvents(runId, seq, 1);
    if (event === undefined) throw new Error(l10n.t('This event is not in the timeline.'));
    return Date.parse(event.timestamp);
  }

  async #runEvents(runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]> {
    const timeline = await this.#source.timeline(this.#sessionId);
    return await timeline.query('runEvents', { runId, fromSeq, limit });
  }
}
