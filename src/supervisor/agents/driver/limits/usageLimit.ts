/** What agents tell of the usage limits of their accounts. Pure. */
import type { EventData, UsageLimit } from '../../../../storage/events';

const SECOND_MS = 1_000;
const HOUR_MS = 60 * 60 * SECOND_MS;
/** The longest limits last a month. What is farther away is a mistake, or the clock is wrong. */
const FARTHEST_MS = 32 * 24 * HOUR_MS;
/** A limit that was over long before it was met is a mistake as well. */
const OLDEST_MS = 24 * HOUR_MS;

/** `resetsAtMs` is left out where it cannot be true. */
export function usageLimit(resetsAtMs: number | undefined, window?: string, nowMs = Date.now()): UsageLimit {
  const isPlausible = resetsAtMs !== undefined && resetsAtMs > nowMs - OLDEST_MS && resetsAtMs < nowMs + FARTHEST_MS;
  return {
    ...(isPlausible ? { resetsAt: new Date(resetsAtMs).toISOString() } : {}),
    ...(window === undefined ? {} : { window }),
  };
}

/** Claude's until 2025: the end in seconds since 1970. */
const TIMESTAMPED = /\busage limit reached\|(\d{10})\b/i;
/** Gemini's “exhausted your capacity … will reset after 12h34m16s” and Codex's “try again in 2 hours 5 minutes”. */
const LIMITED = /\b(usage limit|quota|exhausted your capacity)\b/i;
const PERIOD = /\b(?:resets?|try again|available again)\s+(?:after|in)\s+((?:\d+\s*[a-z]+[\s,]*(?:and\s+)?)+)/i;
const UNITS_MS: Record<string, number> = { d: 24 * HOUR_MS, h: HOUR_MS, m: HOUR_MS / 60, s: SECOND_MS };

/** The limit of which the words of an error tell, with its end if they name one; undefined where they tell of none. */
export function limitInWords(words: string, nowMs = Date.now()): UsageLimit | undefined {
  const seconds = TIMESTAMPED.exec(words)?.[1];
  if (seconds !== undefined) return usageLimit(Number(seconds) * SECOND_MS, undefined, nowMs);
  if (!LIMITED.test(words)) return undefined;
  const period = PERIOD.exec(words)?.[1];
  // A quota without an end may be one that money ends, not time.
  if (period === undefined) return /\byou(?:'|’)?ve hit your usage limit\b/i.test(words) ? {} : undefined;
  let periodMs = 0;
  for (const [, count, unit = ''] of period.matchAll(/(\d+)\s*([a-z]+)/gi)) {
    const unitMs = UNITS_MS[unit.charAt(0).toLowerCase()];
    if (unitMs !== undefined) periodMs += Number(count) * unitMs;
  }
  return usageLimit(periodMs === 0 ? undefined : nowMs + periodMs, undefined, nowMs);
}

/** An error's data, with the limit of which its words tell. */
export function errorData(message: string): EventData<'error'> {
  const limit = limitInWords(message);
  return { message, ...(limit === undefined ? {} : { limit }) };
}
