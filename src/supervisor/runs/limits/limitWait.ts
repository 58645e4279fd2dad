/** How long a session waits that met a usage limit. Pure. */
import type { UsageLimit } from '../../../storage/events';
import type { RunFacts } from '../../../storage/sessionFacts';
import type { LimitWait } from '../../../storage/sessionRecords';

const MINUTE_MS = 60_000;
/** Beyond any limit that an agent tells. */
export const FARTHEST_WAIT_MS = 33 * 24 * 60 * MINUTE_MS;
const MAX_RETRY_MS = 60 * MINUTE_MS;
/** Together with the pauses between them, more than five hours, which is the commonest limit. */
const MAX_ATTEMPTS = 12;

/**
 * The wait after the run that ended at its `limit`; undefined where it has been tried in vain often enough. Without an
 * end to come, the session tries again after 1, 2, 4 … at most 60 minutes.
 */
export function waitAfter(
  run: RunFacts & { limit: UsageLimit },
  account: string,
  nowMs: number,
): LimitWait | undefined {
  const { limit, waitsFor, usage } = run;
  const attempt = usage.outputTokens > 0 ? 1 : (waitsFor?.attempt ?? 0) + 1;
  if (attempt > MAX_ATTEMPTS) return undefined;
  const resetMs = limit.resetsAt === undefined ? NaN : Date.parse(limit.resetsAt);
  const retryMs = nowMs + Math.min(MAX_RETRY_MS, MINUTE_MS * 2 ** (attempt - 1));
  const isKnown = resetMs > nowMs && resetMs - nowMs <= FARTHEST_WAIT_MS;
  const notBefore = new Date(isKnown ? resetMs : retryMs).toISOString();
  return { notBefore, account, attempt, ...(limit.window === undefined ? {} : { window: limit.window }) };
}
