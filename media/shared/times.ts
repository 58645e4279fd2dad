import * as l10n from '@vscode/l10n';

/** A duration as a clock shows it: `01:02:03`. */
export function formatClock(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** A duration in its two largest units at most: `340 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return l10n.t('{0} ms', Math.max(0, Math.round(durationMs)));
  if (durationMs < 59_950) return l10n.t('{0} s', (durationMs / 1_000).toFixed(1));
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 3_600) return l10n.t('{0} min {1} s', Math.floor(seconds / 60), seconds % 60);
  return l10n.t('{0} h {1} min', Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60);
}

/** The time of day as the reader's locale writes it, with the date unless that is today. */
export function formatTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  return time.toDateString() === new Date(nowMs).toDateString() ? time.toLocaleTimeString() : time.toLocaleString();
}

/** How long ago something was: `just now`, `5 min ago`, `3 h ago`, `2 days ago`. Times in the future are `just now`. */
export function formatAge(sinceMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - sinceMs) / 60_000);
  if (!Number.isFinite(minutes) || minutes < 1) return l10n.t('just now');
  if (minutes < 60) return l10n.t('{0} min ago', minutes);
  if (minutes < 48 * 60) return l10n.t('{0} h ago', Math.floor(minutes / 60));
  return l10n.t('{0} days ago', Math.floor(minutes / 1_440));
}
