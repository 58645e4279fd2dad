/** A size in bytes for people: `840 B`, `12 KB`, `3.4 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1_024) return `${String(bytes)} B`;
  if (bytes < 1_024 * 1_024) return `${String(Math.round(bytes / 1_024))} KB`;
  return `${(bytes / (1_024 * 1_024)).toFixed(1)} MB`;
}

/** A number with one decimal and a unit, for totals: 12345 is `12.3k`. */
export function formatNumber(value: number): string {
  if (value < 1_000) return String(value);
  if (value < 999_950) return `${(value / 1_000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** US dollars; `$0.12`, and with `digits` more for small amounts. */
export function formatCost(costUsd: number, digits = 2): string {
  return `$${costUsd.toFixed(digits)}`;
}
