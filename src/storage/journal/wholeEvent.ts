/** An event with what its line had no room for. */
import { readFile } from 'node:fs/promises';
import type { SessionEvent } from '../events';
import { parseDraft } from '../events';
import type { RunPaths } from '../paths';

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~'); // RFC 6901
}

/** Puts `content` where `pointer` says: text where text was, anything else as the JSON that it was kept as. Always makes new objects on the way. */
function placed(value: unknown, keys: readonly string[], content: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return typeof value === 'string' ? content : JSON.parse(content);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? placed(item, rest, content) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]: [string, unknown]) => [
      name,
      name === key ? placed(item, rest, content) : item,
    ]),
  );
}

/** The event with all blobs in their places. One that is missing leaves its preview, and stays named in `blobs`. */
export async function wholeEvent(run: RunPaths, event: SessionEvent): Promise<SessionEvent> {
  const { blobs, ...rest } = event.data;
  if (blobs === undefined) return event;
  let data: unknown = rest;
  const missing: typeof blobs = {};
  for (const [pointer, reference] of Object.entries(blobs)) {
    try {
      data = placed(
        data,
        pointer.split('/').slice(1).map(unescapeKey),
        await readFile(run.blob(reference.sha256), 'utf8'),
      );
    } catch {
      missing[pointer] = reference;
    }
  }
  const whole = parseDraft(
    event.kind,
    Object.keys(missing).length === 0 ? data : { ...(data as object), blobs: missing },
  );
  return whole === undefined ? event : { ...event, ...whole };
}
