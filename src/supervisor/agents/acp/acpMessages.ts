/**
 * The part of the Agent Client Protocol (version 1) that is used. The names are checked against the official SDK's types; what
 * agents send is validated here, leniently: a field that is no help where it has another shape never makes a whole message unreadable.
 */
import type { SessionUpdate, ToolKind } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import { permissionOptionSchema } from '../../../storage/events';

const text = v.string();
const optional = <S extends v.GenericSchema>(
  schema: S,
): v.SchemaWithFallback<v.NullishSchema<S, undefined>, undefined> => v.fallback(v.nullish(schema), undefined);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const unknownRecord = v.record(text, v.unknown());

const contentBlockSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text }),
  v.object({ type: v.picklist(['image', 'audio']), mimeType: text }),
  v.object({ type: v.literal('resource_link'), uri: text }),
  v.object({ type: v.literal('resource'), resource: v.object({ uri: text, text: optional(text) }) }),
]);

/** What a block of content shows to a person; what is not text is named, since the agent's raw output holds it. */
export function contentText(content: unknown): string {
  const parsed = v.safeParse(contentBlockSchema, content);
  if (!parsed.success) return JSON.stringify(content);
  switch (parsed.output.type) {
    case 'text':
      return parsed.output.text;
    case 'resource_link':
      return parsed.output.uri;
    case 'resource':
      return parsed.output.resource.text ?? parsed.output.resource.uri;
    default:
      return `[${parsed.output.type} ${parsed.output.mimeType}]`;
  }
}

const diffSchema = v.object({
  type: v.literal('diff'),
  path: text,
  oldText: v.nullish(text),
  newText: text,
  _meta: optional(v.object({ kind: optional(text) })),
});
export type AcpDiff = v.InferOutput<typeof diffSchema>;
const toolContentSchema = v.union([
  diffSchema,
  v.object({ type: v.literal('content'), content: v.unknown() }),
  // We offer no terminals; an agent that shows its own this way tells the output elsewhere.
  v.object({ type: v.literal('terminal'), terminalId: text }),
]);

const TOOL_KINDS = [
  'read',
  'edit',
  'delete',
  'move',
  'search',
  'execute',
  'think',
  'fetch',
  'switch_mode',
  'other',
] as const satisfies ToolKind[];

const toolFields = {
  toolCallId: text,
  title: optional(text),
  name: optional(text),
  kind: optional(v.picklist(TOOL_KINDS)),
  status: optional(v.picklist(['pending', 'in_progress', 'completed', 'failed'])),
  content: optional(v.array(toolContentSchema)),
  locations: optional(v.array(v.object({ path: text, line: optional(count) }))),
  rawInput: v.optional(v.unknown()),
  rawOutput: v.optional(v.unknown()),
  _meta: optional(unknownRecord),
};
export const toolUpdateSchema = v.object(toolFields);
export type AcpToolUpdate = v.InferOutput<typeof toolUpdateSchema>;

/** A kind of update that the SDK knows. */
const kind = <K extends SessionUpdate['sessionUpdate']>(name: K): v.LiteralSchema<K, undefined> => v.literal(name);
const chunk = { content: v.unknown(), messageId: optional(text) };
const updateSchema = v.variant('sessionUpdate', [
  v.object({ sessionUpdate: kind('agent_message_chunk'), ...chunk }),
  v.object({ sessionUpdate: kind('agent_thought_chunk'), ...chunk }),
  v.object({ sessionUpdate: kind('tool_call'), ...toolFields }),
  v.object({ sessionUpdate: kind('tool_call_update'), ...toolFields }),
  v.object({
    sessionUpdate: kind('plan'),
    entries: v.array(v.object({ content: text, status: v.picklist(['pending', 'in_progress', 'completed']) })),
  }),
  v.object({
    sessionUpdate: kind('usage_update'),
    cost: optional(v.object({ amount: v.pipe(v.number(), v.finite()), currency: text })),
  }),
  v.object({ sessionUpdate: kind('session_info_update'), _meta: optional(unknownRecord) }),
  // Not about the work: what could be typed, and our own messages, which we know.
  v.object({ sessionUpdate: kind('available_commands_update') }),
  v.object({ sessionUpdate: kind('current_mode_update') }),
  v.object({ sessionUpdate: kind('config_option_update') }),
  v.object({ sessionUpdate: kind('user_message_chunk') }),
]);
export type AcpUpdate = v.InferOutput<typeof updateSchema>;
export const sessionUpdateSchema = v.object({ sessionId: text, update: updateSchema });

/** Notes of Codex's adapter: the thread has failed. */
export const systemErrorSchema = v.object({
  codex: v.object({ threadStatus: v.object({ type: v.literal('systemError') }) }),
});

export const permissionRequestSchema = v.object({
  sessionId: text,
  toolCall: toolUpdateSchema,
  options: v.pipe(v.array(permissionOptionSchema), v.minLength(1)),
});
export type AcpPermissionRequest = v.InferOutput<typeof permissionRequestSchema>;

export const initializeResultSchema = v.object({
  protocolVersion: v.number(),
  agentCapabilities: optional(
    v.object({
      loadSession: optional(v.boolean()),
      sessionCapabilities: optional(v.object({ resume: optional(unknownRecord) })),
    }),
  ),
  agentInfo: optional(v.object({ name: text, version: optional(text) })),
});
export type AcpAgent = v.InferOutput<typeof initializeResultSchema>;

export const sessionResultSchema = v.object({
  /** Absent where a session was taken up again. */
  sessionId: v.optional(text),
  modes: optional(v.object({ currentModeId: text, availableModes: v.array(v.object({ id: text })) })),
  configOptions: optional(
    v.array(v.object({ id: text, category: optional(text), currentValue: v.optional(v.unknown()) })),
  ),
});
export type AcpSession = v.InferOutput<typeof sessionResultSchema>;

const tokens = optional(count);
const usageSchema = v.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cachedReadTokens: tokens,
  cachedWriteTokens: tokens,
});
/** Gemini tells its tokens only here. */
const quotaSchema = v.object({
  quota: v.object({ token_count: v.object({ input_tokens: tokens, output_tokens: tokens }) }),
});
export const promptResultSchema = v.object({
  stopReason: text,
  usage: optional(usageSchema),
  _meta: optional(v.unknown()),
});
export type AcpPromptResult = v.InferOutput<typeof promptResultSchema>;

/** The tokens of a turn, or undefined where the agent tells none. */
export function tokensOf({
  usage,
  _meta: meta,
}: AcpPromptResult): { inputTokens: number; outputTokens: number; cachedTokens: number } | undefined {
  if (usage) {
    return {
      inputTokens: (usage.inputTokens ?? 0) + (usage.cachedWriteTokens ?? 0),
      outputTokens: usage.outputTokens ?? 0,
      cachedTokens: usage.cachedReadTokens ?? 0,
    };
  }
  const quota = v.safeParse(quotaSchema, meta);
  if (!quota.success) return undefined;
  const { input_tokens: inputTokens, output_tokens: outputTokens } = quota.output.quota.token_count;
  return { inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0, cachedTokens: 0 };
}
