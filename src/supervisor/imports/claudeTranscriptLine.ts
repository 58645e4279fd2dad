import * as v from 'valibot';
import { parseJson } from '../../common/lines/jsonLimits';
import { lenient, text } from '../agents/driver/schemas';

const blocksSchema = v.array(v.looseObject({ type: text, text: lenient(text) }));
const lineSchema = v.looseObject({
  type: text,
  timestamp: lenient(v.pipe(text, v.isoTimestamp())),
  cwd: lenient(text),
  version: lenient(text),
  isMeta: lenient(v.boolean()),
  isSidechain: lenient(v.boolean()),
  isApiErrorMessage: lenient(v.boolean()),
  toolUseResult: v.optional(v.unknown()),
  message: lenient(
    v.looseObject({
      model: lenient(text),
      stop_reason: lenient(text),
      content: lenient(v.union([text, blocksSchema])),
    }),
  ),
});
export type ClaudeTranscriptLine = v.InferOutput<typeof lineSchema>;

/** Undefined for a line that is not JSON or malformed. */
export function parseTranscriptLine(line: string): ClaudeTranscriptLine | undefined {
  const parsed = v.safeParse(lineSchema, parseJson(line)?.json);
  return parsed.success ? parsed.output : undefined;
}

/** The text that a person typed; undefined for all other lines. */
export function promptOf({ type, isMeta, isSidechain, message }: ClaudeTranscriptLine): string | undefined {
  if (type !== 'user' || isMeta === true || isSidechain === true) return undefined;
  const content = message?.content;
  if (content === undefined || typeof content === 'string') return content;
  return content.some((block) => block.type === 'tool_result')
    ? undefined
    : content.map((block) => block.text ?? '').join('\n');
}
