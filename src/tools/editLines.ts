/** The lines of edits, from two texts, from a unified diff, or from one text that is all new or all gone. */
import { diffLines } from 'diff';
import type { EditHunk, EditLine } from './toolDescription';

/** Texts that differ in more lines are shown one after the other. */
const MAX_CHANGED_LINES = 2_000;

/** How the one text becomes the other. Nothing of either is left out. */
export function hunkOfTexts(oldText: string, newText: string): EditHunk {
  const parts = diffLines(oldText, newText, { maxEditLength: MAX_CHANGED_LINES });
  if (parts === undefined) return { lines: [...linesOf('removed', oldText), ...linesOf('added', newText)] };
  return {
    lines: parts.flatMap(({ value, added, removed }) => linesOf(added ? 'added' : removed ? 'removed' : 'same', value)),
  };
}

/** Each line of the text; an end of the last line is not one more line. */
export function linesOf(kind: EditLine['kind'], text: string): EditLine[] {
  if (text === '') return [];
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => ({ kind, text: line }));
}

const HEADER = /^@@+ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;
const FILE_HEADER = /^(?:diff --git |index [\da-f]|(?:---|\+\+\+) |Index: |={10,}$)/;

/** The hunks of one file's unified diff. Lines of its header are left out; lines without a sign become notes. */
export function hunksOfDiff(diff: string): EditHunk[] {
  const hunks: EditHunk[] = [];
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const [, oldStart, newStart] = HEADER.exec(line) ?? [];
    if (oldStart !== undefined && newStart !== undefined)
      hunks.push({ oldStart: Number(oldStart), newStart: Number(newStart), lines: [] });
    const hunk = hunks.at(-1);
    if (hunk === undefined && FILE_HEADER.test(line)) continue;
    if (hunk === undefined || (line.startsWith('@@') && oldStart === undefined)) hunks.push({ lines: [] });
    const about = oldStart === undefined ? line : line.replace(HEADER, '').trim();
    if (oldStart === undefined || about !== '') hunks.at(-1)?.lines.push(lineOf(about, oldStart !== undefined));
  }
  return hunks;
}

function lineOf(line: string, isNote: boolean): EditLine {
  if (isNote) return { kind: 'note', text: line };
  if (line.startsWith('+')) return { kind: 'added', text: line.slice(1) };
  if (line.startsWith('-')) return { kind: 'removed', text: line.slice(1) };
  if (line.startsWith(' ') || line === '') return { kind: 'same', text: line.slice(1) };
  return { kind: 'note', text: line };
}

const SIGNS = { same: ' ', added: '+', removed: '-', note: '\\ ' } as const;

/** The hunk as a part of a unified diff; its header has numbers where they are known. */
export function unifiedText({ oldStart, newStart, lines }: EditHunk): string {
  const count = (...kinds: EditLine['kind'][]): string =>
    String(lines.filter(({ kind }) => kind === 'same' || kinds.includes(kind)).length);
  const numbers =
    oldStart === undefined || newStart === undefined
      ? ''
      : ` -${String(oldStart)},${count('removed')} +${String(newStart)},${count('added')} @@`;
  return [`@@${numbers}`, ...lines.map(({ kind, text }) => `${SIGNS[kind]}${text}`)].join('\n');
}
