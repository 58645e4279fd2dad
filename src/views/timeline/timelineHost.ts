import * as v from 'valibot';
import type { SessionEvent } from '../../storage/events';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type {
  AppendedRange,
  DensityCount,
  DensityQuery,
  Facets,
  FindQuery,
  FoundEvents,
} from '../../storage/database/storeIndex';
import type { PermissionAnswer, SessionSummary } from '../../supervisor/api';
import type { Disposable, Event } from '../../common/disposable';
import type { LinkedEvent } from './eventLink';
import type { PayloadPlace } from './payloadDocuments';
import { ACTING_METHODS, PREVIEW_LENGTH, pageMessageSchema, sessionSchema } from '../../protocol/timelineProtocol';
import type {
  HostMessage,
  PageRequest,
  TimelineEvent,
  TimelineResult,
  TimelineSession,
} from '../../protocol/timelineProtocol';
import { worktreeFile } from './worktreeFile';

/** What a timeline needs of the supervisor. */
export interface TimelineSource {
  getSession(id: string): Promise<SessionSummary>;
  /**
   * Reads on what of the session's history was not read yet, which can take a while; `onProgress` hears the share that is there.
   * Until `signal` is aborted, new events are told of without delay.
   */
  follow(id: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /** Events `fromSeq` and on of one run, in order of `seq`. */
  runEvents(id: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]>;
  findEvents(id: string, query: FindQuery): Promise<FoundEvents>;
  facets(id: string, part: { runId: string; fromSeq: number; toSeq: number }): Promise<Facets>;
  density(id: string, query: DensityQuery): Promise<DensityCount[]>;
  /** A field of an event as text, whole. */
  readPayload(id: string, runId: string, seq: number, field: string): Promise<string>;
  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void>;
  sendMessage(id: string, text: string): Promise<void>;
  interrupt(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  readonly onDidChangeSessions: Event<{ sessionIds: string[] }>;
  readonly onDidAppendEvents: Event<{ sessionId: string; appended: AppendedRange[] }>;
}

/** What a timeline needs of the editor around it. */
export interface TimelineEditor {
  post(message: HostMessage): void;
  /** Hears of every state of the session that the page is sent. */
  sessionRead(session: TimelineSession): void;
  /** `path` is absolute; `line` counts from 1. */
  openFile(path: string, line: number | undefined): Promise<void>;
  openPayload(place: PayloadPlace): Promise<void>;
  /** What a page asked for that is gone now could not be done. */
  failed(message: string): void;
  copyLink(event: LinkedEvent): Promise<void>;
  showSnapshot(snapshot: { sessionId: string; commit: string }): Promise<void>;
  searchHistory(text: string): Promise<void>;
}

/** At most one push in this time, so that a flood of events costs a bounded number of paints. */
const PUSH_INTERVAL_MS = 40;
/** Where the page does not say that it has what was pushed, it is pushed more after this time; so too where there was nothing to push, as reading failed. */
const RECEIPT_LIMIT_MS = 1_000;
/** More than a screen shows. */
const MAX_PUSHED_EVENTS = 100;

/** One session's end of the conversation with a timeline page: answers its requests, and pushes what changed while it listens. */
export class TimelineHost implements Disposable {
  readonly #source: TimelineSource;
  readonly #sessionId: string;
  readonly #editor: TimelineEditor;
  readonly #subscriptions: Disposable[];
  /** Times of a run's first and last event; the last one is read again only when the run has grown. */
  readonly #bounds = new Map<string, { eventCount: number; firstMs: number; lastMs: number }>();
  #listening = false;
  /** What a page is to hear as soon as one listens: an event to show, messages that could not be sent. */
  #held: HostMessage[] = [];
  /** The last run, as the page was told of it. */
  #told: { runId: string; eventCount: number } | undefined;
  /** Aborted as the page goes: what is still being looked up for it has nowhere to go. */
  #page = new AbortController();
  #isDisposed = false;
  #changed = false;
  #pushing = false;
  /** Runs while the next push has to wait: until the page has the last one, and for the interval at least. */
  #timer: NodeJS.Timeout | undefined;
  #pushedMs = 0;
  /** Why the last push had nothing to push, if so; the page is told once. */
  #failure: string | undefined;

  constructor(source: TimelineSource, sessionId: string, editor: TimelineEditor) {
    this.#source = source;
    this.#sessionId = sessionId;
    this.#editor = editor;
    this.#subscriptions = [
      source.onDidChangeSessions(({ sessionIds }) => {
        if (sessionIds.includes(sessionId)) this.#schedulePush();
      }),
      source.onDidAppendEvents((appended) => {
        if (appended.sessionId === sessionId) this.#schedulePush();
      }),
    ];
  }

  /** Takes a message of the page; whatever it is, this does not throw. */
  receive(message: unknown): void {
    if (this.#isDisposed) return;
    const parsed = v.safeParse(pageMessageSchema, message);
    if (parsed.success) {
      if (parsed.output.type === 'request') void this.#answer(parsed.output);
      else this.#received();
      return;
    }
    const numbered = v.safeParse(v.looseObject({ requestNumber: v.number() }), message);
    if (!numbered.success) return;
    this.#editor.post({
      type: 'rejection',
      requestNumber: numbered.output.requestNumber,
      message: `The timeline sent a request that is not valid: ${v.summarize(parsed.issues)}`,
    });
  }

  /** Has the page show an event: now, or as soon as it listens. */
  show(place: { runId: string; seq: number }): void {
    this.#tell({ type: 'show', place });
  }

  /** The page is hidden or gone: nothing is pushed until it says `ready` again. */
  pause(): void {
    this.#page.abort();
    this.#listening = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.pause();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #answer(message: PageRequest): Promise<void> {
    const { requestNumber } = message;
    if (message.method === 'ready' && this.#page.signal.aborted) this.#page = new AbortController();
    const { signal } = this.#page;
    let reply: HostMessage;
    try {
      reply = { type: 'answer', requestNumber, result: await this.#perform(message, signal) };
    } catch (error) {
      reply = { type: 'rejection', requestNumber, message: messageOf(error) };
    }
    if (signal.aborted && reply.type === 'rejection') this.#failedUnseen(message, reply.message);
    if (signal.aborted) return;
    this.#editor.post(reply);
    if (message.method === 'ready') for (const held of this.#held.splice(0)) this.#editor.post(held);
    // A push may have overtaken what `ready` was answered with: the last word is a push.
    if (message.method === 'ready') this.#schedulePush();
  }

  /** Nobody is to believe that something was done which was not, nor to lose what they wrote. */
  #failedUnseen({ method, parameters }: PageRequest, message: string): void {
    if (!ACTING_METHODS.has(method)) return;
    if (method !== 'send') this.#editor.failed(message);
    else if (this.#isDisposed) this.#editor.failed(`${message} Your message was not sent: ${parameters.text}`);
    else {
      this.#editor.failed(`${message} Your message was not sent; it is in the timeline's message box again.`);
      this.#tell({ type: 'unsent', text: parameters.text });
    }
  }

  #tell(message: HostMessage): void {
    if (this.#listening) this.#editor.post(message);
    else this.#held.push(message);
  }

  async #perform(message: PageRequest, signal: AbortSignal): Promise<unknown> {
    const { method, parameters } = message;
    switch (method) {
      case 'ready': {
        const onProgress = (share: number): void => {
          if (!signal.aborted) this.#editor.post({ type: 'reading', share });
        };
        await this.#source.follow(this.#sessionId, { signal, onProgress });
        this.#listening = true;
        const session = await this.#sessionOf(await this.#source.getSession(this.#sessionId));
        this.#told = session.runs.at(-1);
        return { session } satisfies TimelineResult<'ready'>;
      }
      case 'ping':
        return {};
      case 'events': {
        const events = await this.#source.runEvents(
          this.#sessionId,
          parameters.runId,
          parameters.fromSeq,
          parameters.limit,
        );
        return { events: events.map(previewOf) } satisfies TimelineResult<'events'>;
      }
      case 'event':
        return { event: await this.#readEvent(parameters.runId, parameters.seq) } satisfies TimelineResult<'event'>;
      case 'seqAt':
        return { seq: await this.#seqAt(parameters.runId, parameters.timeMs) } satisfies TimelineResult<'seqAt'>;
      case 'find': {
        const { kinds, ...query } = parameters;
        return (await this.#source.findEvents(this.#sessionId, {
          ...query,
          ...(kinds !== undefined && { kinds }),
        })) satisfies TimelineResult<'find'>;
      }
      case 'facets':
        return (await this.#source.facets(this.#sessionId, parameters)) satisfies TimelineResult<'facets'>;
      case 'density':
        return { counts: await this.#source.density(this.#sessionId, parameters) } satisfies TimelineResult<'density'>;
      case 'answer': {
        const { requestId, ...answer } = parameters;
        await this.#source.answerPermission(this.#sessionId, requestId, answer);
        return {};
      }
      case 'send':
        await this.#source.sendMessage(this.#sessionId, parameters.text);
        return {};
      case 'interrupt':
        await this.#source.interrupt(this.#sessionId);
        return {};
      case 'resume':
        await this.#source.resume(this.#sessionId);
        return {};
      case 'stop':
        await this.#source.stop(this.#sessionId);
        return {};
      case 'openFile': {
        const { worktreePath } = await this.#source.getSession(this.#sessionId);
        await this.#editor.openFile(worktreeFile(worktreePath, parameters.path), parameters.line);
        return {};
      }
      case 'copyLink':
        await this.#editor.copyLink({ sessionId: this.#sessionId, ...parameters });
        return {};
      case 'showSnapshot':
        // Not awaited: it asks a person, who may take any time. The command shows what goes wrong by itself.
        void this.#editor.showSnapshot({ sessionId: this.#sessionId, commit: parameters.commit });
        return {};
      case 'searchHistory':
        void this.#editor.searchHistory(parameters.text); // neither
        return {};
      case 'openPayload':
        await this.#editor.openPayload({ sessionId: this.#sessionId, ...parameters });
        return {};
      default:
        return method satisfies never;
    }
  }

  #schedulePush(): void {
    this.#changed = true;
    if (this.#listening && !this.#pushing && this.#timer === undefined) void this.#push();
  }

  /** Pushes the session once, and again if it changed meanwhile, once the page has that and the interval is over. */
  async #push(): Promise<void> {
    this.#pushing = true;
    this.#changed = false;
    let message: HostMessage;
    try {
      const summary = await this.#source.getSession(this.#sessionId);
      const events = await this.#readNewEvents(summary);
      message = { type: 'session', session: await this.#sessionOf(summary, events.at(-1)), events };
    } catch (error) {
      message = { type: 'failure', message: messageOf(error) };
      this.#changed ||= !(error instanceof CorralError && error.code === 'SESSION_NOT_FOUND'); // it is read again
    }
    this.#pushing = false;
    if (!this.#listening) return;
    this.#pushedMs = performance.now();
    this.#pushAfter(RECEIPT_LIMIT_MS);
    const failure = message.type === 'failure' ? message.message : undefined;
    if (failure === undefined || failure !== this.#failure) this.#editor.post(message);
    this.#failure = failure;
  }

  #received(): void {
    if (this.#timer !== undefined) this.#pushAfter(this.#pushedMs + PUSH_INTERVAL_MS - performance.now());
  }

  #pushAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#changed) this.#schedulePush();
      },
      Math.max(0, delayMs),
    );
  }

  /** What the page is to know of the session. `newest` saves a look-up where it is the last event of a run. */
  async #sessionOf(summary: SessionSummary, newest?: TimelineEvent): Promise<TimelineSession> {
    const runs: TimelineSession['runs'] = [];
    for (const { runId, ordinal, state, eventCount } of summary.runs) {
      const { firstMs, lastMs } = await this.#readBounds(
        runId,
        eventCount,
        newest?.runId === runId && newest.seq === eventCount ? newest : undefined,
      );
      runs.push({ runId, ordinal, state, eventCount, firstMs, lastMs });
    }
    const session = v.parse(sessionSchema, { ...summary, runs }); // which takes no more than that
    this.#editor.sessionRead(session);
    return session;
  }

  /** What the page was not told of yet, for it to show without another question; of very many the last ones. */
  async #readNewEvents({ runs }: SessionSummary): Promise<TimelineEvent[]> {
    const run = runs.at(-1);
    if (run === undefined) return [];
    const { runId, eventCount } = run;
    const toldCount = this.#told?.runId === runId ? this.#told.eventCount : 0;
    this.#told = run;
    const fromSeq = Math.max(toldCount, eventCount - MAX_PUSHED_EVENTS) + 1;
    if (fromSeq > eventCount) return [];
    return (await this.#source.runEvents(this.#sessionId, runId, fromSeq, eventCount - fromSeq + 1)).map(previewOf);
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
    const bounds = {
      eventCount,
      firstMs,
      lastMs: last === undefined ? await this.#timeOf(runId, eventCount) : Date.parse(last.timestamp),
    };
    this.#bounds.set(runId, bounds);
    return bounds;
  }

  async #readEvent(runId: string, seq: number): Promise<SessionEvent> {
    const [event] = await this.#source.runEvents(this.#sessionId, runId, seq, 1);
    if (event?.seq !== seq) throw new Error(`Event ${String(seq)} of run ${runId} is not in the timeline.`);
    return event;
  }

  /** The event's time; where its record was damaged and is missing, the time of the next one. */
  async #timeOf(runId: string, seq: number): Promise<number> {
    const [event] = await this.#source.runEvents(this.#sessionId, runId, seq, 1);
    if (event === undefined) throw new Error(`Run ${runId} ends before its event ${String(seq)}.`);
    return Date.parse(event.timestamp);
  }

  /** Time never runs backwards in a run, so a binary search over key look-ups finds any moment. */
  async #seqAt(runId: string, timeMs: number): Promise<number> {
    const summary = await this.#source.getSession(this.#sessionId);
    let low = 1;
    let high = summary.runs.find((run) => run.runId === runId)?.eventCount ?? 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((await this.#timeOf(runId, middle)) <= timeMs) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The start of `whole` that is not longer than a preview and does not end in half a character. */
function startOf(whole: string): string {
  const last = whole.charCodeAt(PREVIEW_LENGTH - 1);
  return whole.slice(0, last >= 0xd800 && last <= 0xdbff ? PREVIEW_LENGTH - 1 : PREVIEW_LENGTH);
}

/** The event with long texts cut, so that a page of events stays small whatever an agent printed. */
export function previewOf(event: SessionEvent): TimelineEvent {
  const data: Record<string, unknown> = { ...event.data };
  const cut: Record<string, number> = {};
  for (const [name, value] of Object.entries(data)) {
    // A tool's input can be any value: a large one becomes the start of its own JSON.
    const whole =
      name === 'input' && typeof value === 'object' && value !== null ? JSON.stringify(value, undefined, 2) : value;
    if (typeof whole !== 'string' || whole.length <= PREVIEW_LENGTH) continue;
    data[name] = startOf(whole);
    cut[name] = whole.length;
  }
  // Only texts were shortened, and an input may be any value: the data still has the shape of its kind.
  return Object.keys(cut).length === 0 ? event : ({ ...event, data, cut } as TimelineEvent);
}
