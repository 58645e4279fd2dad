import * as l10n from '@vscode/l10n';
import type { RequestAnswer } from '../../src/protocol/pageRequests';

const MAX_FIRST_NUMBER = 2 ** 40;

interface Pending {
  method: string;
  resolve(result: unknown): void;
  reject(error: Error): void;
  /** Starts its timeout again. */
  restartTimer(): void;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** A page's numbered requests to the extension, until they are answered. */
export class Requests {
  readonly #post: (message: unknown) => void;
  readonly #pending = new Map<number, Pending>();
  /** Starts at a random number, so that answers to an earlier page are not taken for this one's. */
  #lastNumber = Math.floor(Math.random() * MAX_FIRST_NUMBER);

  constructor(post: (message: unknown) => void) {
    this.#post = post;
  }

  /** Rejects with a sentence for a person. Where `timeoutMs` is undefined, it waits as long as it takes. */
  send(method: string, parameters: unknown, timeoutMs: number | undefined): Promise<unknown> {
    const requestNumber = ++this.#lastNumber;
    return new Promise<unknown>((resolve, reject) => {
      const pending: Pending = {
        method,
        resolve,
        reject,
        restartTimer: () => {
          clearTimeout(pending.timer);
          if (timeoutMs === undefined) return;
          pending.timer = setTimeout(() => {
            this.#pending.delete(requestNumber);
            reject(new Error(l10n.t('The extension did not answer within {0} seconds.', timeoutMs / 1_000)));
          }, timeoutMs);
        },
        timer: undefined,
      };
      pending.restartTimer();
      this.#pending.set(requestNumber, pending);
      this.#post({ type: 'request', requestNumber, method, parameters });
    });
  }

  /** Takes the extension's answer. */
  settle(answer: RequestAnswer): void {
    const pending = this.#take(answer.requestNumber);
    if (answer.type === 'answer') pending?.resolve(answer.result);
    else pending?.reject(new Error(answer.message));
  }

  /** Rejects all requests with these methods. */
  giveUp(fits: (method: string) => boolean, error: Error): void {
    for (const [requestNumber, { method }] of this.#pending) if (fits(method)) this.#take(requestNumber)?.reject(error);
  }

  /** The extension is at work, so late answers are not lost. */
  restartTimers(): void {
    for (const pending of this.#pending.values()) pending.restartTimer();
  }

  #take(requestNumber: number): Pending | undefined {
    const pending = this.#pending.get(requestNumber);
    if (pending === undefined) return undefined; // it timed out
    this.#pending.delete(requestNumber);
    clearTimeout(pending.timer);
    return pending;
  }
}
