import * as v from 'valibot';
import { ACTING_METHODS, TIMELINE_REQUESTS, hostMessageSchema } from '../../src/protocol/timelineProtocol';
import type {
  EventPlace,
  TimelineEvent,
  TimelineMethod,
  TimelineParameters,
  TimelineResult,
  TimelineSession,
} from '../../src/protocol/timelineProtocol';

/** An extension host that is busy starting up can take a while; a request that got lost must still end. Those that act end with the connection at the latest. */
const REQUEST_TIMEOUT_MS = 30_000;
const FIRST_NUMBERS = 2 ** 40;
/** An extension that says nothing for so long after a ping counts as gone until it says something. */
const PING_TIMEOUT_MS = 4_000;

export interface HostListener {
  /** The session as it is now, with its newest events. */
  sessionChanged(session: TimelineSession, events: TimelineEvent[]): void;
  failed(message: string): void;
  /** The extension reads the history first, and has this share of it. */
  readingOn(share: number): void;
  /** The extension wants this event to be shown. */
  showWanted(place: EventPlace): void;
  /** What an earlier page sent could not be sent. */
  messageReturned(text: string): void;
  /** The connection was lost, or is back; see `lostSinceMs`. */
  connectionChanged(): void;
}

/** The connection was lost after something was asked for: nobody knows whether it was done. */
export class UnknownOutcomeError extends Error {}

interface Pending {
  method: TimelineMethod;
  resolve(result: unknown): void;
  reject(error: Error): void;
  /** Waits from now on for as long as any request like it does. */
  wait(): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Asks the extension; undefined where that failed, once the page has been told why. */
export type Ask = <M extends TimelineMethod>(
  method: M,
  parameters: TimelineParameters<M>,
) => Promise<TimelineResult<M> | undefined>;

/** The page's end of the conversation with the extension. */
export class ExtensionHostClient {
  readonly #post: (message: unknown) => void;
  readonly #listener: HostListener;
  readonly #timeoutMs: { request: number; ping: number };
  readonly #pending = new Map<number, Pending>();
  /** Starts anywhere, so that the answers to the page that was here before are not taken for this one's. */
  #lastNumber = Math.floor(Math.random() * FIRST_NUMBERS);
  #lastHeard = { atMs: Date.now() };
  #lostSinceMs: number | undefined;
  #isPinging = false;

  constructor(
    post: (message: unknown) => void,
    listener: HostListener,
    timeoutMs: { request: number; ping: number } = { request: REQUEST_TIMEOUT_MS, ping: PING_TIMEOUT_MS },
  ) {
    this.#post = post;
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
  }

  /** When the extension was heard for the last time, if it does not answer any more: nothing tells a page that its extension host died. */
  get lostSinceMs(): number | undefined {
    return this.#lostSinceMs;
  }

  /** Finds out whether the extension is still there. Never rejects. */
  async ping(): Promise<void> {
    if (this.#isPinging) return;
    this.#isPinging = true;
    const lastHeard = this.#lastHeard;
    await this.#request('ping', {}, this.#timeoutMs.ping).catch(() => {
      if (this.#lastHeard !== lastHeard) return; // busy with something else, but there
      this.#giveUpActing();
      if (this.#lostSinceMs !== undefined) return;
      this.#lostSinceMs = lastHeard.atMs;
      this.#listener.connectionChanged();
    });
    this.#isPinging = false;
  }

  /** Rejects with a sentence for people: the extension's own, or that it did not answer. */
  async request<M extends TimelineMethod>(method: M, parameters: TimelineParameters<M>): Promise<TimelineResult<M>> {
    const result = await this.#request(
      method,
      parameters,
      ACTING_METHODS.has(method) ? undefined : this.#timeoutMs.request,
    );
    const parsed = v.safeParse(TIMELINE_REQUESTS[method].result, result);
    if (!parsed.success)
      throw new Error(`The extension's answer to "${method}" is not valid: ${v.summarize(parsed.issues)}`);
    return parsed.output;
  }

  /** Takes a message of the extension. */
  receive(data: unknown): void {
    const parsed = v.safeParse(hostMessageSchema, data);
    if (!parsed.success) {
      this.#listener.failed(`The extension sent a message that is not valid: ${v.summarize(parsed.issues)}`);
      return;
    }
    this.#heard();
    const message = parsed.output;
    switch (message.type) {
      case 'answer':
        this.#take(message.requestNumber)?.resolve(message.result);
        return;
      case 'rejection':
        this.#take(message.requestNumber)?.reject(new Error(message.message));
        return;
      case 'session':
        this.#post({ type: 'received' });
        this.#listener.sessionChanged(message.session, message.events);
        return;
      case 'show':
        this.#listener.showWanted(message.place);
        return;
      case 'unsent':
        this.#listener.messageReturned(message.text);
        return;
      case 'reading':
        this.#grantTime();
        this.#listener.readingOn(message.share);
        return;
      case 'failure':
        this.#listener.failed(message.message);
        return;
      default:
        message satisfies never;
    }
  }

  #request<M extends TimelineMethod>(
    method: M,
    parameters: TimelineParameters<M>,
    timeoutMs: number | undefined,
  ): Promise<unknown> {
    const requestNumber = ++this.#lastNumber;
    return new Promise<unknown>((resolve, reject) => {
      const pending: Pending = {
        method,
        resolve,
        reject,
        wait: () => {
          clearTimeout(pending.timer);
          if (timeoutMs === undefined) return;
          pending.timer = setTimeout(() => {
            this.#pending.delete(requestNumber);
            reject(new Error(`The extension did not answer within ${String(timeoutMs / 1_000)} seconds.`));
          }, timeoutMs);
        },
        timer: undefined,
      };
      pending.wait();
      this.#pending.set(requestNumber, pending);
      this.#post({ type: 'request', requestNumber, method, parameters });
    });
  }

  /** The extension is at work on what was asked: that its answer is late does not mean that it was lost. */
  #grantTime(): void {
    for (const pending of this.#pending.values()) pending.wait();
  }

  #giveUpActing(): void {
    for (const [requestNumber, pending] of this.#pending) {
      if (!ACTING_METHODS.has(pending.method)) continue;
      this.#pending.delete(requestNumber);
      pending.reject(
        new UnknownOutcomeError(
          'The connection was lost before the answer came, so this may have been done or not. Look before you do it again.',
        ),
      );
    }
  }

  #heard(): void {
    this.#lastHeard = { atMs: Date.now() };
    if (this.#lostSinceMs === undefined) return;
    this.#lostSinceMs = undefined;
    this.#listener.connectionChanged();
  }

  #take(requestNumber: number): Pending | undefined {
    const pending = this.#pending.get(requestNumber);
    if (pending === undefined) return undefined; // its time was over
    this.#pending.delete(requestNumber);
    clearTimeout(pending.timer);
    return pending;
  }
}
