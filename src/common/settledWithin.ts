import { setTimeout as delay } from 'node:timers/promises';

/** Waits for `work` to settle, whichever way; false where it has not within the limit. It goes on then. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const abort = new AbortController();
  const isSettled = work.then(
    () => true,
    () => true,
  );
  const isLate = delay(limitMs, false, { signal: abort.signal }).catch(() => false);
  const result = await Promise.race([isSettled, isLate]);
  abort.abort();
  return result;
}
