import type { SessionEvent } from '../events';

/**
 * A field of an event's data as text, whole: what lies in blobs is put back into its place. What is no text becomes indented JSON.
 * Undefined where the event has no such field.
 */
export async function readPayload(
  event: SessionEvent,
  field: string,
  readBlob: (sha256: string) => Promise<string>,
): Promise<string | undefined> {
  const { blobs = {}, ...data } = event.data;
  const fields = new Map<string, unknown>(Object.entries(data));
  if (!fields.has(field)) return undefined;
  let payload = fields.get(field);
  for (const [pointer, { sha256 }] of Object.entries(blobs)) {
    const [, first = '', ...rest] = pointer.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')); // RFC 6901
    if (first !== field) continue;
    const content = await readBlob(sha256);
    payload = replaced(payload, rest, content);
  }
  return typeof payload === 'string' ? payload : JSON.stringify(payload, undefined, 2);
}

/** `value` with `content` at the place that `keys` lead to. */
function replaced(value: unknown, keys: readonly string[], content: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return content;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? replaced(item, rest, content) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, name === key ? replaced(item, rest, content) : item]),
  );
}
