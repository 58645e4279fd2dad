/** JSON pointers (RFC 6901): where a value stands in an event's data. */

export function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The keys that lead to the value, from the outside to the inside. */
export function pointerKeys(pointer: string): string[] {
  const [, ...keys] = pointer.split('/');
  return keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A copy of `value` in which `replace` has changed what `keys` lead to. */
export function replaceAt(value: unknown, keys: readonly string[], replace: (old: unknown) => unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return replace(value);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? replaceAt(item, rest, replace) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [
      name,
      name === key ? replaceAt(item, rest, replace) : item,
    ]),
  );
}
