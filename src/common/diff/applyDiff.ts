import type { DiffHunk, DiffLine } from './unifiedDiff';

/** How far from its number a hunk is looked for: earlier edits that are not known may have moved it. */
const MAX_SHIFT_LINES = 500;

const isBefore = ({ kind }: DiffLine): boolean => kind === 'context' || kind === 'removed';
const isAfter = ({ kind }: DiffLine): boolean => kind === 'context' || kind === 'added';

/** The text with the hunks applied; undefined where it does not have what they change. */
export function applyDiff(text: string, hunks: readonly DiffHunk[]): string | undefined {
  const lines = text === '' ? [] : text.split('\n');
  let shift = 0;
  let from = 0;
  for (const hunk of hunks) {
    const before = hunk.lines.filter(isBefore).map((line) => line.text);
    const after = hunk.lines.filter(isAfter).map((line) => line.text);
    const number = hunk.lines.find(isBefore)?.before;
    const at = findLines(lines, before, number === undefined ? from : number - 1 + shift, from);
    if (at === undefined) return undefined;
    lines.splice(at, before.length, ...after);
    shift += after.length - before.length;
    from = at + after.length;
  }
  return lines.join('\n');
}

/** The two sides of the hunks alone, with a sign for what lies between them. */
export function sidesOf(hunks: readonly DiffHunk[]): { before: string; after: string } {
  const side = (isOn: (line: DiffLine) => boolean): string =>
    hunks
      .map(({ lines }) =>
        lines
          .filter(isOn)
          .map((line) => line.text)
          .join('\n'),
      )
      .join('\n⋯\n');
  return { before: side(isBefore), after: side(isAfter) };
}

/** Where the wanted lines stand nearest to `near`, not before `from`. Line ends of Windows make no difference. */
function findLines(
  lines: readonly string[],
  wanted: readonly string[],
  near: number,
  from: number,
): number | undefined {
  const isAt = (at: number): boolean =>
    at >= from &&
    at + wanted.length <= lines.length &&
    wanted.every((line, index) => line === lines[at + index] || `${line}\r` === lines[at + index]);
  for (let distance = 0; distance <= MAX_SHIFT_LINES; distance++) {
    if (isAt(near + distance)) return near + distance;
    if (isAt(near - distance)) return near - distance;
  }
  return undefined;
}
