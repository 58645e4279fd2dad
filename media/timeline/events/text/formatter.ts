import type { FormatJob, Formatted } from '../../worker/format';

/** A started worker. */
export interface FormatWorker {
  post(job: FormatJob): void;
  end(): void;
}

/** `onMessage` gets what the worker sends: first that it is ready, then a result for each job. */
export type StartWorker = (onMessage: (message: unknown) => void) => Promise<FormatWorker>;

/** A text that takes longer is shown as it is. */
const DEADLINE_MS = 500;
/** Texts that were shown before come back at once. */
const MAX_KEPT = 200;

type Result = Formatted[keyof Formatted] | undefined;

interface Waiting {
  key: string;
  job: FormatJob;
  settle: (result: Result) => void;
}

function keyOf(job: FormatJob): string {
  return `${job.kind} ${job.language ?? ''} ${job.text}`;
}

/**
 * Formats texts in a worker, one after the other, so that no text can hold up the page. The worker is started when it
 * is first needed, and again after it had to be ended.
 */
export class Formatter {
  readonly #startWorker: StartWorker;
  readonly #deadlineMs: number;
  readonly #kept = new Map<string, Result>();
  readonly #queue: Waiting[] = [];
  #worker: FormatWorker | undefined;
  #listener: { receive: (message: unknown) => void } = { receive: () => undefined };
  #isBusy = false;

  constructor(startWorker: StartWorker, deadlineMs = DEADLINE_MS) {
    this.#startWorker = startWorker;
    this.#deadlineMs = deadlineMs;
  }

  /** What a text became before; `isKnown` is false for one that is new. */
  known(job: FormatJob): { isKnown: boolean; result: Result } {
    const key = keyOf(job);
    return { isKnown: this.#kept.has(key), result: this.#kept.get(key) };
  }

  /** Undefined where the text is to be shown as it is. Once `signal` is aborted, it may never settle. */
  format(job: FormatJob, signal?: AbortSignal): Promise<Result> {
    return new Promise((settle) => {
      const waiting = { key: keyOf(job), job, settle };
      this.#queue.push(waiting);
      signal?.addEventListener('abort', () => {
        const index = this.#queue.indexOf(waiting);
        if (index !== -1) this.#queue.splice(index, 1);
      });
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const result = this.#kept.has(next.key) ? this.#kept.get(next.key) : await this.#formatNow(next.job);
      this.#keep(next.key, result);
      next.settle(result);
    }
    this.#isBusy = false;
  }

  #keep(key: string, result: Result): void {
    this.#kept.delete(key);
    this.#kept.set(key, result);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  async #formatNow(job: FormatJob): Promise<Result> {
    try {
      this.#worker ??= await this.#start();
    } catch {
      return undefined; // without a worker every text is shown as it is
    }
    const worker = this.#worker;
    return await new Promise((settle) => {
      const timer = setTimeout(() => {
        worker.end();
        this.#worker = undefined;
        settle(undefined);
      }, this.#deadlineMs);
      this.#listener.receive = (message) => {
        clearTimeout(timer);
        // Both ends are code of ours, and the worker has nothing but `format`.
        settle((message as { result: Result }).result);
      };
      worker.post(job);
    });
  }

  /** Starting takes longer than formatting, so it has no part in the deadline. */
  async #start(): Promise<FormatWorker> {
    let tellReady: (message: unknown) => void = () => undefined;
    const ready = new Promise((resolve) => (tellReady = resolve));
    // What an ended worker still sends goes to its own listener, which is replaced.
    const listener = { receive: tellReady };
    const worker = await this.#startWorker((message) => listener.receive(message));
    await ready;
    this.#listener = listener;
    return worker;
  }
}
