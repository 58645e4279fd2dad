/** Files and pictures that people give to an agent: what is recorded of them, and how many there may be. */
import * as v from 'valibot';
import { sha256Schema } from './ids';

export const ATTACHMENT_LIMITS = {
  /** With one prompt or message. */
  count: 20,
  fileBytes: 20 * 1024 * 1024,
  /** Of all files of one prompt or message. */
  totalBytes: 50 * 1024 * 1024,
} as const;

const text = v.string();
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));

export const attachmentSchema = v.object({
  /** Where it is kept in the session's folder `attachments`: the folder of its message, `/`, and its name there. */
  id: v.pipe(text, v.regex(/^[a-z2-7]{12}\/(?!\.{1,2}$)[^/\\]{1,200}$/)),
  /** As people gave it, on one line. */
  name: text,
  /** By its bytes, where they tell: `image/png`, `text/plain`, `application/octet-stream`, … */
  mediaType: text,
  bytes,
  sha256: sha256Schema,
});
/** A file that is kept with a session. */
export type AttachmentReference = v.InferOutput<typeof attachmentSchema>;
