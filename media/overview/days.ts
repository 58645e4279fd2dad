import type { Overview } from '../../src/protocol/overviewProtocol';

/** Every day of the overview in order, also those without a run, as `2026-03-02`. */
export function daysOf({ fromMs, nowMs, usage }: Overview): string[] {
  const days = new Set(usage.map(({ day }) => day)); // a run that began before the overview counts for an earlier day
  const date = new Date(fromMs);
  date.setHours(12, 0, 0, 0); // daylight saving time never skips noon
  for (; date.getTime() <= nowMs || isoDay(date) === isoDay(new Date(nowMs)); date.setDate(date.getDate() + 1))
    days.add(isoDay(date));
  return [...days].sort();
}

function isoDay(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
}

/** `2026-03-02` as the reader's locale writes it: `2 Mar`. */
export function formatDay(day: string): string {
  return new Date(`${day}T12:00:00`).toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
}
