import type { RunPaths } from '../../storage/paths';
import { isGivenUp } from './claimFile';

/** How old an answer may be. A process that was stopped meanwhile looks again before it writes. */
const FRESH_MS = 1_000;

/** Whether this runner still has its run, or a person marked that as gone while nobody could reach this process. */
export class RunHold {
  readonly #run: RunPaths;
  readonly #onLost: () => void;
  #isLost = false;
  /** By the clock, which also goes on while the machine sleeps. */
  #checkedAtMs = Number.NEGATIVE_INFINITY;

  /** `onLost` is called once. */
  constructor(run: RunPaths, onLost: () => void) {
    this.#run = run;
    this.#onLost = onLost;
  }

  /** True while nobody marked the run as gone. Where the disk does not tell, the last answer holds. */
  async check(): Promise<boolean> {
    if (!this.#isLost && (await isGivenUp(this.#run).catch(() => false))) {
      this.#isLost = true;
      this.#onLost();
    }
    this.#checkedAtMs = Date.now();
    return !this.#isLost;
  }

  /** Settles when something may be written: at once, or never where the run was lost. */
  readonly mayWrite = async (): Promise<void> => {
    const isFresh = Math.abs(Date.now() - this.#checkedAtMs) < FRESH_MS;
    if (!(isFresh ? !this.#isLost : await this.check())) await new Promise<never>(() => undefined);
  };
}
