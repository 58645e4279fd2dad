/** Searches runs in threads of their own, on all cores, so that the extension host is not held up. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import * as v from 'valibot';
import { parseDraft } from '../events';
import type { RunMatch } from './runSearch';
import type { Order, Task, ThreadData } from './searchMessages';
import { reportSchema } from './searchMessages';

const MAX_THREADS = 4;
/** Runs that a thread has at hand, so that it need not wait for the next one. */
const TASKS_A_THREAD = 8;

/** What was found in one run, in the order in which it is found. */
class RunMatches {
  readonly task: Task;
  readonly #found: RunMatch[] = [];
  /** Tells the thread that has the run that its matches are read. */
  onRead: () => void = () => undefined;
  isRead = false;
  #isDone = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(task: Task) {
    this.task = task;
  }

  add(match: RunMatch): void {
    this.#found.push(match);
    this.#wake();
  }

  end(failure?: Error): void {
    this.#isDone = true;
    this.#failure = failure;
    this.#wake();
  }

  /** Throws what kept the run from being searched, after what was found before. */
  async *all(): AsyncGenerator<RunMatch> {
    this.isRead = true;
    this.onRead();
    for (;;) {
      const match = this.#found.shift();
      if (match !== undefined) yield match;
      else if (this.#isDone) break;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** One thread with the runs that it was sent. */
class SearchThread {
  readonly #worker: Worker;
  readonly #tasks = new Map<number, RunMatches>();

  /** Calls `onFree` whenever another run can be sent. */
  constructor(path: string, data: ThreadData, onFree: () => void) {
    this.#worker = new Worker(path, { workerData: data });
    this.#worker.on('message', (message: unknown) => {
      const report = v.parse(reportSchema, message);
      const matches = this.#tasks.get(report.number);
      if ('match' in report) {
        const { seq, timestamp, kind, data: eventData } = report.match;
        const draft = parseDraft(kind, eventData);
        if (draft !== undefined) matches?.add({ seq, timestamp, draft });
        return;
      }
      this.#tasks.delete(report.number);
      matches?.end(report.unreadable === undefined ? undefined : new Error(report.unreadable));
      onFree();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('The search ended.')));
  }

  get isFree(): boolean {
    return this.#tasks.size < TASKS_A_THREAD;
  }

  send(matches: RunMatches): void {
    const { number } = matches.task;
    this.#tasks.set(number, matches);
    this.#post(matches.task);
    matches.onRead = () => this.#post({ readNumber: number });
    if (matches.isRead) matches.onRead();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(order: Order): void {
    this.#worker.postMessage(order);
  }

  #fail(error: unknown): void {
    for (const matches of this.#tasks.values()) matches.end(error instanceof Error ? error : new Error(String(error)));
    this.#tasks.clear();
  }
}

export class SearchThreads {
  readonly #threads: SearchThread[];
  readonly #waiting: RunMatches[];
  readonly #all: RunMatches[];

  /** Begins to search the runs, in this order. `path` is the bundle of searchThread.ts. */
  constructor(path: string, data: ThreadData, runs: readonly Omit<Task, 'number'>[]) {
    this.#all = runs.map((run, number) => new RunMatches({ ...run, number }));
    this.#waiting = [...this.#all];
    const count = Math.min(MAX_THREADS, availableParallelism(), runs.length);
    this.#threads = Array.from({ length: count }, () => new SearchThread(path, data, () => this.#sendOn()));
    this.#sendOn();
  }

  /** The matches of the run with this number, newest first. Throws where the run cannot be searched. */
  matches(number: number): AsyncGenerator<RunMatch> {
    return (this.#all[number] as RunMatches).all();
  }

  async end(): Promise<void> {
    await Promise.all(this.#threads.map(async (thread) => await thread.end()));
  }

  #sendOn(): void {
    for (let isSent = true; isSent;) {
      isSent = false;
      for (const thread of this.#threads) {
        const next = thread.isFree ? this.#waiting.shift() : undefined;
        if (next === undefined) continue;
        thread.send(next);
        isSent = true;
      }
    }
  }
}
