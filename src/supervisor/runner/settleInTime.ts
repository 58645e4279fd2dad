/** How long a run's end is kept back by looks that are wanted but not needed. */
import { setTimeout as delay } from 'node:timers/promises';

/** Enough for a large worktree. A system that shuts down waits for nobody. */
const LIMIT_MS = 20_000;
const HURRIED_LIMIT_MS = 1_000;
/** For what was cancelled to tidy up. */
const TIDY_MS = 500;

/** Settles with `work`, or soon after the limit, at which `abort` is aborted: not all work heeds that. */
export async function settleInTime(
  work: Promise<void> | undefined,
  abort: AbortController,
  isHurried: boolean,
): Promise<void> {
  const isDone = new AbortController();
  const wait = async (): Promise<void> => {
    await delay(isHurried ? HURRIED_LIMIT_MS : LIMIT_MS, undefined, { signal: isDone.signal });
    abort.abort();
    await delay(TIDY_MS, undefined, { signal: isDone.signal });
  };
  await Promise.race([work, wait().catch(() => undefined)]);
  isDone.abort();
}
