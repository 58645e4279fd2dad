/**
 * The part of the protocol of `codex app-server` that is used: JSON-RPC without its version field, as measured on
 * 0.169.0. Fields that a version may leave out are optional.
 */
import * as v from 'valibot';
import type { Picture } from '../../../storage/events';
import { nameOfPictures, pictureOf } from '../driver/pictures';
import { count, lenient, text } from '../driver/schemas';
import { rateLimitsSchema } from './codexLimits';

const changeSchema = v.object({
  path: text,
  kind: v.variant('type', [
    v.object({ type: v.picklist(['add', 'delete']) }),
    // May be null: the changes become a call's input as they are.
    v.object({ type: v.literal('update'), move_path: v.fallback(v.nullish(text), undefined) }),
  ]),
  /** Absent in `codex exec`. */
  diff: v.optional(text),
});
export type CodexChange = v.InferOutput<typeof changeSchema>;

const status = v.picklist(['inProgress', 'completed', 'failed', 'declined']);
const itemSchema = v.variant('type', [
  v.object({ type: v.literal('userMessage'), clientId: lenient(text), content: v.array(v.unknown()) }),
  v.object({ type: v.literal('agentMessage'), id: text, text }),
  v.object({ type: v.literal('reasoning'), summary: v.array(text), content: v.array(text) }),
  v.object({ type: v.literal('plan'), text }),
  v.object({
    type: v.literal('commandExecution'),
    id: text,
    command: text,
    cwd: lenient(text),
    status,
    commandActions: lenient(v.array(v.object({ type: text, command: text }))),
    aggregatedOutput: lenient(text),
    exitCode: lenient(v.number()),
  }),
  v.object({ type: v.literal('fileChange'), id: text, changes: v.array(changeSchema), status }),
  v.object({
    type: v.literal('mcpToolCall'),
    id: text,
    server: text,
    tool: text,
    status,
    arguments: v.optional(v.unknown()),
    result: lenient(v.object({ content: v.array(v.unknown()) })),
    error: lenient(v.object({ message: text })),
  }),
  v.object({ type: v.literal('webSearch'), id: text, query: text }),
  v.object({ type: v.literal('contextCompaction') }),
]);
export type CodexItem = v.InferOutput<typeof itemSchema>;

/** The items that are tool calls. */
const CALL_TYPES = ['commandExecution', 'fileChange', 'mcpToolCall', 'webSearch'] as const;
export type CodexCall = Extract<CodexItem, { type: (typeof CALL_TYPES)[number] }>;

export function isCall(item: CodexItem): item is CodexCall {
  return CALL_TYPES.some((type) => type === item.type);
}

const textPartSchema = v.object({ type: v.literal('text'), text });

const localPictureSchema = v.object({ type: v.literal('localImage'), path: text });

export interface CodexContent {
  text: string;
  pictures: Picture[];
}

/** A message or a tool's result. A picture that is a file is named; parts of other types are kept as JSON. */
export function contentOf(parts: readonly unknown[]): CodexContent {
  const texts: string[] = [];
  const pictures: Picture[] = [];
  for (const part of parts) {
    const picture = pictureOf(part);
    if (picture !== undefined) pictures.push(picture);
    else if (v.is(textPartSchema, part)) texts.push(part.text);
    else if (v.is(localPictureSchema, part)) texts.push(`Picture: ${part.path.replace(/^.*[\\/]/s, '')}`);
    else texts.push(JSON.stringify(part));
  }
  const joined = texts.join('\n');
  return { text: joined.trim() === '' && pictures.length > 0 ? nameOfPictures(pictures.length) : joined, pictures };
}

const breakdown = v.object({ inputTokens: count, cachedInputTokens: count, outputTokens: count });
export type CodexTokens = v.InferOutput<typeof breakdown>;
const tokenUsage = v.object({ total: breakdown, last: breakdown, modelContextWindow: lenient(count) });
export type CodexTokenUsage = v.InferOutput<typeof tokenUsage>;
const turnErrorSchema = v.object({
  message: text,
  additionalDetails: lenient(text),
  /** The name of a kind of error, or an object with one. */
  codexErrorInfo: v.optional(v.unknown()),
});
const turnSchema = v.object({ id: text, status: text, error: lenient(turnErrorSchema) });
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
    params: v.object({ ...inThread, turnId: text, tokenUsage }),
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
  v.object({ method: v.literal('account/rateLimits/updated'), params: rateLimitsSchema }),
  v.object({
    method: v.literal('serverRequest/resolved'),
    params: v.object({ requestId: v.union([text, v.number()]) }),
  }),
  v.object({ method: v.literal('configWarning'), params: v.object({ summary: text }) }),
  v.object({ method: v.picklist(['warning', 'guardianWarning']), params: v.object({ message: text }) }),
]);
export type CodexNotification = v.InferOutput<typeof notificationSchema>;

/** Undefined for an unknown notification. */
export function parseCodexNotification(notification: unknown): CodexNotification | undefined {
  const parsed = v.safeParse(notificationSchema, notification);
  return parsed.success ? parsed.output : undefined;
}

/** Notifications that later ones report in full, or that are not about the work. */
const IGNORED_NOTIFICATIONS = new Set([
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

export function isIgnored(method: string): boolean {
  return IGNORED_NOTIFICATIONS.has(method);
}
