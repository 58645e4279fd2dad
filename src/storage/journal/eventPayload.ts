import type { SessionEvent } from '../events';
import { pointerKeys, replaceAt } from './jsonPointer';

/**
 * A field of an event as text, with its blobs in place of their previews; other values become JSON.
 * Undefined where the event has no such field.
 * @throws what `readBlob` throws
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
    const [first, ...keys] = pointerKeys(pointer);
    if (first !== field) continue;
    const content = await readBlob(sha256);
    payload = replaceAt(payload, keys, () => content);
  }
  return typeof payload === 'string' ? payload : JSON.stringify(payload, undefined, 2);
}
