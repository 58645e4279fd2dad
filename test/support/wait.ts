/**
 * Calls `condition` until it returns something other than undefined or false, and resolves with that.
 * @throws after `limitMs`, with `what` in the message and the condition's last error as the cause
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, limitMs = 60_000 }: { what: string; limitMs?: number },
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + limitMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      // TypeScript does not narrow a type parameter by comparison.
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(`${what} did not come about within ${String(limitMs)} ms`, { cause });
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
}

/** Resolves in a later turn of the event loop. */
export async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
