/** `opencode run --format json`. A request for permission is refused by the program itself, and ends the run. */
import * as v from 'valibot';
import type { ToolCategory } from '../../../storage/events';
import { opencodePermissions } from '../acp/acpQuirks';
import { describeExit } from '../driver/ending';
import { shownPath } from '../driver/shownPath';
import type { StreamDialect } from './streamTalk';

const CATEGORIES: Readonly<Record<string, ToolCategory>> = {
  bash: 'execute',
  write: 'edit',
  edit: 'edit',
  patch: 'edit',
  apply_patch: 'edit',
  read: 'read',
  list: 'search',
  glob: 'search',
  grep: 'search',
  webfetch: 'fetch',
  websearch: 'fetch',
  todowrite: 'think',
  task: 'think',
};

const text = v.string();
const count = v.fallback(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const stateSchema = v.variant('status', [
  v.object({
    status: v.literal('completed'),
    input: v.unknown(),
    output: v.optional(text, ''),
    title: v.optional(text),
    metadata: v.fallback(v.optional(v.object({ diff: v.optional(text), exists: v.optional(v.boolean()) })), undefined),
  }),
  v.object({ status: v.literal('error'), input: v.unknown(), error: text }),
]);
const sessionID = text;
const lineSchema = v.variant('type', [
  v.object({ type: v.literal('step_start'), sessionID }),
  v.object({ type: v.picklist(['text', 'reasoning']), sessionID, part: v.object({ id: text, text }) }),
  v.object({
    type: v.literal('tool_use'),
    sessionID,
    part: v.object({ tool: text, callID: text, state: stateSchema }),
  }),
  v.object({
    type: v.literal('step_finish'),
    sessionID,
    part: v.object({
      reason: text,
      tokens: v.optional(
        v.object({ input: count, output: count, reasoning: count, cache: v.object({ read: count, write: count }) }),
      ),
      cost: v.fallback(v.optional(v.number()), undefined),
    }),
  }),
  v.object({
    type: v.literal('error'),
    sessionID,
    error: v.object({ name: v.optional(text), data: v.optional(v.object({ message: v.optional(text) })) }),
  }),
]);
type ToolPart = Extract<v.InferOutput<typeof lineSchema>, { type: 'tool_use' }>['part'];
const inputSchema = v.object({ command: v.optional(text), filePath: v.optional(text) });
const todosSchema = v.object({
  todos: v.array(v.object({ content: text, status: v.picklist(['pending', 'in_progress', 'completed']) })),
});

export const opencodeRun: StreamDialect = {
  launch: ({ permissionMode, model, resumes }) => ({
    words: [
      ...['run', '--format', 'json', '--thinking'],
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? [] : [`--session=${resumes}`]),
    ],
    environment: { OPENCODE_PERMISSION: opencodePermissions(permissionMode) },
  }),
  terminal: (id) => [`--session=${id}`],
  listen(talk, { cwd }) {
    let lastReason: string | undefined;

    function readTool({ tool, callID: callId, state }: ToolPart): void {
      const { command, filePath } = v.parse(v.fallback(inputSchema, {}), state.input);
      const path = filePath === undefined ? undefined : shownPath(filePath, [cwd]);
      const category = (Object.hasOwn(CATEGORIES, tool) ? CATEGORIES[tool] : undefined) ?? 'other';
      const title = command ?? (path === undefined ? tool : `${tool} ${path}`);
      // Told only when it is over.
      talk.tell({
        kind: 'tool.call',
        data: {
          callId,
          name: tool,
          title,
          input: state.input,
          category,
          locations: path === undefined ? [] : [{ path }],
        },
      });
      const todos = v.safeParse(todosSchema, state.input);
      if (todos.success)
        talk.tell({
          kind: 'plan',
          data: { entries: todos.output.todos.map(({ content, status }) => ({ text: content, status })) },
        });
      if (state.status === 'error') {
        const status = /rejected permission/.test(state.error) ? 'denied' : 'failed';
        talk.tell({ kind: 'tool.result', data: { callId, status, output: state.error } });
        return;
      }
      talk.tell({ kind: 'tool.result', data: { callId, status: 'ok', output: state.output } });
      if (path === undefined || category !== 'edit') return;
      const { diff, exists } = state.metadata ?? {};
      talk.tell({
        kind: 'file.change',
        data: {
          path,
          change: exists === false ? 'added' : 'modified',
          callId,
          ...(diff === undefined ? {} : { diff }),
        },
      });
    }

    return {
      read(value) {
        const parsed = v.safeParse(lineSchema, value);
        if (!parsed.success) return false;
        const line = parsed.output;
        talk.session(line.sessionID, 'opencode');
        switch (line.type) {
          case 'text':
          case 'reasoning':
            talk.say(line.type === 'text' ? 'message' : 'reasoning', line.part.id, line.part.text);
            break;
          case 'tool_use':
            readTool(line.part);
            break;
          case 'step_finish': {
            const { tokens, cost: costUsd } = line.part;
            lastReason = line.part.reason;
            if (tokens !== undefined) {
              const outputTokens = tokens.output + tokens.reasoning;
              talk.use({
                inputTokens: tokens.input + tokens.cache.write,
                outputTokens,
                cachedTokens: tokens.cache.read,
                ...(costUsd === undefined ? {} : { costUsd }),
              });
            }
            break;
          }
          case 'error':
            talk.error(line.error.data?.message ?? line.error.name ?? 'The turn failed');
            break;
          default:
            line.type satisfies 'step_start';
        }
        return true;
      },
      endOf(exit) {
        if (talk.failedEnd !== undefined) return talk.failedEnd;
        if (exit.exitCode !== 0)
          return { stopReason: 'error', failed: true, message: `The agent ${describeExit(exit)}` };
        if (lastReason === undefined) return undefined;
        // Its last word would have been another: a refused request ends it.
        if (lastReason === 'tool-calls')
          return {
            stopReason: lastReason,
            failed: true,
            message: 'It ended after a request that nobody could be asked about',
          };
        return { stopReason: lastReason, failed: false };
      },
    };
  },
};
