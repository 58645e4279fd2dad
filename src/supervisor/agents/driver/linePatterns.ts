/** What a person said that lines of a program mean, for agents without a protocol. */
import * as v from 'valibot';
import type { DraftEvent } from '../../../storage/events';

/** Longer lines are data, not words: no expression is tried on them. */
const MAX_LINE_CHARACTERS = 4_096;

const expressionSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.check((source) => {
    try {
      return new RegExp(source, 'u').source !== '';
    } catch {
      return false;
    }
  }, 'This is no regular expression of JavaScript.'),
);

/**
 * A line that fits `match` becomes an event of the kind `event`. What a named group holds fills the event's field of that name: `text` of a message, of
 * reasoning or of an error, `path` of a changed file. Where there is no such group, it is the whole line.
 */
export const linePatternSchema = v.strictObject({
  match: expressionSchema,
  event: v.picklist(['message', 'reasoning', 'error', 'file.change']),
});
export type LinePattern = v.InferOutput<typeof linePatternSchema>;

/** Reads lines by these patterns: gives the event of the first one that fits, undefined where none does. */
export function patternReader(patterns: readonly LinePattern[]): (line: string) => DraftEvent | undefined {
  const compiled = patterns.map(({ match, event }) => ({ expression: new RegExp(match, 'u'), event }));
  return (line) => {
    if (line.length > MAX_LINE_CHARACTERS) return undefined;
    for (const { expression, event } of compiled) {
      const found = expression.exec(line);
      if (found !== null) return eventOf(event, line, found.groups ?? {});
    }
    return undefined;
  };
}

function eventOf(
  kind: LinePattern['event'],
  line: string,
  { text = line, path = text }: { text?: string; path?: string },
): DraftEvent {
  switch (kind) {
    case 'message':
      return { kind, data: { role: 'assistant', text } };
    case 'reasoning':
      return { kind, data: { text } };
    case 'error':
      return { kind, data: { message: text } };
    case 'file.change':
      return { kind, data: { path, change: 'modified' } };
  }
}
