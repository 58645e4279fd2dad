/** The messages between a search and its threads. */
import * as v from 'valibot';

const text = v.string();

export const threadDataSchema = v.object({
  /** The store's root. */
  root: text,
  text,
  /** So many matches of a run at most, the newest. */
  limit: v.number(),
  readOnly: v.boolean(),
});
export type ThreadData = v.InferOutput<typeof threadDataSchema>;

/** Runs are searched in the order in which they are sent. */
const taskSchema = v.object({
  ...{ number: v.number(), sessionId: text, runId: text, hasEnded: v.boolean() },
  isAside: v.exactOptional(v.boolean()),
});
export type Task = v.InferOutput<typeof taskSchema>;

/** A run to be searched, or one whose matches are read from now on. */
export const orderSchema = v.union([taskSchema, v.object({ readNumber: v.number() })]);
export type Order = v.InferOutput<typeof orderSchema>;

export const reportSchema = v.union([
  v.object({
    number: v.number(),
    match: v.object({ seq: v.number(), timestamp: text, kind: text, data: v.unknown() }),
  }),
  /** The run's last report. `unreadable` is what kept some of it from being searched. */
  v.object({ number: v.number(), isDone: v.literal(true), unreadable: v.exactOptional(text) }),
]);
export type Report = v.InferOutput<typeof reportSchema>;
