/** What a process that stands for an extension host is to do, and what it found. */
import * as v from 'valibot';

const text = v.string();
const store = { storageDirectory: text, bundles: text };

export const hostTaskSchema = v.variant('kind', [
  /** Nothing at all: what Node itself takes. */
  v.object({ kind: v.literal('empty') }),
  /** Has the list, and does nothing for so many seconds. */
  v.object({ kind: v.literal('list'), ...store, seconds: v.number() }),
  /** Starts runs, and has the timeline of one of them open. */
  v.object({ kind: v.literal('runs'), ...store, repository: text, runs: v.number(), seconds: v.number() }),
  /** Has a timeline open while others write. */
  v.object({ kind: v.literal('follow'), ...store, sessionId: text, seconds: v.number() }),
  /** Opens one timeline after the other. */
  v.object({ kind: v.literal('timelines'), ...store, sessionIds: v.array(text) }),
]);
export type HostTask = v.InferOutput<typeof hostTaskSchema>;

export const hostResultSchema = v.object({
  /** Resident, after each step. */
  memoryMb: v.array(v.number()),
  /** Of the last of these, the young generation of the heap. */
  youngMb: v.optional(v.number()),
  /** Until the list was there. */
  listMs: v.optional(v.number()),
  worstBlockMs: v.optional(v.number()),
  worstWorkMs: v.optional(v.number()),
  blockP99Ms: v.optional(v.number()),
  eventsPerSecond: v.optional(v.number()),
  wakesPerSecond: v.optional(v.number()),
  startedProcesses: v.optional(v.number()),
});
export type HostResult = v.InferOutput<typeof hostResultSchema>;
