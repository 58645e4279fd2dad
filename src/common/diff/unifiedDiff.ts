/** A line of a hunk. Its number before and after the change, counted from 1, is there where it is known. */
export interface DiffLine {
  kind: 'context' | 'added' | 'removed' | 'note';
  text: string;
  before?: number;
  after?: number;
}

export interface DiffHunk {
  /** What stands behind the hunk's line numbers, such as the function around it. */
  section: string;
  lines: DiffLine[];
}

/** Lines before the hunks that say which file it is, which stands above the diff. */
const FILE_HEADER = /^(--- |\+\+\+ |diff --git |index |Index: |={20,}$|new file mode |deleted file mode )/;
const HUNK_HEADER = /^@@(?: -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@)?(.*)$/;
const KINDS: Readonly<Record<string, DiffLine['kind']>> = { '+': 'added', '-': 'removed', '\\': 'note' };

/** The hunks of a unified diff, which may be cut, lack line numbers, or be anything else: no line of it is lost. */
export function parseUnifiedDiff(diff: string): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let next = { before: 0, after: 0 };
  /** Lines that the header announced and that have not come; Infinity where it does not say. */
  let left = { before: 0, after: 0 };
  let isInHunk = false;
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const header = HUNK_HEADER.exec(line);
    const isComplete = left.before <= 0 && left.after <= 0;
    if (header !== null && (isComplete || left.before === Infinity)) {
      const [, before, beforeCount, after, afterCount, section = ''] = header;
      next = { before: Number(before ?? 0), after: Number(after ?? 0) };
      left =
        before === undefined
          ? { before: Infinity, after: Infinity }
          : { before: Number(beforeCount ?? 1), after: Number(afterCount ?? 1) };
      isInHunk = true;
      hunks.push({ section: section.trim(), lines: [] });
      continue;
    }
    const isHeader = isComplete && FILE_HEADER.test(line);
    if (isHeader) isInHunk = false;
    if (isHeader || (line === '' && !isInHunk)) continue;
    if (!isInHunk && hunks.length === 0) hunks.push({ section: '', lines: [] });
    const kind = isInHunk ? (KINDS[line[0] ?? ''] ?? 'context') : 'note';
    hunks.at(-1)?.lines.push(numbered(kind, line, next));
    if (kind === 'added' || kind === 'context') left.after--;
    if (kind === 'removed' || kind === 'context') left.before--;
  }
  return hunks.filter(({ lines }) => lines.length > 0);
}

/** The line with its numbers; moves `next` behind it. */
function numbered(kind: DiffLine['kind'], line: string, next: { before: number; after: number }): DiffLine {
  const text = kind === 'note' || (kind === 'context' && !line.startsWith(' ')) ? line : line.slice(1);
  return {
    kind,
    text,
    ...(next.before > 0 && (kind === 'removed' || kind === 'context') ? { before: next.before++ } : {}),
    ...(next.after > 0 && (kind === 'added' || kind === 'context') ? { after: next.after++ } : {}),
  };
}

/** How much of each hunk of a long diff is open at first: lines until `openLines` are reached over all hunks. */
export function openLinesOf(hunks: readonly DiffHunk[], openLines: number): number[] {
  let left = openLines;
  return hunks.map(({ lines }) => {
    // A button for the last few lines would take as much room as they do.
    const open = lines.length <= left + 3 && left > 0 ? lines.length : Math.max(0, left);
    left -= lines.length;
    return open;
  });
}
