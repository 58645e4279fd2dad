/** `goose run --output-format stream-json`. It tells no session id, so that it is given a name; and it cannot ask. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { GOOSE_CATEGORIES, GOOSE_ERROR_TEXT } from '../acp/acpQuirks';
import { shownPath } from '../driver/shownPath';
import type { StreamDialect } from './streamTalk';

const text = v.string();
const count = v.fallback(v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined);
const resultSchema = v.object({
  content: v.fallback(v.array(v.object({ text: v.optional(text, '') })), []),
  isError: v.fallback(v.optional(v.boolean()), undefined),
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
const lineSchema = v.variant('type', [
  v.object({
    type: v.literal('message'),
    message: v.object({ id: v.nullish(text), role: text, content: v.array(contentSchema) }),
  }),
  v.object({ type: v.literal('complete'), total_tokens: count, input_tokens: count, output_tokens: count }),
  v.object({ type: v.literal('error'), error: text }),
]);
const inputSchema = v.object({ command: v.optional(text), path: v.optional(text) });

export const gooseRun: StreamDialect = {
  launch: ({ permissionMode, model, resumes }) => ({
    words: [
      ...['run', '--output-format', 'stream-json', '--quiet', '--instructions', '-'],
      ...(resumes === undefined ? ['--name', `corral-${randomUUID()}`] : ['--name', resumes, '--resume']),
    ],
    // In its asking modes it gives up at the first question: without leave for everything it only talks.
    environment: {
      GOOSE_MODE: permissionMode === 'all' ? 'auto' : 'chat',
      ...(model === undefined ? {} : { GOOSE_MODEL: model }),
    },
  }),
  terminal: (id) => ['session', '--resume', '--name', id, '--history'],
  listen(talk, { argv, cwd, resumes }) {
    const name = argv[argv.indexOf('--name') + 1];
    return {
      read(value) {
        const parsed = v.safeParse(lineSchema, value);
        if (!parsed.success) return false;
        const line = parsed.output;
        if (name !== undefined && argv.includes('--name')) talk.session(name, 'goose');
        if (line.type === 'error') {
          talk.error(line.error);
          return true;
        }
        if (line.type === 'complete') {
          const { input_tokens: inputTokens, output_tokens: outputTokens, total_tokens: total } = line;
          // Running totals: of a session that is taken up again this turn's part is not known.
          if (resumes === undefined && inputTokens && outputTokens) talk.use({ inputTokens, outputTokens });
          // A turn that was given up has no total.
          if (talk.failedEnd !== undefined) talk.endTurn(talk.failedEnd);
          else if (total === undefined || total === null)
            talk.endTurn({ stopReason: 'aborted', failed: true, message: 'The turn was given up' });
          else talk.endTurn({ stopReason: 'end_turn', failed: false });
          return true;
        }
        for (const content of line.message.content) {
          switch (content.type) {
            case 'text':
              if (content.text.startsWith(GOOSE_ERROR_TEXT)) {
                talk.error(content.text.slice(GOOSE_ERROR_TEXT.length));
              } else {
                talk.say('message', line.message.id ?? undefined, content.text);
              }
              break;
            case 'thinking':
              talk.say('reasoning', line.message.id ?? undefined, content.thinking);
              break;
            case 'toolRequest': {
              const { name: tool = 'tool', arguments: input = {} } = content.toolCall.value ?? {};
              const { command, path } = v.parse(v.fallback(inputSchema, {}), input);
              const shown = path === undefined ? undefined : shownPath(path, [cwd]);
              const category = (Object.hasOwn(GOOSE_CATEGORIES, tool) ? GOOSE_CATEGORIES[tool] : undefined) ?? 'other';
              const title = command ?? (shown === undefined ? tool : `${tool} ${shown}`);
              talk.tell({
                kind: 'tool.call',
                data: {
                  callId: content.id,
                  name: tool,
                  title,
                  input,
                  category,
                  locations: shown === undefined ? [] : [{ path: shown }],
                },
              });
              break;
            }
            default: {
              const { status, value: result, error } = content.toolResult;
              const output = error ?? result?.content.map((part) => part.text).join('\n') ?? '';
              talk.tell({
                kind: 'tool.result',
                data: {
                  callId: content.id,
                  status: status === 'error' || result?.isError === true ? 'failed' : 'ok',
                  output,
                },
              });
            }
          }
        }
        return true;
      },
      endOf: () => talk.failedEnd,
    };
  },
};
