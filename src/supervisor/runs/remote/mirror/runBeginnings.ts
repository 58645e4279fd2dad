import type { Disposable } from '../../../../common/disposable';
import { isQueued } from '../../../../storage/sessionState';
import type { SessionModel } from '../../../sessions/sessionModel';
import type { RunSlots } from '../../queue/runSlots';
import { Waiters } from './waiters';

/** Lets copies wait for runs that nobody has begun to start, of which their hosts can know nothing. */
export class RunBeginnings implements Disposable {
  readonly #model: SessionModel;
  readonly #slots: RunSlots;
  /** By the ids of sessions. */
  readonly #waiters = new Waiters();
  readonly #begun = new Set<string>();
  readonly #subscription: Disposable;

  constructor(model: SessionModel, slots: RunSlots) {
    this.#model = model;
    this.#slots = slots;
    this.#subscription = model.changed.event(({ sessionIds }) => {
      for (const id of sessionIds) this.#waiters.wake(id);
    });
  }

  /** This window has asked the run's host to start it. */
  note(sessionId: string, runId: string): void {
    this.#begun.add(runId);
    this.#waiters.wake(sessionId);
  }

  /** Settles when the run's host may know of it, as far as this window can tell, or with `signal`. */
  async untilBegun(sessionId: string, runId: string, signal: AbortSignal): Promise<void> {
    if (!this.#isWaiting(sessionId, runId) || (await this.#slots.has(runId))) return;
    while (!signal.aborted && this.#isWaiting(sessionId, runId)) await this.#waiters.wait(sessionId, signal);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  #isWaiting(sessionId: string, runId: string): boolean {
    const run = this.#model.find(sessionId)?.runs.find((each) => each.runId === runId);
    return run !== undefined && isQueued(run) && run.stopRequestedAt === undefined && !this.#begun.has(runId);
  }
}
