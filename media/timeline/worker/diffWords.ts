import { diffWordsWithSpace } from 'diff';
import type { HighlightedNode } from './highlighter';
import { highlight } from './highlighter';

/** A part of a line in one look. */
export interface DiffPart {
  text: string;
  /** Those of the highlighter. */
  classes: string;
  /** True for words that the other side of the change does not have. */
  isChanged: boolean;
}

/** More edits between two blocks are not looked for: then all of both is new. */
const MAX_EDITS = 2_000;
/** Where the two sides of a change have less in common, marking what differs would only be restless. */
const MIN_COMMON_SHARE = 0.3;

interface Range {
  from: number;
  to: number;
}

/** The parts of each line of a hunk, whose lines begin with `+`, `-` or a space. */
export function formatHunk(language: string, hunk: string): DiffPart[][] {
  const lines = hunk.split('\n');
  const isOn = (side: '-' | '+') => (line: string) => line.startsWith(side) || line.startsWith(' ');
  const before = highlightedLines(language, lines.filter(isOn('-')).map(contentOf));
  const after = highlightedLines(language, lines.filter(isOn('+')).map(contentOf));
  const changed = changedRanges(lines);
  return lines.map((line, index) => {
    // What did not change is the same on both sides, but is one line of each.
    const beforeLine = isOn('-')(line) ? before.shift() : undefined;
    const afterLine = isOn('+')(line) ? after.shift() : undefined;
    const parts = afterLine ?? beforeLine ?? [{ text: contentOf(line), classes: '' }];
    return withRanges(parts, changed[index] ?? []);
  });
}

function contentOf(line: string): string {
  return line.slice(1);
}

/** The ranges of changed words in each line, by comparing each block of removed lines with the added ones after it. */
function changedRanges(lines: readonly string[]): Range[][] {
  const ranges: Range[][] = lines.map(() => []);
  for (let at = 0; at < lines.length; at++) {
    const removedEnd = endOf(lines, at, '-');
    const addedEnd = endOf(lines, removedEnd, '+');
    if (removedEnd > at && addedEnd > removedEnd) {
      const removed = lines.slice(at, removedEnd).map(contentOf);
      const added = lines.slice(removedEnd, addedEnd).map(contentOf);
      const parts = diffWordsWithSpace(removed.join('\n'), added.join('\n'), { maxEditLength: MAX_EDITS });
      if (parts !== undefined && commonShare(parts) >= MIN_COMMON_SHARE) {
        mark(
          ranges,
          at,
          removed,
          parts.filter((part) => !part.added),
        );
        mark(
          ranges,
          removedEnd,
          added,
          parts.filter((part) => !part.removed),
        );
      }
    }
    at = Math.max(at, addedEnd - 1);
  }
  return ranges;
}

function endOf(lines: readonly string[], from: number, sign: string): number {
  let end = from;
  while (lines[end]?.startsWith(sign) === true) end++;
  return end;
}

function commonShare(parts: readonly { value: string; added: boolean; removed: boolean }[]): number {
  let [common, all] = [0, 0];
  for (const { value, added, removed } of parts) {
    const { length } = value.trim();
    all += length;
    if (!added && !removed) common += 2 * length;
    if (!added && !removed) all += length;
  }
  return all === 0 ? 0 : common / all;
}

/** Adds the changed parts of one side, whose lines begin at `firstLine`. */
function mark(
  ranges: Range[][],
  firstLine: number,
  lines: readonly string[],
  parts: readonly { value: string; added: boolean; removed: boolean }[],
): void {
  let line = 0;
  let column = 0;
  for (const { value, added, removed } of parts) {
    for (const [index, piece] of value.split('\n').entries()) {
      if (index > 0) [line, column] = [line + 1, 0];
      // A whole line that is new is marked by its background already.
      const isWholeLine = column === 0 && piece.length === lines[line]?.length;
      if ((added || removed) && piece !== '' && !isWholeLine)
        ranges[firstLine + line]?.push({ from: column, to: column + piece.length });
      column += piece.length;
    }
  }
}

/** The lines in the colours of their language, each as parts without a line end. */
function highlightedLines(language: string, lines: readonly string[]): { text: string; classes: string }[][] {
  const nodes = highlight(language, lines.join('\n'));
  if (nodes === undefined) return lines.map((text) => [{ text, classes: '' }]);
  const found: { text: string; classes: string }[][] = [[]];
  const walk = (children: readonly HighlightedNode[], classes: string): void => {
    for (const node of children) {
      if (node.type === 'text') {
        for (const [index, text] of node.value.split('\n').entries()) {
          if (index > 0) found.push([]);
          if (text !== '') found.at(-1)?.push({ text, classes });
        }
      } else if (node.type === 'element') {
        const { className } = node.properties;
        const own = Array.isArray(className) ? className.join(' ') : '';
        walk(node.children, own === '' ? classes : `${classes} ${own}`.trim());
      }
    }
  };
  walk(nodes, '');
  return found;
}

/** Cuts the parts of a line at the ends of the ranges. */
function withRanges(parts: readonly { text: string; classes: string }[], ranges: readonly Range[]): DiffPart[] {
  const cut: DiffPart[] = [];
  let column = 0;
  for (const { text, classes } of parts) {
    const end = column + text.length;
    const edges = ranges.flatMap(({ from, to }) => [from, to]).filter((edge) => edge > column && edge < end);
    for (const edge of [...edges, end]) {
      const isChanged = ranges.some(({ from, to }) => from <= column && column < to);
      const piece = text.slice(text.length - (end - column), text.length - (end - edge));
      if (piece !== '') cut.push({ text: piece, classes, isChanged });
      column = edge;
    }
  }
  return cut;
}
