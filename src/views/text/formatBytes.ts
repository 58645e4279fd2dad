const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** A size for people, with at most three significant digits: `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const exponent = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** exponent;
  return `${exponent === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[exponent] ?? ''}`;
}
