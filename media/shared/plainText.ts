import { startOf } from '../../src/common/shorten';
import { visibleText } from '../../src/common/visibleText';

/** The visible text on one line of at most `maxLength` characters, for titles. */
export function oneLine(text: string, maxLength = 300): string {
  // A huge text is cut before it is cleaned, which costs time, and again after: symbols make it longer.
  const line = visibleText(startOf(text, maxLength * 2))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > maxLength ? `${startOf(line, maxLength)}…` : line;
}

/** The parts that are there, each on one line and separated by dots: `Turn 2 ended · end_turn`. */
export function joinParts(parts: readonly (string | undefined)[], maxPartLength?: number): string {
  return parts
    .filter((part): part is string => part !== undefined && part !== '')
    .map((part) => oneLine(part, maxPartLength))
    .join(' · ');
}
