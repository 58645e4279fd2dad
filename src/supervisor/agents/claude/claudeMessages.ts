/**
 * The wire of Claude's `stream-json`: one JSON object a line, both ways. Measured on 2.1.329; only fields that are used stand here,
 * and every field that a version may leave out is optional.
 */
import * as v from 'valibot';
import { parseJsonLine } from '../driver/jsonLine';

const text = v.string();
const optionalText = v.nullish(text);
const optionalFlag = v.nullish(v.boolean(), false);
const tokens = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const cost = v.nullish(v.pipe(v.number(), v.finite()));
/** A field that is no help where it has another shape than expected: it never makes the whole line unreadable. */
const content = v.union([text, v.array(v.unknown())]);

const init = v.object({
  type: v.literal('system'),
  subtype: v.literal('init'),
  session_id: text,
  cwd: optionalText,
  model: optionalText,
  permissionMode: optionalText,
  claude_code_version: optionalText,
});
const apiRetry = v.object({
  type: v.literal('system'),
  subtype: v.literal('api_retry'),
  attempt: v.nullish(v.number()),
  max_retries: v.nullish(v.number()),
  error_status: v.nullish(v.number()),
  error: optionalText,
});
const permissionDenied = v.object({
  type: v.literal('system'),
  subtype: v.literal('permission_denied'),
  tool_use_id: text,
});
const informational = v.object({ type: v.literal('system'), subtype: v.literal('informational'), content: text });
const compacted = v.object({ type: v.literal('system'), subtype: v.literal('compact_boundary') });
const taskEnded = v.object({
  type: v.literal('system'),
  subtype: v.literal('task_notification'),
  status: text,
  summary: text,
});

const assistant = v.object({
  type: v.literal('assistant'),
  message: v.object({ id: optionalText, content }),
  parent_tool_use_id: optionalText,
  is_api_error_message: optionalFlag,
  error: optionalText,
});
const user = v.object({
  type: v.literal('user'),
  message: v.object({ content }),
  parent_tool_use_id: optionalText,
  uuid: optionalText,
  isReplay: optionalFlag,
  tool_use_result: v.optional(v.unknown()),
  tool_result_meta: v.optional(v.unknown()),
});
const streamEvent = v.object({ type: v.literal('stream_event'), event: v.unknown(), parent_tool_use_id: optionalText });
const modelUsage = v.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadInputTokens: tokens,
  cacheCreationInputTokens: tokens,
  costUSD: cost,
});
const result = v.object({
  type: v.literal('result'),
  subtype: optionalText,
  is_error: optionalFlag,
  session_id: optionalText,
  stop_reason: optionalText,
  terminal_reason: optionalText,
  result: v.fallback(optionalText, undefined),
  errors: v.fallback(v.nullish(v.array(text)), undefined),
  total_cost_usd: v.fallback(cost, undefined),
  usage: v.fallback(
    v.nullish(
      v.object({
        input_tokens: tokens,
        output_tokens: tokens,
        cache_read_input_tokens: tokens,
        cache_creation_input_tokens: tokens,
      }),
    ),
    undefined,
  ),
  model_usage_since_last_result: v.fallback(v.nullish(v.record(text, modelUsage)), undefined),
});
const controlRequest = v.object({ type: v.literal('control_request'), request_id: text, request: v.unknown() });
const controlCancel = v.object({ type: v.literal('control_cancel_request'), request_id: text });
const controlResponse = v.object({
  type: v.literal('control_response'),
  response: v.variant('subtype', [
    v.object({ subtype: v.literal('success') }),
    v.object({ subtype: v.literal('error'), error: text }),
  ]),
});
const lifecycle = v.object({ type: v.literal('command_lifecycle'), command_uuid: text, state: text });
const rateLimit = v.object({
  type: v.literal('rate_limit_event'),
  rate_limit_info: v.object({ status: v.literal('allowed') }),
});

/** Progress that other lines tell again, better. */
const heartbeat = v.object({ type: v.picklist(['keep_alive', 'tool_progress']) });
const systemProgress = v.object({
  type: v.literal('system'),
  subtype: v.picklist(['status', 'thinking_tokens', 'task_started']),
});

const messageSchema = v.variant('type', [
  v.variant('subtype', [init, apiRetry, permissionDenied, informational, compacted, taskEnded, systemProgress]),
  assistant,
  user,
  streamEvent,
  result,
  controlRequest,
  controlCancel,
  controlResponse,
  lifecycle,
  rateLimit,
  heartbeat,
]);
export type ClaudeMessage = v.InferOutput<typeof messageSchema>;
export type ClaudeOf<T extends ClaudeMessage['type']> = Extract<ClaudeMessage, { type: T }>;
export type ClaudeResult = ClaudeOf<'result'>;
export type ClaudeRetry = Extract<ClaudeMessage, { subtype: 'api_retry' }>;

const toolUse = { id: text, name: text, input: v.optional(v.unknown(), {}) };
const blockSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text }),
  v.object({ type: v.literal('thinking'), thinking: text }),
  // Its content is encrypted: there is nothing to show.
  v.object({ type: v.literal('redacted_thinking') }),
  v.object({ type: v.picklist(['tool_use', 'server_tool_use']), ...toolUse }),
  v.object({
    type: v.literal('tool_result'),
    tool_use_id: text,
    content: v.nullish(content, ''),
    is_error: optionalFlag,
  }),
]);
export type ClaudeBlock = v.InferOutput<typeof blockSchema>;

/** The blocks of a message; plain text counts as one. */
export function blocksOf(message: string | readonly unknown[]): readonly unknown[] {
  return typeof message === 'string' ? [{ type: 'text', text: message }] : message;
}

/** A block of a message's content, or undefined where it is of no known shape. */
export function parseBlock(block: unknown): ClaudeBlock | undefined {
  const parsed = v.safeParse(blockSchema, block);
  return parsed.success ? parsed.output : undefined;
}

const canUseToolSchema = v.object({
  subtype: v.literal('can_use_tool'),
  tool_name: text,
  input: v.record(text, v.unknown()),
  permission_suggestions: v.fallback(v.nullish(v.array(v.record(text, v.unknown())), []), []),
  tool_use_id: optionalText,
});
export type CanUseTool = v.InferOutput<typeof canUseToolSchema>;

/** The question whether a tool may run, or undefined where a control request is something else. */
export function parseCanUseTool(request: unknown): CanUseTool | undefined {
  const parsed = v.safeParse(canUseToolSchema, request);
  return parsed.success ? parsed.output : undefined;
}

const deltaSchema = v.variant('type', [
  v.object({ type: v.literal('message_start'), message: v.object({ id: text }) }),
  v.object({ type: v.literal('content_block_start'), index: v.number(), content_block: v.object({ type: text }) }),
  v.object({
    type: v.literal('content_block_delta'),
    index: v.number(),
    delta: v.variant('type', [
      v.object({ type: v.literal('text_delta'), text }),
      v.object({ type: v.literal('thinking_delta'), thinking: text }),
    ]),
  }),
]);
export type ClaudeDelta = v.InferOutput<typeof deltaSchema>;

/** A part of a message under way, or undefined for the parts that say nothing new (signatures, tool input, ends). */
export function parseDelta(event: unknown): ClaudeDelta | undefined {
  const parsed = v.safeParse(deltaSchema, event);
  return parsed.success ? parsed.output : undefined;
}

const resultMetaSchema = v.array(
  v.object({ id: text, permission_decision: v.object({ decision: v.literal('reject') }) }),
);

/** True where a tool result's own notes say that its call was refused. */
export function isRefused(meta: unknown, callId: string): boolean {
  return v.is(resultMetaSchema, meta) && meta.some((entry) => entry.id === callId);
}

/**
 * What a line of stdout says: a message, text that came before it on the same line (a tool of the agent's that prints to
 * its stdout), or only text that no driver understands.
 */
export function parseClaudeLine(line: string): { foreign: string; message: ClaudeMessage | undefined } {
  const parsed = parseJsonLine(line);
  if (parsed === undefined) return { foreign: line, message: undefined };
  const message = v.safeParse(messageSchema, parsed.json);
  return message.success ? { foreign: parsed.foreign, message: message.output } : { foreign: line, message: undefined };
}
