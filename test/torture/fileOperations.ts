/** The log of fileRecorder.ts: one JSON object per line. `file` is an inode number. */
import * as v from 'valibot';

const path = v.string();
const count = v.number();

export const fileOperationSchema = v.variant('operation', [
  v.object({ operation: v.literal('bind'), path, file: count }),
  v.object({ operation: v.literal('unbind'), path }),
  v.object({ operation: v.literal('folder'), path }),
  v.object({ operation: v.literal('size'), file: count, bytes: count }),
  v.object({ operation: v.literal('synced'), file: count, bytes: count }),
  v.object({ operation: v.literal('syncBegins'), path }),
  v.object({ operation: v.literal('namesSynced'), path }),
  /** Written by the test: what Corral has promised to keep from here on. */
  v.object({
    operation: v.literal('promise'),
    sessionId: v.string(),
    title: v.optional(v.string()),
    exitedRunId: v.optional(v.string()),
  }),
]);
export type FileOperation = v.InferOutput<typeof fileOperationSchema>;
