/** What the extension host and the store's worker say to each other. */
import * as v from 'valibot';
import { EVENT_KINDS, densitySchema, facetsSchema, foundCountsSchema } from '../events';
import { factsRowSchema } from './catalog';
import { eventRowsSchema } from './timeline';

const text = v.string();
const limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000));

export const workerDataSchema = v.object({ root: text, readOnly: v.boolean() });
export type WorkerData = v.InferOutput<typeof workerDataSchema>;

/** Answered in the order in which they come, but for `checkpoint`, which is written beside the others. */
export const requestSchema = v.variant('method', [
  /** Settles when the worker is ready. */
  v.object({ method: v.literal('open') }),
  v.object({ method: v.literal('listSessions'), afterId: text, limit }),
  v.object({ method: v.literal('findStale'), afterId: text, limit }),
  v.object({ method: v.literal('sync'), sessionId: text }),
  v.object({ method: v.literal('catchUp'), sessionId: text }),
  v.object({
    method: v.literal('history'),
    sessionId: text,
    runId: v.optional(text),
    afterId: v.optional(v.number()),
    limit,
    kinds: v.optional(v.array(text)),
  }),
  v.object({ method: v.literal('runEvents'), sessionId: text, runId: text, fromSeq: v.number(), limit }),
  v.object({
    method: v.literal('findEvents'),
    sessionId: text,
    runId: text,
    fromSeq: v.number(),
    toSeq: v.number(),
    text,
    failed: v.boolean(),
    tool: v.optional(text),
    file: v.optional(text),
    kinds: v.optional(v.array(v.picklist(EVENT_KINDS))),
  }),
  v.object({ method: v.literal('facets'), sessionId: text, runId: text, fromSeq: v.number(), toSeq: v.number() }),
  v.object({
    method: v.literal('density'),
    sessionId: text,
    runId: text,
    fromSeq: v.number(),
    toSeq: v.number(),
    startMs: v.number(),
    stretchMs: v.pipe(v.number(), v.minValue(1)),
  }),
  v.object({ method: v.literal('conversation'), sessionId: text }),
  v.object({ method: v.literal('agentSession'), sessionId: text }),
  v.object({ method: v.literal('checkpoint') }),
]);
export type Request = v.InferOutput<typeof requestSchema>;

export const envelopeSchema = v.object({ callId: v.number(), request: requestSchema });

export const replySchema = v.union([
  v.object({ callId: v.number(), result: v.unknown() }),
  v.object({ callId: v.number(), error: v.object({ code: text, message: text }) }),
]);

const conversationEntrySchema = v.object({ runId: text, role: text, content: text, timestamp: text });

/** The timeline is not at its journals' ends yet, and this share of them was read: ask again. */
const catchingUpSchema = v.object({ catchingUp: v.number() });

export const RESULT_SCHEMAS = {
  nothing: v.null(),
  listSessions: v.array(factsRowSchema),
  findStale: v.object({ sessionIds: v.array(text), next: v.optional(text) }),
  sync: v.object({
    /** JSON, as in the catalog. */
    facts: v.nullable(text),
    appended: v.array(v.object({ runId: text, fromSeq: v.number(), toSeq: v.number() })),
    more: v.boolean(),
  }),
  catchUp: v.union([catchingUpSchema, v.null()]),
  events: v.union([catchingUpSchema, v.object({ events: v.pipe(text, v.parseJson(), eventRowsSchema) })]),
  found: v.union([catchingUpSchema, v.object({ seqs: v.array(v.number()), counts: foundCountsSchema })]),
  facets: v.union([catchingUpSchema, facetsSchema]),
  density: v.union([catchingUpSchema, v.object({ counts: densitySchema })]),
  conversation: v.union([catchingUpSchema, v.object({ entries: v.array(conversationEntrySchema) })]),
  agentSession: v.nullable(v.object({ nativeSessionId: text, backendType: text })),
} as const;
