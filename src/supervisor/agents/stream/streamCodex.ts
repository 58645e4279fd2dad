/** `codex exec --json`, for versions without an app server: its sandbox decides, and nothing is asked. */
import * as v from 'valibot';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { callOf, resultOf } from '../codex/codexItems';
import type { CodexItem } from '../codex/codexMessages';
import { optional } from '../codex/codexMessages';
import { describeRpcError } from '../driver/jsonRpc';
import type { StreamDialect } from './streamTalk';

const SANDBOXES: Record<PermissionMode, string> = {
  ask: 'read-only',
  edits: 'workspace-write',
  all: 'danger-full-access',
};

const text = v.string();
const count = v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const status = v.pipe(
  v.picklist(['in_progress', 'completed', 'failed', 'declined']),
  v.transform((each) => (each === 'in_progress' ? 'inProgress' : each)),
);
const itemSchema = v.variant('type', [
  v.object({ type: v.picklist(['agent_message', 'reasoning']), id: text, text }),
  v.object({ type: v.literal('error'), message: text }),
  v.object({
    type: v.literal('command_execution'),
    id: text,
    command: text,
    aggregated_output: v.optional(text, ''),
    exit_code: optional(v.number()),
    status,
  }),
  v.object({
    type: v.literal('file_change'),
    id: text,
    changes: v.array(v.object({ path: text, kind: v.picklist(['add', 'delete', 'update']) })),
    status,
  }),
  v.object({
    type: v.literal('mcp_tool_call'),
    id: text,
    server: text,
    tool: text,
    arguments: v.optional(v.unknown()),
    result: optional(v.object({ content: v.array(v.unknown()) })),
    error: optional(v.object({ message: text })),
    status,
  }),
  v.object({ type: v.literal('web_search'), id: text, query: text }),
  v.object({ type: v.literal('todo_list'), items: v.array(v.object({ text, completed: v.boolean() })) }),
]);
type Item = v.InferOutput<typeof itemSchema>;
const lineSchema = v.variant('type', [
  v.object({ type: v.literal('thread.started'), thread_id: text }),
  v.object({ type: v.literal('turn.started') }),
  v.object({ type: v.picklist(['item.started', 'item.updated', 'item.completed']), item: itemSchema }),
  v.object({
    type: v.literal('turn.completed'),
    usage: optional(v.object({ input_tokens: count, cached_input_tokens: count, output_tokens: count })),
  }),
  v.object({ type: v.literal('turn.failed'), error: v.object({ message: text }) }),
  v.object({ type: v.literal('error'), message: text }),
]);

export const codexExec: StreamDialect = {
  launch: ({ permissionMode, model, resumes }) => ({
    words: [
      ...['exec', '--sandbox', SANDBOXES[permissionMode]],
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? ['--json'] : ['resume', '--json', resumes]),
      '-',
    ],
  }),
  terminal: (id) => ['resume', id],
  listen(talk, { cwd, resumes }) {
    const told = new Set<string>();

    function readItem(stage: 'item.started' | 'item.updated' | 'item.completed', item: Item): void {
      const isOver = stage === 'item.completed';
      switch (item.type) {
        case 'agent_message':
        case 'reasoning':
          if (isOver) talk.say(item.type === 'reasoning' ? 'reasoning' : 'message', item.id, item.text);
          break;
        case 'error':
          // A warning: what ends the turn is told otherwise.
          talk.tell({ kind: 'message', data: { role: 'system', text: item.message } });
          break;
        case 'todo_list':
          talk.tell({
            kind: 'plan',
            data: {
              entries: item.items.map((entry) => ({
                text: entry.text,
                status: entry.completed ? 'completed' : 'pending',
              })),
            },
          });
          break;
        default: {
          const call = callOf(asCodexItem(item), cwd);
          if (call !== undefined && !told.has(item.id)) talk.tell(call);
          told.add(item.id);
          if (isOver) for (const event of resultOf(asCodexItem(item), cwd)) talk.tell(event);
        }
      }
    }
    return {
      read(value) {
        const parsed = v.safeParse(lineSchema, value);
        if (!parsed.success) return false;
        const line = parsed.output;
        switch (line.type) {
          case 'thread.started':
            talk.session(line.thread_id, 'codex');
            break;
          case 'turn.started':
            break;
          case 'error':
            if (line.message.startsWith('Reconnecting...'))
              talk.tell({ kind: 'error', data: { message: line.message, retrying: true } });
            else talk.error(describeRpcError({ code: 0, message: line.message }));
            break;
          case 'turn.failed':
            // The last error comes again as the turn's end.
            talk.failTurn(describeRpcError({ code: 0, message: line.error.message }));
            break;
          case 'turn.completed': {
            const { usage } = line;
            // Running totals: of a thread that is taken up again this turn's part is not known.
            if (usage && resumes === undefined) {
              const { input_tokens: all, cached_input_tokens: cachedTokens, output_tokens: outputTokens } = usage;
              talk.use({ inputTokens: Math.max(0, all - cachedTokens), outputTokens, cachedTokens });
            }
            talk.endTurn({ stopReason: 'end_turn', failed: false });
            break;
          }
          default:
            readItem(line.type, line.item);
        }
        return true;
      },
      endOf: () => talk.failedEnd,
    };
  },
};

/** The same item in the words of the app server. */
function asCodexItem(item: Exclude<Item, { type: 'agent_message' | 'reasoning' | 'error' | 'todo_list' }>): CodexItem {
  switch (item.type) {
    case 'command_execution': {
      const { id, command, aggregated_output: aggregatedOutput, exit_code: exitCode } = item;
      const typed = /^\S*\/(?:ba|z)?sh -lc (['"]?)([\s\S]*)\1$/.exec(command)?.[2];
      const commandActions = typed === undefined ? undefined : [{ type: 'unknown', command: typed }];
      return {
        type: 'commandExecution',
        id,
        command,
        cwd: undefined,
        status: item.status,
        commandActions,
        aggregatedOutput,
        exitCode,
      };
    }
    case 'file_change':
      return {
        type: 'fileChange',
        id: item.id,
        status: item.status,
        changes: item.changes.map(({ path, kind }) => ({
          path,
          kind: kind === 'update' ? { type: kind, move_path: undefined } : { type: kind },
          diff: undefined,
        })),
      };
    case 'mcp_tool_call':
      return {
        type: 'mcpToolCall',
        id: item.id,
        server: item.server,
        tool: item.tool,
        status: item.status,
        arguments: item.arguments,
        result: item.result,
        error: item.error,
      };
    default:
      return { type: 'webSearch', id: item.id, query: item.query };
  }
}
