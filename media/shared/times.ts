/** `01:02:03`. */
export function formatClock(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** A short duration: `340 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${String(Math.max(0, Math.round(durationMs)))} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 3_600) return `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
  return `${String(Math.floor(seconds / 3_600))} h ${String(Math.floor(seconds / 60) % 60)} min`;
}

/** The time of day in the person's own way, with the date where that is not today's. */
export function formatTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  return time.toDateString() === new Date(nowMs).toDateString() ? time.toLocaleTimeString() : time.toLocaleString();
}

/** How long ago, coarsely: `just now`, `5 min ago`. A clock that was set back makes it `just now`, never negative. */
export function formatAge(sinceMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - sinceMs) / 60_000);
  if (!Number.isFinite(minutes) || minutes < 1) return 'just now';
  if (minutes < 60) return `${String(minutes)} min ago`;
  if (minutes < 48 * 60) return `${String(Math.floor(minutes / 60))} h ago`;
  return `${String(Math.floor(minutes / 1_440))} days ago`;
}
