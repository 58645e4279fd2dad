/** `goose run --output-format stream-json`: it reports no session id, so that Corral gives it one, and never asks. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { GOOSE_CATEGORIES, GOOSE_ERROR_PREFIX } from '../acp/acpProfiles';
import type { ConversationRequest } from '../driver/driver';
import { count, lenient, text } from '../driver/schemas';
import type { StreamDialect } from './streamDialect';
import { StreamReader } from './streamDialect';
import type { StreamRecorder } from './streamRecorder';
import { toolCallOf } from './streamRecorder';

const resultSchema = v.object({
  content: v.fallback(v.array(v.object({ text: v.optional(text, '') })), []),
  isError: lenient(v.boolean()),
});
const contentSchema = v.variant('type', [
  v.object({ type: v.literal('text'), text }),
  v.object({ type: v.literal('thinking'), thinking: text }),
  v.object({
    type: v.literal('toolRequest'),
    id: text,
    toolCall: v.object({
      value: v.optional(v.object({ name: text, arguments: v.optional(v.unknown(), {}) })),
      error: v.optional(text),
    }),
  }),
  v.object({
    type: v.literal('toolResponse'),
    id: text,
    toolResult: v.object({ status: v.optional(text), value: v.optional(resultSchema), error: v.optional(text) }),
  }),
]);
type Content = v.InferOutput<typeof contentSchema>;
const lineSchema = v.variant('type', [
  v.object({
    type: v.literal('message'),
    message: v.object({ id: v.nullish(text), role: text, content: v.array(contentSchema) }),
  }),
  v.object({
    type: v.literal('complete'),
    total_tokens: lenient(count),
    input_tokens: lenient(count),
    output_tokens: lenient(count),
  }),
  v.object({ type: v.literal('error'), error: text }),
]);
type Line = v.InferOutput<typeof lineSchema>;
const inputSchema = v.fallback(v.object({ command: v.optional(text), path: v.optional(text) }), {});

export const gooseRun: StreamDialect = {
  launch: ({ permissionMode, model, resumes, aside }) => ({
    args: [
      ...['run', '--output-format', 'stream-json', '--quiet', '--instructions', '-'],
      ...(aside === undefined
        ? resumes === undefined
          ? ['--name', `corral-${randomUUID()}`]
          : ['--name', resumes, '--resume']
        : ['--no-session', '--no-profile']),
    ],
    // In the modes that ask it gives up at the first question, so that it may only chat unless everything is allowed.
    environment: {
      GOOSE_MODE: permissionMode === 'all' ? 'auto' : 'chat',
      ...(model === undefined ? {} : { GOOSE_MODEL: model }),
    },
  }),
  terminalArguments: (id) => ['session', '--resume', '--name', id, '--history'],
  createReader: (recorder, request) => new GooseReader(recorder, request),
};

class GooseReader extends StreamReader<typeof lineSchema> {
  readonly #cwd: string;
  readonly #isResumed: boolean;
  readonly #sessionName: string | undefined;

  constructor(recorder: StreamRecorder, { argv, cwd, resumes }: ConversationRequest) {
    super(lineSchema, recorder);
    this.#cwd = cwd;
    this.#isResumed = resumes !== undefined;
    this.#sessionName = argv.includes('--name') ? argv[argv.indexOf('--name') + 1] : undefined;
  }

  protected override readLine(line: Line): void {
    if (this.#sessionName !== undefined) this.recorder.session(this.#sessionName, 'goose');
    if (line.type === 'error') this.recorder.error(line.error);
    else if (line.type === 'complete') this.#readEnd(line);
    else for (const content of line.message.content) this.#readContent(content, line.message.id);
  }

  #readContent(content: Content, messageId: string | null | undefined): void {
    switch (content.type) {
      case 'text':
        if (content.text.startsWith(GOOSE_ERROR_PREFIX))
          this.recorder.error(content.text.slice(GOOSE_ERROR_PREFIX.length));
        else this.recorder.text('message', messageId ?? undefined, content.text);
        return;
      case 'thinking':
        return this.recorder.text('reasoning', messageId ?? undefined, content.thinking);
      case 'toolRequest': {
        const { name = 'tool', arguments: input = {} } = content.toolCall.value ?? {};
        const { command, path } = v.parse(inputSchema, input);
        const data = toolCallOf({ callId: content.id, name, input, command, path }, GOOSE_CATEGORIES, this.#cwd);
        return this.recorder.emit({ kind: 'tool.call', data });
      }
      default: {
        const { status, value, error } = content.toolResult;
        return this.recorder.emit({
          kind: 'tool.result',
          data: {
            callId: content.id,
            status: status === 'error' || value?.isError === true ? 'failed' : 'ok',
            output: error ?? value?.content.map((part) => part.text).join('\n') ?? '',
          },
        });
      }
    }
  }

  #readEnd(line: Extract<Line, { type: 'complete' }>): void {
    const { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: total } = line;
    // These are totals of the session: the part of a resumed session's turn is not known.
    if (!this.#isResumed && inputTokens && outputTokens) this.recorder.usage({ inputTokens, outputTokens });
    if (this.recorder.errorEnd !== undefined) this.recorder.endTurn(this.recorder.errorEnd);
    // A turn that Goose gave up has no total.
    else if (total === undefined)
      this.recorder.endTurn({ stopReason: 'aborted', failed: true, message: 'The turn was given up' });
    else this.recorder.endTurn({ stopReason: 'end_turn', failed: false });
  }
}
