import { readRegular } from '../../common/disks/regularFile';
import type { SessionEvent } from '../events';
import { parseDraft } from '../events';
import type { RunPaths } from '../paths';
import { pointerKeys, replaceAt } from './jsonPointer';

/** The event with its blobs in place of their previews. Where a blob is missing, the preview and its reference stay. */
export async function wholeEvent(run: RunPaths, event: SessionEvent): Promise<SessionEvent> {
  const { blobs, ...rest } = event.data;
  if (blobs === undefined) return event;
  let data: unknown = rest;
  const missing: typeof blobs = {};
  for (const [pointer, reference] of Object.entries(blobs)) {
    try {
      const content = await readRegular(run.blob(reference.sha256));
      // A text was kept as it was, any other value as JSON.
      const restore = (preview: unknown): unknown => (typeof preview === 'string' ? content : JSON.parse(content));
      data = replaceAt(data, pointerKeys(pointer), restore);
    } catch {
      missing[pointer] = reference;
    }
  }
  const isWhole = Object.keys(missing).length === 0;
  const whole = parseDraft(event.kind, isWhole ? data : { ...(data as object), blobs: missing });
  return whole === undefined ? event : { ...event, ...whole };
}
