/** `opencode run --format json`: the program denies every permission request itself, which ends the run. */
import * as v from 'valibot';
import { OPENCODE_ASIDE_ARGUMENTS, OPENCODE_ASIDE_ENVIRONMENT, opencodeEnvironment } from '../acp/acpProfiles';
import type { AgentExit } from '../driver/driver';
import { describeExit } from '../driver/ending';
import { lenient, text, tokens } from '../driver/schemas';
import { planOfTodos } from '../driver/todoPlan';
import { toolCategories } from '../driver/toolCategories';
import type { TurnEnd } from '../driver/turns';
import type { StreamDialect } from './streamDialect';
import { StreamReader } from './streamDialect';
import type { StreamRecorder } from './streamRecorder';
import { toolCallOf } from './streamRecorder';

const CATEGORIES = toolCategories({
  execute: ['bash'],
  edit: ['write', 'edit', 'patch', 'apply_patch'],
  read: ['read'],
  search: ['list', 'glob', 'grep'],
  fetch: ['webfetch', 'websearch'],
  think: ['todowrite', 'task'],
});

const stateSchema = v.variant('status', [
  v.object({
    status: v.literal('completed'),
    input: v.unknown(),
    output: v.optional(text, ''),
    title: v.optional(text),
    metadata: lenient(v.object({ diff: v.optional(text), exists: v.optional(v.boolean()) })),
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
        v.object({
          input: tokens,
          output: tokens,
          reasoning: tokens,
          cache: v.object({ read: tokens, write: tokens }),
        }),
      ),
      cost: lenient(v.number()),
    }),
  }),
  v.object({
    type: v.literal('error'),
    sessionID,
    error: v.object({ name: v.optional(text), data: v.optional(v.object({ message: v.optional(text) })) }),
  }),
]);
type Line = v.InferOutput<typeof lineSchema>;
type PartOf<T extends 'tool_use' | 'step_finish'> = Extract<Line, { type: T }>['part'];
const inputSchema = v.fallback(v.object({ command: v.optional(text), filePath: v.optional(text) }), {});

export const opencodeRun: StreamDialect = {
  launch: ({ permissionMode, model, resumes, aside }) => ({
    args: [
      ...['run', '--format', 'json', '--thinking'],
      ...(aside === undefined ? [] : OPENCODE_ASIDE_ARGUMENTS),
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? [] : [`--session=${resumes}`]),
    ],
    environment: aside === undefined ? opencodeEnvironment(permissionMode, false) : OPENCODE_ASIDE_ENVIRONMENT,
  }),
  terminalArguments: (id) => [`--session=${id}`],
  createReader: (recorder, { cwd }) => new OpencodeReader(recorder, cwd),
};

class OpencodeReader extends StreamReader<typeof lineSchema> {
  readonly #cwd: string;
  #lastStepReason: string | undefined;

  constructor(recorder: StreamRecorder, cwd: string) {
    super(lineSchema, recorder);
    this.#cwd = cwd;
  }

  protected override readLine(line: Line): void {
    this.recorder.session(line.sessionID, 'opencode');
    switch (line.type) {
      case 'text':
      case 'reasoning':
        return this.recorder.text(line.type === 'text' ? 'message' : 'reasoning', line.part.id, line.part.text);
      case 'tool_use':
        return this.#readCall(line.part);
      case 'step_finish':
        return this.#readStepEnd(line.part);
      case 'error':
        return this.recorder.error(line.error.data?.message ?? line.error.name ?? 'The turn failed');
      default:
        line.type satisfies 'step_start';
    }
  }

  protected override endFromExit(exit: AgentExit): TurnEnd | undefined {
    if (exit.exitCode !== 0) return { stopReason: 'error', failed: true, message: `The agent ${describeExit(exit)}` };
    const stopReason = this.#lastStepReason;
    if (stopReason === undefined) return undefined;
    // The model was not asked to go on after its last tool call, because a permission request ended the run.
    if (stopReason === 'tool-calls')
      return { stopReason, failed: true, message: 'It ended after a request that nobody could be asked about' };
    return { stopReason, failed: false };
  }

  /** opencode reports a call only when it has ended. */
  #readCall({ tool: name, callID: callId, state }: PartOf<'tool_use'>): void {
    const { input } = state;
    const { command, filePath: path } = v.parse(inputSchema, input);
    const call = toolCallOf({ callId, name, input, command, path }, CATEGORIES, this.#cwd);
    this.recorder.emit({ kind: 'tool.call', data: call });
    const plan = planOfTodos(input);
    if (plan !== undefined) this.recorder.emit({ kind: 'plan', data: plan });
    if (state.status === 'error') {
      const status = /rejected permission/.test(state.error) ? 'denied' : 'failed';
      this.recorder.emit({ kind: 'tool.result', data: { callId, status, output: state.error } });
      return;
    }
    this.recorder.emit({ kind: 'tool.result', data: { callId, status: 'ok', output: state.output } });
    const [location] = call.locations;
    if (location === undefined || call.category !== 'edit') return;
    const { diff, exists } = state.metadata ?? {};
    this.recorder.emit({
      kind: 'file.change',
      data: {
        path: location.path,
        change: exists === false ? 'added' : 'modified',
        callId,
        ...(diff === undefined ? {} : { diff }),
      },
    });
  }

  #readStepEnd({ reason, tokens: used, cost: costUsd }: PartOf<'step_finish'>): void {
    this.#lastStepReason = reason;
    if (used === undefined) return;
    this.recorder.usage({
      inputTokens: used.input + used.cache.write,
      outputTokens: used.output + used.reasoning,
      cachedTokens: used.cache.read,
      ...(costUsd === undefined ? {} : { costUsd }),
    });
  }
}
