/**
 * The part of the Agent Client Protocol (version 1) that is used. The official SDK's types check the names, and what
 * agents send is validated here.
 */
import type { SessionUpdate, ToolKind } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import type { Usage } from '../../../storage/events';
import { permissionOptionSchema } from '../../../storage/events';
import { count, lenient, text } from '../driver/schemas';

const unknownRecord = v.record(text, v.unknown());

const contentBlockSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text }),
  v.object({ type: v.picklist(['image', 'audio']), mimeType: text }),
  v.object({ type: v.literal('resource_link'), uri: text }),
  v.object({ type: v.literal('resource'), resource: v.object({ uri: text, text: lenient(text) }) }),
]);

/** A block of content as text. Images and audio are only named, since output.log keeps the raw data. */
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
  _meta: lenient(v.object({ kind: lenient(text) })),
});
export type AcpDiff = v.InferOutput<typeof diffSchema>;
const toolContentSchema = v.union([
  diffSchema,
  v.object({ type: v.literal('content'), content: v.unknown() }),
  // Corral offers no terminals. An agent that has its own reports their output elsewhere.
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
  title: lenient(text),
  name: lenient(text),
  kind: lenient(v.picklist(TOOL_KINDS)),
  status: lenient(v.picklist(['pending', 'in_progress', 'completed', 'failed'])),
  content: lenient(v.array(toolContentSchema)),
  locations: lenient(v.array(v.object({ path: text, line: lenient(count) }))),
  rawInput: v.optional(v.unknown()),
  rawOutput: v.optional(v.unknown()),
  _meta: lenient(unknownRecord),
};
export const toolUpdateSchema = v.object(toolFields);
export type AcpToolUpdate = v.InferOutput<typeof toolUpdateSchema>;

/** A kind of update that the SDK's types know. */
const kind = <K extends SessionUpdate['sessionUpdate']>(name: K): v.LiteralSchema<K, undefined> => v.literal(name);
const chunk = { content: v.unknown(), messageId: lenient(text) };
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
    used: lenient(count),
    size: lenient(count),
    cost: lenient(v.object({ amount: v.pipe(v.number(), v.finite()), currency: text })),
  }),
  v.object({ sessionUpdate: kind('session_info_update'), _meta: lenient(unknownRecord) }),
  v.object({
    sessionUpdate: kind('available_commands_update'),
    availableCommands: lenient(
      v.array(
        v.object({ name: text, description: lenient(text), input: lenient(v.nullable(v.object({ hint: text }))) }),
      ),
    ),
  }),
  // Not about the work, or a repeated message of the user.
  v.object({ sessionUpdate: kind('current_mode_update') }),
  v.object({ sessionUpdate: kind('config_option_update') }),
  v.object({ sessionUpdate: kind('user_message_chunk') }),
]);
export type AcpUpdate = v.InferOutput<typeof updateSchema>;
export const sessionUpdateSchema = v.object({ sessionId: text, update: updateSchema });

/** Codex's adapter reports in this way that the thread has failed. */
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
  agentCapabilities: lenient(
    v.object({
      loadSession: lenient(v.boolean()),
      promptCapabilities: lenient(v.object({ image: lenient(v.boolean()), embeddedContext: lenient(v.boolean()) })),
      sessionCapabilities: lenient(v.object({ resume: lenient(unknownRecord), fork: lenient(unknownRecord) })),
    }),
  ),
  agentInfo: lenient(v.object({ name: text, version: lenient(text) })),
});
export type AcpAgent = v.InferOutput<typeof initializeResultSchema>;

const optionSchema = v.object({ value: text, name: lenient(text), description: lenient(text) });
const configOptionSchema = v.object({
  id: text,
  category: lenient(text),
  currentValue: v.optional(v.unknown()),
  /** Some agents put them in groups. */
  options: lenient(v.array(v.union([optionSchema, v.object({ options: v.array(optionSchema) })]))),
});
export type AcpConfigOption = v.InferOutput<typeof configOptionSchema>;

export const sessionResultSchema = v.object({
  /** Absent for a resumed session. */
  sessionId: v.optional(text),
  modes: lenient(v.object({ currentModeId: text, availableModes: v.array(v.object({ id: text })) })),
  configOptions: lenient(v.array(configOptionSchema)),
  models: lenient(
    v.object({
      availableModels: v.array(v.object({ modelId: text, name: lenient(text), description: lenient(text) })),
    }),
  ),
});
export type AcpSession = v.InferOutput<typeof sessionResultSchema>;

const usageSchema = v.object({
  inputTokens: lenient(count),
  outputTokens: lenient(count),
  cachedReadTokens: lenient(count),
  cachedWriteTokens: lenient(count),
});
/** The only place where Gemini reports its tokens. */
const quotaSchema = v.object({
  quota: v.object({ token_count: v.object({ input_tokens: lenient(count), output_tokens: lenient(count) }) }),
});
export const promptResultSchema = v.object({
  stopReason: text,
  usage: lenient(usageSchema),
  _meta: lenient(v.unknown()),
});
export type AcpPromptResult = v.InferOutput<typeof promptResultSchema>;

/** The tokens of a turn, or undefined where the agent reports none. */
export function tokensOf({ usage, _meta: meta }: AcpPromptResult): Usage | undefined {
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
