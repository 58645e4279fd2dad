/** `codex exec --json`, for versions without an app server: its sandbox decides what is allowed, and it never asks. */
import * as v from 'valibot';
import type { PermissionMode } from '../../../storage/sessionRecords';
import type { CodexCall } from '../codex/codexMessages';
import { callOf, resultOf } from '../codex/codexTools';
import type { ConversationRequest } from '../driver/driver';
import { describeRpcError } from '../driver/jsonRpc';
import { lenient, text, tokens } from '../driver/schemas';
import type { StreamDialect } from './streamDialect';
import { StreamReader } from './streamDialect';
import type { StreamRecorder } from './streamRecorder';

const SANDBOXES: Record<PermissionMode, string> = {
  ask: 'read-only',
  edits: 'workspace-write',
  all: 'danger-full-access',
};

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
    exit_code: lenient(v.number()),
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
    result: lenient(v.object({ content: v.array(v.unknown()) })),
    error: lenient(v.object({ message: text })),
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
    usage: lenient(v.object({ input_tokens: tokens, cached_input_tokens: tokens, output_tokens: tokens })),
  }),
  v.object({ type: v.literal('turn.failed'), error: v.object({ message: text }) }),
  v.object({ type: v.literal('error'), message: text }),
]);
type Line = v.InferOutput<typeof lineSchema>;

export const codexExec: StreamDialect = {
  launch: ({ permissionMode, model, resumes, aside }) => ({
    args: [
      ...['exec', '--sandbox', SANDBOXES[permissionMode]],
      ...(aside === undefined ? [] : ['-c', 'mcp_servers={}']),
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? ['--json'] : ['resume', '--json', resumes]),
      '-',
    ],
  }),
  terminalArguments: (id) => ['resume', id],
  createReader: (recorder, request) => new CodexExecReader(recorder, request),
};

class CodexExecReader extends StreamReader<typeof lineSchema> {
  readonly #cwd: string;
  readonly #isResumed: boolean;
  readonly #emittedCallIds = new Set<string>();

  constructor(recorder: StreamRecorder, { cwd, resumes }: ConversationRequest) {
    super(lineSchema, recorder);
    this.#cwd = cwd;
    this.#isResumed = resumes !== undefined;
  }

  protected override readLine(line: Line): void {
    switch (line.type) {
      case 'thread.started':
        return this.recorder.session(line.thread_id, 'codex');
      case 'turn.started':
        return;
      case 'error':
        if (line.message.startsWith('Reconnecting...'))
          this.recorder.emit({ kind: 'error', data: { message: line.message, retrying: true } });
        else this.recorder.error(describeRpcError({ message: line.message }));
        return;
      case 'turn.failed':
        return this.recorder.failTurn(describeRpcError({ message: line.error.message }));
      case 'turn.completed':
        return this.#readTurnEnd(line);
      default:
        return this.#readItem(line.item, line.type === 'item.completed');
    }
  }

  #readTurnEnd({ usage }: Extract<Line, { type: 'turn.completed' }>): void {
    // These are totals of the thread: the part of a resumed thread's turn is not known.
    if (usage !== undefined && !this.#isResumed) {
      const { input_tokens: all, cached_input_tokens: cachedTokens, output_tokens: outputTokens } = usage;
      this.recorder.usage({ inputTokens: Math.max(0, all - cachedTokens), outputTokens, cachedTokens });
    }
    this.recorder.endTurn({ stopReason: 'end_turn', failed: false });
  }

  #readItem(item: Item, isCompleted: boolean): void {
    switch (item.type) {
      case 'agent_message':
      case 'reasoning':
        if (isCompleted) this.recorder.text(item.type === 'reasoning' ? 'reasoning' : 'message', item.id, item.text);
        return;
      case 'error':
        // A warning: what ends the turn is not an item.
        return this.recorder.emit({ kind: 'message', data: { role: 'system', text: item.message } });
      case 'todo_list': {
        const entries = item.items.map((entry) => ({
          text: entry.text,
          status: entry.completed ? ('completed' as const) : ('pending' as const),
        }));
        return this.recorder.emit({ kind: 'plan', data: { entries } });
      }
      default:
        return this.#readCall(asCodexCall(item), isCompleted);
    }
  }

  #readCall(call: CodexCall, isCompleted: boolean): void {
    if (!this.#emittedCallIds.has(call.id)) this.recorder.emit({ kind: 'tool.call', data: callOf(call, this.#cwd) });
    this.#emittedCallIds.add(call.id);
    if (isCompleted) for (const event of resultOf(call, this.#cwd)) this.recorder.emit(event);
  }
}

/** The call as the app server reports it. */
function asCodexCall(item: Exclude<Item, { type: 'agent_message' | 'reasoning' | 'error' | 'todo_list' }>): CodexCall {
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
    case 'mcp_tool_call': {
      const { id, server, tool, arguments: input, result, error } = item;
      return { type: 'mcpToolCall', id, server, tool, status: item.status, arguments: input, result, error };
    }
    default:
      return { type: 'webSearch', id: item.id, query: item.query };
  }
}
