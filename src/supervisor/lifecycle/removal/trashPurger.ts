import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import type { LifecycleOptions } from '../worktreeOf';

export interface TrashPurgerOptions extends LifecycleOptions {
  log: Log;
}

/** Empties the trash of deleted sessions in the background. The next start finishes what this window does not. */
export class TrashPurger {
  readonly #options: TrashPurgerOptions;
  readonly #purging = new Set<Promise<void>>();

  constructor(options: TrashPurgerOptions) {
    this.#options = options;
  }

  purge(sessionId: string): void {
    const purging = this.#finish(sessionId)
      .catch((error: unknown) => {
        this.#options.log.error(`Emptying the trash of session ${sessionId}: ${messageOf(error)}`);
      })
      .finally(() => this.#purging.delete(purging));
    this.#purging.add(purging);
  }

  async #finish(sessionId: string): Promise<void> {
    const { finishInterruptedOperation } = await import('../interruptedOperations');
    await finishInterruptedOperation(this.#options, sessionId);
  }

  /** Resolves when nothing is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#purging);
  }
}
