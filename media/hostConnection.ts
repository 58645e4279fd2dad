import * as v from 'valibot';
import { TIMELINE_REQUESTS, hostMessageSchema } from '../src/views/timelineProtocol';
import type { TimelineMethod, TimelineParameters, TimelineResult, TimelineSession } from '../src/views/timelineProtocol';

/** An extension host that is busy starting up can take a while; a request that got lost must still end. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface HostListener {
  sessionChanged(session: TimelineSession): void;
  failed(message: string): void;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** The page's end of the conversation with the extension. */
export class HostConnection {
  readonly #post: (message: unknown) => void;
  readonly #listener: HostListener;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  #lastNumber = 0;

  constructor(post: (message: unknown) => void, listener: HostListener, timeoutMs = REQUEST_TIMEOUT_MS) {
    this.#post = post;
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with a sentence for people: the extension's own, or that it did not answer. */
  async request<M extends TimelineMethod>(method: M, parameters: TimelineParameters<M>): Promise<TimelineResult<M>> {
    const requestNumber = ++this.#lastNumber;
    const result = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(requestNumber);
        reject(new Error(`The extension did not answer within ${String(this.#timeoutMs / 1_000)} seconds.`));
      }, this.#timeoutMs);
      this.#pending.set(requestNumber, { resolve, reject, timer });
      this.#post({ type: 'request', requestNumber, method, parameters });
    });
    const parsed = v.safeParse(TIMELINE_REQUESTS[method].result, result);
    if (!parsed.success) throw new Error(`The extension's answer to "${method}" is not valid: ${v.summarize(parsed.issues)}`);
    return parsed.output;
  }

  /** Takes a message of the extension. */
  receive(data: unknown): void {
    const parsed = v.safeParse(hostMessageSchema, data);
    if (!parsed.success) {
      this.#listener.failed(`The extension sent a message that is not valid: ${v.summarize(parsed.issues)}`);
      return;
    }
    const message = parsed.output;
    switch (message.type) {
      case 'answer':
        this.#take(message.requestNumber)?.resolve(message.result);
        return;
      case 'rejection':
        this.#take(message.requestNumber)?.reject(new Error(message.message));
        return;
      case 'session':
        this.#listener.sessionChanged(message.session);
        return;
      case 'failure':
        this.#listener.failed(message.message);
        return;
      default:
        message satisfies never;
    }
  }

  #take(requestNumber: number): Pending | undefined {
    const pending = this.#pending.get(requestNumber);
    if (pending === undefined) return undefined; // its time was over
    this.#pending.delete(requestNumber);
    clearTimeout(pending.timer);
    return pending;
  }
}
