import * as l10n from '@vscode/l10n';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago `timestamp` was, in one unit: `now`, `3 min`, `2 h`, `5 d`. Clocks jump: a time to come is `now`. */
export function elapsedTime(timestamp: string, nowMs: number): string {
  const elapsedMs = nowMs - Date.parse(timestamp);
  if (!(elapsedMs >= MINUTE_MS)) return l10n.t('now');
  if (elapsedMs < HOUR_MS) return l10n.t('{0} min', Math.floor(elapsedMs / MINUTE_MS));
  if (elapsedMs < DAY_MS) return l10n.t('{0} h', Math.floor(elapsedMs / HOUR_MS));
  return l10n.t('{0} d', Math.floor(elapsedMs / DAY_MS));
}

/** The same for narrow rows: `now`, `3m`, `2h`, `5d`. */
export function shortElapsedTime(timestamp: string, nowMs: number): string {
  const elapsedMs = nowMs - Date.parse(timestamp);
  if (!(elapsedMs >= MINUTE_MS)) return l10n.t('now');
  if (elapsedMs < HOUR_MS) return l10n.t('{0}m', Math.floor(elapsedMs / MINUTE_MS));
  if (elapsedMs < DAY_MS) return l10n.t('{0}h', Math.floor(elapsedMs / HOUR_MS));
  return l10n.t('{0}d', Math.floor(elapsedMs / DAY_MS));
}

/** The time of day as the reader's locale writes it, to the minute; with the date unless that is today. */
export function timeOfDay(timestamp: string, nowMs: number): string {
  const time = new Date(timestamp);
  return time.toDateString() === new Date(nowMs).toDateString()
    ? time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })
    : time.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });
}
