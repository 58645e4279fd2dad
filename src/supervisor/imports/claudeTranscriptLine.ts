import * as v from 'valibot';
import { parseJson } from '../../common/lines/jsonLimits';
import { blocksOf, isNote } from '../agents/claude/claudeMessages';
import { userContentOf } from '../agents/claude/claudeUserText';
import { lenient, text } from '../agents/driver/schemas';

/** Other times would end a journal: it knows four digits of a year, from 1970 on. */
const timestampSchema = v.pipe(
  text,
  v.isoTimestamp(),
  v.check((timestamp) => /^(19[7-9]|[2-9]\d\d)\d-/.test(timestamp) && !Number.isNaN(Date.parse(timestamp))),
);
const flag = lenient(v.boolean());
const lineSchema = v.looseObject({
  type: text,
  timestamp: lenient(timestampSchema),
  cwd: lenient(text),
  version: lenient(text),
  isSidechain: flag,
  isApiErrorMessage: flag,
  isMeta: flag,
  isSynthetic: flag,
  isCompactSummary: flag,
  isVisibleInTranscriptOnly: flag,
  origin: lenient(v.object({ kind: text })),
  toolUseResult: v.optional(v.unknown()),
  message: lenient(
    v.looseObject({
      model: lenient(text),
      stop_reason: lenient(text),
      content: lenient(v.union([text, v.array(v.unknown())])),
    }),
  ),
});
export type ClaudeTranscriptLine = v.InferOutput<typeof lineSchema>;

const textSchema = v.object({ type: v.literal('text'), text });
const resultSchema = v.object({ type: v.literal('tool_result') });

/** Undefined for a line that is not JSON or malformed. */
export function parseTranscriptLine(line: string): ClaudeTranscriptLine | undefined {
  const parsed = v.safeParse(lineSchema, parseJson(line)?.json);
  return parsed.success ? parsed.output : undefined;
}

/** Whether a person sent the line's message, which may hold notes of the program beside the words. */
export function isPrompt(line: ClaudeTranscriptLine): boolean {
  return promptOf(line) !== undefined;
}

/** What a person typed, or the name of the pictures that came without words; undefined for all other lines. */
export function promptOf(line: ClaudeTranscriptLine): string | undefined {
  if (line.type !== 'user' || line.isSidechain === true || isNote(line)) return undefined;
  const blocks = blocksOf(line.message?.content ?? []);
  if (blocks.some((block) => v.is(resultSchema, block))) return undefined;
  const { words } = userContentOf(blocks);
  return words === '' ? undefined : words;
}

/** Whether the line is the mark of a turn that the person interrupted. */
export function isInterrupt({ type, message }: ClaudeTranscriptLine): boolean {
  const [block] = blocksOf(message?.content ?? []);
  return type === 'user' && v.is(textSchema, block) && block.text.startsWith('[Request interrupted by user');
}

/** The first words of the agent, for a session that nobody gave a prompt in words; undefined for all other lines. */
export function answerOf({ type, isSidechain, message }: ClaudeTranscriptLine): string | undefined {
  const content = message?.content;
  if (type !== 'assistant' || isSidechain === true || content === undefined) return undefined;
  const texts = typeof content === 'string' ? [content] : content.filter((block) => v.is(textSchema, block));
  const words = texts.map((each) => (typeof each === 'string' ? each : each.text)).join('\n');
  return words.trim() === '' ? undefined : words;
}
