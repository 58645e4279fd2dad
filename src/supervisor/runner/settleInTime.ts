import { setTimeout as delay } from 'node:timers/promises';

/** Enough for a large worktree. */
const LIMIT_MS = 20_000;
/** A system that shuts down waits for nobody. */
const HURRIED_LIMIT_MS = 1_000;
/** For cancelled work to clean up. */
const CLEAN_UP_MS = 500;

/** Settles with `work`, or soon after a limit, at which `abort` is aborted. A run's end waits no longer for it. */
export async function settleInTime(
  work: Promise<void> | undefined,
  abort: AbortController,
  isHurried: boolean,
): Promise<void> {
  const isDone = new AbortController();
  const wait = async (): Promise<void> => {
    await delay(isHurried ? HURRIED_LIMIT_MS : LIMIT_MS, undefined, { signal: isDone.signal });
    abort.abort();
    await delay(CLEAN_UP_MS, undefined, { signal: isDone.signal });
  };
  await Promise.race([work, wait().catch(() => undefined)]);
  isDone.abort();
}
