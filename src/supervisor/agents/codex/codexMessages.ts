/**
 * The part of the protocol of `codex app-server` that is used: JSON-RPC without its version field. Measured on 0.169.0; fields that a
 * version may leave out are optional, and one that is no help in another shape never makes a whole message unreadable.
 */
import * as v from 'valibot';

const text = v.string();
/** Of no help in another shape than expected, and then left out. */
export const optional = <S extends v.GenericSchema>(
  schema: S,
): v.SchemaWithFallback<v.NullishSchema<S, undefined>, undefined> => v.fallback(v.nullish(schema), undefined);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const changeSchema = v.object({
  path: text,
  kind: v.variant('type', [
    v.object({ type: v.picklist(['add', 'delete']) }),
    v.object({ type: v.literal('update'), move_path: optional(text) }),
  ]),
  /** `codex exec` tells none. */
  diff: v.optional(text),
});
export type CodexChange = v.InferOutput<typeof changeSchema>;

const status = v.picklist(['inProgress', 'completed', 'failed', 'declined']);
const itemSchema = v.variant('type', [
  v.object({ type: v.literal('userMessage'), clientId: optional(text), content: v.array(v.unknown()) }),
  v.object({ type: v.literal('agentMessage'), id: text, text }),
  v.object({ type: v.literal('reasoning'), summary: v.array(text), content: v.array(text) }),
  v.object({ type: v.literal('plan'), text }),
  v.object({
    type: v.literal('commandExecution'),
    id: text,
    command: text,
    cwd: optional(text),
    status,
    commandActions: optional(v.array(v.object({ type: text, command: text }))),
    aggregatedOutput: optional(text),
    exitCode: optional(v.number()),
  }),
  v.object({ type: v.literal('fileChange'), id: text, changes: v.array(changeSchema), status }),
  v.object({
    type: v.literal('mcpToolCall'),
    id: text,
    server: text,
    tool: text,
    status,
    arguments: v.optional(v.unknown()),
    result: optional(v.object({ content: v.array(v.unknown()) })),
    error: optional(v.object({ message: text })),
  }),
  v.object({ type: v.literal('webSearch'), id: text, query: text }),
  v.object({ type: v.literal('contextCompaction') }),
]);
export type CodexItem = v.InferOutput<typeof itemSchema>;

const textInputSchema = v.object({ type: v.literal('text'), text });

/** The words of what a user said. */
export function inputText(content: readonly unknown[]): string {
  return content.map((part) => (v.is(textInputSchema, part) ? part.text : JSON.stringify(part))).join('\n');
}

const breakdown = v.object({ inputTokens: count, cachedInputTokens: count, outputTokens: count });
export type CodexTokens = v.InferOutput<typeof breakdown>;
const turnErrorSchema = v.object({ message: text, additionalDetails: optional(text) });
const turnSchema = v.object({ id: text, status: text, error: optional(turnErrorSchema) });
export type CodexTurn = v.InferOutput<typeof turnSchema>;

const inThread = { threadId: text };
const notificationSchema = v.variant('method', [
  v.object({ method: v.literal('turn/started'), params: v.object({ ...inThread, turn: turnSchema }) }),
  v.object({ method: v.literal('turn/completed'), params: v.object({ ...inThread, turn: turnSchema }) }),
  v.object({ method: v.literal('item/started'), params: v.object({ ...inThread, item: itemSchema }) }),
  v.object({ method: v.literal('item/completed'), params: v.object({ ...inThread, item: itemSchema }) }),
  v.object({
    method: v.literal('item/agentMessage/delta'),
    params: v.object({ ...inThread, itemId: text, delta: text }),
  }),
  v.object({
    method: v.literal('thread/tokenUsage/updated'),
    params: v.object({ ...inThread, turnId: text, tokenUsage: v.object({ total: breakdown, last: breakdown }) }),
  }),
  v.object({
    method: v.literal('turn/plan/updated'),
    params: v.object({
      ...inThread,
      plan: v.array(v.object({ step: text, status: v.picklist(['pending', 'inProgress', 'completed']) })),
    }),
  }),
  v.object({
    method: v.literal('error'),
    params: v.object({ ...inThread, error: turnErrorSchema, willRetry: v.boolean() }),
  }),
  v.object({
    method: v.literal('serverRequest/resolved'),
    params: v.object({ requestId: v.union([text, v.number()]) }),
  }),
  v.object({ method: v.literal('configWarning'), params: v.object({ summary: text }) }),
  v.object({ method: v.picklist(['warning', 'guardianWarning']), params: v.object({ message: text }) }),
]);
export type CodexNotification = v.InferOutput<typeof notificationSchema>;

/** Undefined where the notification is of no known shape. */
export function parseCodexNotification(notification: unknown): CodexNotification | undefined {
  const parsed = v.safeParse(notificationSchema, notification);
  return parsed.success ? parsed.output : undefined;
}

/** Progress that other messages tell again, or nothing about the work. */
const QUIET = new Set([
  'account/rateLimits/updated',
  'account/updated',
  'app/list/updated',
  'deprecationNotice',
  'item/commandExecution/outputDelta',
  'item/commandExecution/terminalInteraction',
  'item/fileChange/outputDelta',
  'item/fileChange/patchUpdated',
  'item/mcpToolCall/progress',
  'item/plan/delta',
  'item/reasoning/summaryPartAdded',
  'item/reasoning/summaryTextDelta',
  'item/reasoning/textDelta',
  'mcpServer/startupStatus/updated',
  'remoteControl/status/changed',
  'skills/changed',
  'thread/closed',
  'thread/goal/cleared',
  'thread/name/updated',
  'thread/settings/updated',
  'thread/started',
  'thread/status/changed',
  'turn/diff/updated',
]);

export function isQuiet(method: string): boolean {
  return QUIET.has(method);
}

export const initializedSchema = v.object({ userAgent: optional(text) });
export const threadSchema = v.object({ thread: v.object({ id: text }), model: optional(text) });
export const startedTurnSchema = v.object({ turn: v.object({ id: text }) });

export const approvalSchema = v.object({
  itemId: text,
  reason: optional(text),
  command: optional(text),
  commandActions: optional(v.array(v.object({ type: text, command: text }))),
});
