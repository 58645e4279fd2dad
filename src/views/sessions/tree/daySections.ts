import * as l10n from '@vscode/l10n';

const DAY_MS = 86_400_000;

const LABELS: Record<string, () => string> = {
  '0 today': () => l10n.t('Today'),
  '1 yesterday': () => l10n.t('Yesterday'),
  '2 week': () => l10n.t('Last 7 days'),
  '3 month': () => l10n.t('Last 30 days'),
  '4 older': () => l10n.t('Older'),
};

/** The section of a day: its name begins with its place among the others. */
export function daySection(timestamp: string, nowMs: number): string {
  const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
  const timeMs = Date.parse(timestamp) || 0;
  if (timeMs >= midnight) return '0 today';
  // The day before is shorter or longer where clocks change.
  if (timeMs >= new Date(midnight - DAY_MS / 2).setHours(0, 0, 0, 0)) return '1 yesterday';
  if (timeMs >= midnight - 6 * DAY_MS) return '2 week';
  return timeMs >= midnight - 29 * DAY_MS ? '3 month' : '4 older';
}

export function dayLabel(section: string): string {
  return LABELS[section]?.() ?? section;
}
