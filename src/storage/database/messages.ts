/** The messages between the extension host and the store's worker. */
import * as v from 'valibot';
import { TIMELINE_QUERIES } from '../timelineQueries';
import type { TimelineQuery } from '../timelineQueries';

const text = v.string();
const QUERIES = Object.keys(TIMELINE_QUERIES) as TimelineQuery[]; // the keys of our own table
const sessionKeySchema = v.object({ createdAt: text, sessionId: text });
const doorbellSchema = v.object({ head: text, offset: v.number() });
const limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000));

export const workerDataSchema = v.object({ root: text });
export type WorkerData = v.InferOutput<typeof workerDataSchema>;

/**
 * Requests are answered in their order. Others are answered while a `checkpoint` is written, and while the timeline of
 * a `catchUp` or `query` is loaded.
 */
const requestSchema = v.variant('method', [
  /** The first one; answered when the catalog is loaded. */
  v.object({ method: v.literal('open'), readOnly: v.boolean() }),
  v.object({ method: v.literal('listSessions'), after: v.optional(sessionKeySchema), limit }),
  v.object({ method: v.literal('readSession'), sessionId: text }),
  v.object({ method: v.literal('sessionIds') }),
  v.object({ method: v.literal('findStale'), sessionIds: v.array(text) }),
  v.object({ method: v.literal('doorbell') }),
  v.object({ method: v.literal('sync'), sessionId: text }),
  v.object({ method: v.literal('catchUp'), sessionId: text }),
  /** `TIMELINE_QUERIES` has the shape of the parameters. */
  v.object({ method: v.literal('query'), sessionId: text, query: v.picklist(QUERIES), parameters: v.unknown() }),
  v.object({ method: v.literal('agentSession'), sessionId: text }),
  v.object({ method: v.literal('checkpoint'), doorbell: v.optional(doorbellSchema) }),
]);
export type Request = v.InferOutput<typeof requestSchema>;

export const envelopeSchema = v.object({ callId: v.number(), request: requestSchema });

export const replySchema = v.union([
  v.object({ callId: v.number(), result: v.unknown() }),
  v.object({ callId: v.number(), error: v.object({ code: text, message: text }) }),
]);

/** Only this share of the journals is in the timeline, or 0 while that is loaded: ask again. */
const catchingUpSchema = v.object({ catchingUp: v.number() });

export const RESULT_SCHEMAS = {
  nothing: v.null(),
  listSessions: v.object({ sessionIds: v.array(text), facts: text, next: v.exactOptional(sessionKeySchema) }),
  /** JSON, as in the catalog. */
  readSession: v.nullable(text),
  sessionIds: v.array(text),
  findStale: v.object({ stale: v.array(text), lookedAt: v.number() }),
  doorbell: v.nullable(doorbellSchema),
  sync: v.object({
    /** JSON, as in the catalog. */
    facts: v.nullable(text),
    appended: v.array(v.object({ runId: text, fromSeq: v.number(), toSeq: v.number() })),
    more: v.boolean(),
    unreadable: v.exactOptional(text),
  }),
  catchUp: v.union([catchingUpSchema, v.null()]),
  query: v.union([catchingUpSchema, v.object({ answer: v.unknown() })]),
  agentSession: v.nullable(v.object({ nativeSessionId: text, backendType: text })),
} as const;
