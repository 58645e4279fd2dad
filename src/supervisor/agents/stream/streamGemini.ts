/** `gemini --output-format stream-json`: it offers its model only the tools that its mode allows, and never asks. */
import * as v from 'valibot';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { GEMINI_ENVIRONMENT, GEMINI_READ_ONLY_POLICY, geminiPolicyArguments } from '../acp/acpProfiles';
import { describeRpcError } from '../driver/jsonRpc';
import { text, tokens } from '../driver/schemas';
import { toolCategories } from '../driver/toolCategories';
import type { StreamDialect } from './streamDialect';
import { StreamReader } from './streamDialect';
import type { StreamRecorder } from './streamRecorder';
import { toolCallOf } from './streamRecorder';

const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'auto_edit', all: 'yolo' };
const CATEGORIES = toolCategories({
  execute: ['run_shell_command'],
  edit: ['write_file', 'replace'],
  read: ['read_file', 'read_many_files'],
  search: ['glob', 'grep_search', 'search_file_content', 'list_directory'],
  fetch: ['web_fetch', 'google_web_search'],
  think: ['write_todos'],
});

const lineSchema = v.variant('type', [
  v.object({ type: v.literal('init'), session_id: text, model: v.optional(text) }),
  v.object({ type: v.literal('message'), role: v.picklist(['user', 'assistant']), content: text }),
  v.object({ type: v.literal('tool_use'), tool_name: text, tool_id: text, parameters: v.record(text, v.unknown()) }),
  v.object({
    type: v.literal('tool_result'),
    tool_id: text,
    status: v.picklist(['success', 'error']),
    output: v.optional(text, ''),
    error: v.optional(v.object({ message: text })),
  }),
  v.object({ type: v.literal('error'), message: text }),
  v.object({
    type: v.literal('result'),
    status: v.picklist(['success', 'error']),
    error: v.optional(v.object({ message: text })),
    stats: v.optional(v.object({ input_tokens: tokens, output_tokens: tokens, cached: tokens })),
  }),
]);
type Line = v.InferOutput<typeof lineSchema>;
const inputSchema = v.fallback(v.object({ command: v.optional(text), file_path: v.optional(text) }), {});

export const geminiStream: StreamDialect = {
  launch: ({ permissionMode, model, resumes, aside }) => ({
    args: [
      ...['--output-format', 'stream-json', '--approval-mode', MODES[permissionMode]],
      ...(aside === undefined ? [] : geminiPolicyArguments(aside.policyFile)),
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
    ],
    environment: GEMINI_ENVIRONMENT,
    ...(aside === undefined ? {} : { policy: GEMINI_READ_ONLY_POLICY }),
  }),
  terminalArguments: (id) => [`--resume=${id}`],
  createReader: (recorder, { cwd }) => new GeminiReader(recorder, cwd),
};

class GeminiReader extends StreamReader<typeof lineSchema> {
  readonly #cwd: string;

  constructor(recorder: StreamRecorder, cwd: string) {
    super(lineSchema, recorder);
    this.#cwd = cwd;
  }

  protected override readLine(line: Line): void {
    switch (line.type) {
      case 'init':
        return this.recorder.session(line.session_id, 'gemini', line.model);
      case 'message':
        // The user's message is the prompt.
        if (line.role === 'assistant') this.recorder.text('message', undefined, line.content);
        return;
      case 'tool_use': {
        const { tool_id: callId, tool_name: name, parameters: input } = line;
        const { command, file_path: path } = v.parse(inputSchema, input);
        const data = toolCallOf({ callId, name, input, command, path }, CATEGORIES, this.#cwd);
        return this.recorder.emit({ kind: 'tool.call', data });
      }
      case 'tool_result':
        return this.recorder.emit({
          kind: 'tool.result',
          data: {
            callId: line.tool_id,
            status: line.status === 'success' ? 'ok' : 'failed',
            output: line.error?.message ?? line.output,
          },
        });
      case 'error':
        return this.recorder.error(line.message);
      default:
        return this.#readResult(line);
    }
  }

  #readResult({ status, error, stats }: Extract<Line, { type: 'result' }>): void {
    if (stats !== undefined)
      this.recorder.usage({
        inputTokens: Math.max(0, stats.input_tokens - stats.cached),
        outputTokens: stats.output_tokens,
        cachedTokens: stats.cached,
      });
    if (status === 'success') this.recorder.endTurn({ stopReason: 'end_turn', failed: false });
    else this.recorder.failTurn(unwrapError(error?.message ?? 'The turn failed'));
  }
}

/** The words inside `[API Error: {"error":{"message":"…"}}]`. */
function unwrapError(message: string): string {
  return describeRpcError({ message: message.replace(/^\[API Error: ([\s\S]*)\]$/, '$1') });
}
