/**
 * Asks `condition` again and again until it gives something other than undefined or false, and returns that.
 * @throws an error that names `what` once `limitMs` have passed, with the condition's own last error as its cause
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
      // Narrowing a type parameter by comparison is beyond TypeScript.
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) throw new Error(`${what} did not come about within ${String(limitMs)} ms`, { cause });
    await new Promise((fulfil) => setTimeout(fulfil, 50));
  }
}
