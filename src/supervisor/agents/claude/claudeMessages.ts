/**
 * The messages of Claude's `stream-json`, one JSON object per line, as measured on 2.1.329. Only fields that are used
 * are listed, and those that a version may leave out are optional.
 */
import { pathsNote, type UserMessage } from '../driver/userMessages';
import * as v from 'valibot';
import { parseJsonLine } from '../driver/jsonLine';
import { elicitationFields } from '../driver/elicitation';
import { compacted, requestTokens, windows } from './claudeContext';
import { count, lenient, text } from '../driver/schemas';
import { rateLimitSchema } from './claudeLimits';

const optionalText = v.nullish(text);
const optionalFlag = v.nullish(v.boolean(), false);
const tokens = v.nullish(count, 0);
const finite = v.pipe(v.number(), v.finite());
const content = v.union([text, v.array(v.unknown())]);

const init = v.object({
  type: v.literal('system'),
  subtype: v.literal('init'),
  session_id: text,
  cwd: optionalText,
  model: optionalText,
  permissionMode: optionalText,
  claude_code_version: optionalText,
  slash_commands: lenient(v.array(text)),
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
const taskEnded = v.object({
  type: v.literal('system'),
  subtype: v.literal('task_notification'),
  task_id: lenient(text),
  status: text,
  summary: text,
});

const tasksChanged = v.object({
  type: v.literal('system'),
  subtype: v.literal('background_tasks_changed'),
  tasks: v.array(v.object({ task_id: text })),
});
const taskStarted = v.object({
  type: v.literal('system'),
  subtype: v.literal('task_started'),
  task_id: text,
  is_backgrounded: optionalFlag,
});
const taskUpdated = v.object({
  type: v.literal('system'),
  subtype: v.literal('task_updated'),
  task_id: text,
  patch: v.object({ status: lenient(text), is_backgrounded: optionalFlag }),
});

const assistant = v.object({
  type: v.literal('assistant'),
  message: v.object({ id: optionalText, content, model: optionalText, usage: lenient(requestTokens) }),
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
  isMeta: lenient(v.boolean()),
  isSynthetic: lenient(v.boolean()),
  isCompactSummary: lenient(v.boolean()),
  isVisibleInTranscriptOnly: lenient(v.boolean()),
  origin: lenient(v.object({ kind: text })),
  tool_use_result: v.optional(v.unknown()),
  tool_result_meta: v.optional(v.unknown()),
});
const streamEvent = v.object({ type: v.literal('stream_event'), event: v.unknown(), parent_tool_use_id: optionalText });
const modelUsage = v.object({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadInputTokens: tokens,
  cacheCreationInputTokens: tokens,
  costUSD: v.nullish(finite),
});
export type ClaudeModelUsage = v.InferOutput<typeof modelUsage>;
const result = v.object({
  type: v.literal('result'),
  subtype: optionalText,
  is_error: optionalFlag,
  session_id: optionalText,
  stop_reason: optionalText,
  terminal_reason: optionalText,
  result: lenient(text),
  errors: lenient(v.array(text)),
  total_cost_usd: lenient(finite),
  usage: lenient(requestTokens),
  modelUsage: windows,
  model_usage_since_last_result: lenient(v.record(text, modelUsage)),
});
const controlRequest = v.object({ type: v.literal('control_request'), request_id: text, request: v.unknown() });
const controlCancel = v.object({ type: v.literal('control_cancel_request'), request_id: text });
const controlResponse = v.object({
  type: v.literal('control_response'),
  response: v.variant('subtype', [
    v.object({ subtype: v.literal('success'), request_id: lenient(text), response: v.optional(v.unknown()) }),
    v.object({ subtype: v.literal('error'), request_id: lenient(text), error: text }),
  ]),
});
const lifecycle = v.object({ type: v.literal('command_lifecycle'), command_uuid: text, state: text });
/** Progress that later messages report in full. */
const heartbeat = v.object({ type: v.picklist(['keep_alive', 'tool_progress']) });
const systemProgress = v.object({
  type: v.literal('system'),
  subtype: v.picklist(['status', 'thinking_tokens', 'task_progress']),
});

const messageSchema = v.variant('type', [
  v.variant('subtype', [
    init,
    apiRetry,
    permissionDenied,
    informational,
    compacted,
    taskEnded,
    tasksChanged,
    taskStarted,
    taskUpdated,
    systemProgress,
  ]),
  assistant,
  user,
  streamEvent,
  result,
  controlRequest,
  controlCancel,
  controlResponse,
  lifecycle,
  rateLimitSchema,
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
  // The content is encrypted.
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

/** What a person says, as Claude reads it. Its echo carries the `uuid`. */
export function userMessage({ text, attachments }: UserMessage, uuid: string): object {
  const pictures = attachments.flatMap(({ picture, reference }) =>
    picture === undefined
      ? []
      : [{ type: 'image', source: { type: 'base64', media_type: reference.mediaType, data: picture } }],
  );
  const note = pathsNote(attachments.map(({ path }) => path));
  // Claude looks for a command with a slash in the last block.
  const content = [...pictures, ...(note === undefined ? [] : [{ type: 'text', text: note }]), { type: 'text', text }];
  const message = { role: 'user', content };
  return { type: 'user', message, parent_tool_use_id: null, session_id: '', uuid };
}

/** What says of a message with the role of the user that nobody typed it. */
export type ClaudeNoteMarks = Pick<
  ClaudeOf<'user'>,
  'isMeta' | 'isSynthetic' | 'isCompactSummary' | 'isVisibleInTranscriptOnly' | 'origin'
>;

export function isNote(marks: ClaudeNoteMarks): boolean {
  return (
    marks.isMeta === true ||
    marks.isSynthetic === true ||
    marks.isCompactSummary === true ||
    marks.isVisibleInTranscriptOnly === true ||
    (marks.origin !== undefined && marks.origin.kind !== 'human')
  );
}

/** The blocks of a message's content; plain text is one block. */
export function blocksOf(message: string | readonly unknown[]): readonly unknown[] {
  return typeof message === 'string' ? [{ type: 'text', text: message }] : message;
}

/** A block of a message's content, or undefined where it is unknown. */
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

/** The question whether a tool may run, or undefined for any other control request. */
export function parseCanUseTool(request: unknown): CanUseTool | undefined {
  const parsed = v.safeParse(canUseToolSchema, request);
  return parsed.success ? parsed.output : undefined;
}

const elicitationSchema = v.object({
  subtype: v.literal('elicitation'),
  mcp_server_name: text,
  ...elicitationFields,
  requested_schema: v.optional(v.unknown()),
});
export type ClaudeElicitation = v.InferOutput<typeof elicitationSchema>;

/** The question of an MCP server, or undefined for any other control request. */
export function parseElicitation(request: unknown): ClaudeElicitation | undefined {
  const parsed = v.safeParse(elicitationSchema, request);
  return parsed.success ? parsed.output : undefined;
}

const subtypeSchema = v.object({ subtype: text });

/** What a control request that is not known calls itself. */
export function subtypeOf(request: unknown): string {
  const parsed = v.safeParse(subtypeSchema, request);
  return parsed.success ? parsed.output.subtype : 'control_request';
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

/** A piece of a streamed message, or undefined for pieces without text (signatures, tool input, ends). */
export function parseDelta(event: unknown): ClaudeDelta | undefined {
  const parsed = v.safeParse(deltaSchema, event);
  return parsed.success ? parsed.output : undefined;
}

const resultMetaSchema = v.array(
  v.object({ id: text, permission_decision: v.object({ decision: v.literal('reject') }) }),
);

/** True where the `tool_result_meta` of a message says that a person denied the call. */
export function isRefused(meta: unknown, callId: string): boolean {
  return v.is(resultMetaSchema, meta) && meta.some((entry) => entry.id === callId);
}

/** The message of a line of stdout. `leadingText` is the part of the line that is not understood, or all of it. */
export function parseClaudeLine(line: string): { leadingText: string; message: ClaudeMessage | undefined } {
  const parsed = parseJsonLine(line);
  const message = parsed === undefined ? undefined : v.safeParse(messageSchema, parsed.json);
  return parsed !== undefined && message?.success === true
    ? { leadingText: parsed.leadingText, message: message.output }
    : { leadingText: line, message: undefined };
}
