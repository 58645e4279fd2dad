/** What a person said that lines of a program mean, for agents without a protocol. */
import * as v from 'valibot';
import type { DraftEvent } from '../../storage/events';

/** Longer lines are data, not words: no expression is tried on them. */
const LONGEST_LINE_CHARACTERS = 4_096;

const expression = v.pipe(
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
export const linePatternSchema = v.strictObject({ match: expression, event: v.picklist(['message', 'reasoning', 'error', 'file.change']) });
export type LinePattern = v.InferOutput<typeof linePatternSchema>;

/** The event of the first pattern that fits the line. */
export function readByPatterns(patterns: readonly LinePattern[], line: string): DraftEvent | undefined {
  if (line.length > LONGEST_LINE_CHARACTERS) return undefined;
  for (const { match, event } of patterns) {
    const found = new RegExp(match, 'u').exec(line);
    if (found === null) continue;
    const text = found.groups?.['text'] ?? line;
    switch (event) {
      case 'message':
        return { kind: 'message', data: { role: 'assistant', text } };
      case 'reasoning':
        return { kind: 'reasoning', data: { text } };
      case 'error':
        return { kind: 'error', data: { message: text } };
      case 'file.change':
        return { kind: 'file.change', data: { path: found.groups?.['path'] ?? text, change: 'modified' } };
    }
  }
  return undefined;
}
