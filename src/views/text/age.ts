const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago, in the one unit that says enough: `now`, `3 min`, `2 h`, `5 d`. A time to come (a clock that jumped) is `now`. */
export function ageOf(timestamp: string, nowMs: number): string {
  const passed = nowMs - Date.parse(timestamp);
  if (!(passed >= MINUTE_MS)) return 'now';
  if (passed < HOUR_MS) return `${Math.floor(passed / MINUTE_MS)} min`;
  if (passed < DAY_MS) return `${Math.floor(passed / HOUR_MS)} h`;
  return `${Math.floor(passed / DAY_MS)} d`;
}
