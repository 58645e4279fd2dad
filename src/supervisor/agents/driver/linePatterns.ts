/** What lines of a program mean according to the settings, for agents without a protocol. */
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import type { DraftEvent } from '../../../storage/events';

/** Longer lines are data rather than words, and would make a regular expression slow. */
const MAX_LINE_CHARACTERS = 4_096;

const expressionSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.check(
    (source) => {
      try {
        return new RegExp(source, 'u').source !== '';
      } catch {
        return false;
      }
    },
    () => l10n.t('Enter a valid JavaScript regular expression.'),
  ),
);

/**
 * A line that fits `match` becomes an event of the kind `event`. The named groups `text` and `path` fill the event's
 * fields of those names, which otherwise hold the whole line.
 */
export const linePatternSchema = v.strictObject({
  match: expressionSchema,
  event: v.picklist(['message', 'reasoning', 'error', 'file.change']),
});
export type LinePattern = v.InferOutput<typeof linePatternSchema>;

/** Returns a function that makes the event of the first pattern that fits a line; undefined where none does. */
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
