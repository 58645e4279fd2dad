/** `gemini --output-format stream-json`. It offers its model only the tools that its mode allows, and asks for nothing. */
import * as v from 'valibot';
import type { ToolCategory } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { describeRpcError } from '../driver/jsonRpc';
import { shownPath } from '../driver/shownPath';
import type { StreamDialect } from './streamTalk';

const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'auto_edit', all: 'yolo' };
const CATEGORIES: Readonly<Record<string, ToolCategory>> = {
  run_shell_command: 'execute',
  write_file: 'edit',
  replace: 'edit',
  read_file: 'read',
  read_many_files: 'read',
  glob: 'search',
  grep_search: 'search',
  search_file_content: 'search',
  list_directory: 'search',
  web_fetch: 'fetch',
  google_web_search: 'fetch',
  write_todos: 'think',
};

const text = v.string();
const count = v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
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
    stats: v.optional(v.object({ input_tokens: count, output_tokens: count, cached: count })),
  }),
]);
const inputSchema = v.object({ command: v.optional(text), file_path: v.optional(text) });

export const geminiStream: StreamDialect = {
  launch: ({ permissionMode, model, resumes }) => ({
    words: [
      ...['--output-format', 'stream-json', '--approval-mode', MODES[permissionMode]],
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
    ],
    environment: { GEMINI_CLI_NO_RELAUNCH: 'true' },
  }),
  terminal: (id) => [`--resume=${id}`],
  listen: (talk, { cwd }) => ({
    read(value) {
      const parsed = v.safeParse(lineSchema, value);
      if (!parsed.success) return false;
      const line = parsed.output;
      switch (line.type) {
        case 'init':
          talk.session(line.session_id, 'gemini', line.model);
          break;
        case 'message':
          // The prompt is known.
          if (line.role === 'assistant') talk.say('message', undefined, line.content);
          break;
        case 'tool_use': {
          const { command, file_path: path } = v.parse(v.fallback(inputSchema, {}), line.parameters);
          const shown = path === undefined ? undefined : shownPath(path, [cwd]);
          const category = Object.hasOwn(CATEGORIES, line.tool_name) ? CATEGORIES[line.tool_name] : undefined;
          talk.tell({
            kind: 'tool.call',
            data: {
              callId: line.tool_id,
              name: line.tool_name,
              title: command ?? (shown === undefined ? line.tool_name : `${line.tool_name} ${shown}`),
              input: line.parameters,
              category: category ?? 'other',
              locations: shown === undefined ? [] : [{ path: shown }],
            },
          });
          break;
        }
        case 'tool_result':
          talk.tell({
            kind: 'tool.result',
            data: {
              callId: line.tool_id,
              status: line.status === 'success' ? 'ok' : 'failed',
              output: line.error?.message ?? line.output,
            },
          });
          break;
        case 'error':
          talk.error(line.message);
          break;
        default: {
          const { stats } = line;
          if (stats !== undefined)
            talk.use({
              inputTokens: Math.max(0, stats.input_tokens - stats.cached),
              outputTokens: stats.output_tokens,
              cachedTokens: stats.cached,
            });
          if (line.status === 'success') talk.endTurn({ stopReason: 'end_turn', failed: false });
          else talk.failTurn(messageOf(line.error?.message));
        }
      }
      return true;
    },
    endOf: () => talk.failedEnd,
  }),
};

/** `[API Error: {"error":{"message":"…"}}]` as the words in it. */
function messageOf(message = 'The turn failed'): string {
  return describeRpcError({ code: 0, message: message.replace(/^\[API Error: ([\s\S]*)\]$/, '$1') });
}
