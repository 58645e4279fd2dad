/** The task for a process that stands for an extension host, and its result. */
import * as v from 'valibot';

const text = v.string();
const store = { storageDirectory: text, bundles: text };

export const hostTaskSchema = v.variant('kind', [
  /** Does nothing, to measure Node alone. */
  v.object({ kind: v.literal('empty') }),
  /** Reads the list, then stays idle for `seconds`. */
  v.object({ kind: v.literal('list'), ...store, seconds: v.number() }),
  /** Starts runs and opens the timeline of one of them. */
  v.object({ kind: v.literal('runs'), ...store, repository: text, runs: v.number(), seconds: v.number() }),
  /** Keeps a timeline open while another process writes. */
  v.object({ kind: v.literal('follow'), ...store, sessionId: text, seconds: v.number() }),
  /** Copies what the run of a session on a host has recorded, until `path` has so many bytes. */
  v.object({
    kind: v.literal('copy'),
    ...store,
    hosts: v.unknown(),
    sessionId: text,
    path: text,
    bytes: v.number(),
  }),
  /** Opens one timeline after the other. */
  v.object({ kind: v.literal('timelines'), ...store, sessionIds: v.array(text) }),
]);
export type HostTask = v.InferOutput<typeof hostTaskSchema>;

export const hostResultSchema = v.object({
  /** Resident memory after each step. */
  memoryMb: v.array(v.number()),
  /** The part of the last figure that is the heap's young generation. */
  youngMb: v.optional(v.number()),
  /** Time until the list was complete. */
  listMs: v.optional(v.number()),
  /** From the connection to the last of the bytes. */
  copyMs: v.optional(v.number()),
  worstBlockMs: v.optional(v.number()),
  worstWorkMs: v.optional(v.number()),
  blockP99Ms: v.optional(v.number()),
  eventsPerSecond: v.optional(v.number()),
  wakesPerSecond: v.optional(v.number()),
  startedProcesses: v.optional(v.number()),
});
export type HostResult = v.InferOutput<typeof hostResultSchema>;
