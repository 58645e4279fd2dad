/** The messages between a test and its windows, which are processes of their own. */
import * as v from 'valibot';

const text = v.string();
const event = v.object({ runId: text, seq: v.number(), digest: text });

export const windowOptionsSchema = v.object({
  storageDirectory: text,
  bundles: text,
  runnerNode: v.optional(text),
  checkpointEveryMs: v.number(),
  autoRecover: v.boolean(),
  /** The setting `corral.hosts`. */
  hosts: v.optional(v.record(text, v.unknown())),
});
export type WindowOptions = v.InferOutput<typeof windowOptionsSchema>;

export const requestSchema = v.variant('method', [
  v.object({ method: v.literal('create'), repository: text, argv: v.array(text) }),
  /** A session of the demo agent on a host. */
  v.object({ method: v.literal('createOn'), host: text, repository: text, prompt: text }),
  v.object({ method: v.literal('prepare'), repository: text }),
  v.object({ method: v.literal('clearSpares') }),
  v.object({ method: v.literal('delete'), sessionId: text }),
  v.object({ method: v.literal('resume'), sessionId: text }),
  v.object({ method: v.literal('kill'), sessionId: text }),
  v.object({ method: v.literal('rename'), sessionId: text, title: text }),
  v.object({ method: v.literal('list') }),
  v.object({ method: v.literal('history'), sessionId: text }),
  /** Resolves when nothing is left to do that was interrupted. */
  v.object({ method: v.literal('settle') }),
  v.object({ method: v.literal('close') }),
]);
export type WindowRequest = v.InferOutput<typeof requestSchema>;
export const envelopeSchema = v.object({ id: v.number(), request: requestSchema });

const sessionSchema = v.object({
  id: text,
  title: text,
  state: text,
  restored: v.boolean(),
  isOpen: v.boolean(),
  eventCount: v.number(),
  paused: v.optional(text),
  hostState: v.optional(text),
  currentRunId: v.optional(text),
  worktreePath: text,
  deleted: v.boolean(),
});
export type WindowSession = v.InferOutput<typeof sessionSchema>;

export const RESULT_SCHEMAS = {
  create: text,
  createOn: text,
  prepare: v.null(),
  clearSpares: v.null(),
  delete: v.null(),
  resume: v.null(),
  kill: v.null(),
  rename: v.null(),
  list: v.array(sessionSchema),
  history: v.array(event),
  settle: v.null(),
  close: v.null(),
} as const;

export const lineSchema = v.union([
  v.object({ id: v.number(), result: v.unknown() }),
  v.object({ id: v.number(), error: text, code: v.optional(text) }),
  /** Start-up is over: the state of every run is known. */
  v.object({ recovered: v.literal(true) }),
  /** Acknowledged events as they are in the window's index. */
  v.object({ received: v.object({ sessionId: text, events: v.array(event) }) }),
]);
