import { openLinesOf, parseUnifiedDiff } from '../../../../src/common/diff/unifiedDiff';
import type { DiffHunk } from '../../../../src/common/diff/unifiedDiff';
import type { TimelineEvent } from '../../../../src/protocol/timelineProtocol';

/** Lines that a longer text shows at first. The end of an output says why it failed. */
export const SHOWN_LINES = { start: 14, end: 15 } as const;
/** Of a longer diff, only so many lines are open at first. */
export const OPEN_DIFF_LINES = 24;

/** The fold of a part of an event. */
export function partFold({ id }: TimelineEvent, name: string): string {
  return `${String(id)} ${name}`;
}

/** The fold of the rest of a long text, which is a field of the event. */
export function wholeFold(event: TimelineEvent, field: string): string {
  return partFold(event, `${field} whole`);
}

/** The fold of the rest of a hunk; `id` tells its diff from others in the page. */
export function hunkFold(id: string, index: number): string {
  return `${id} hunk ${String(index)}`;
}

export function diffId(event: TimelineEvent): string {
  return partFold(event, 'diff');
}

/** True where a text of the event, as far as it is here, has this in it, whatever its case. */
export function hasText({ data }: TimelineEvent, text: string): boolean {
  const wanted = text.toLowerCase();
  const has = (value: unknown): boolean =>
    typeof value === 'string'
      ? value.toLowerCase().includes(wanted)
      : typeof value === 'object' && value !== null && Object.values(value).some(has);
  return has(data);
}

/** The folds inside of the event's own card that hide a text of it. */
export function foldsHiding(event: TimelineEvent, text: string): string[] {
  const has = (part: string): boolean => part.toLowerCase().includes(text.toLowerCase());
  switch (event.kind) {
    case 'reasoning':
      return [partFold(event, 'reasoning')];
    case 'output':
      return has(firstLinesOf(event.data.text)) ? [] : [wholeFold(event, 'text')];
    case 'tool.call':
      return [partFold(event, 'input'), wholeFold(event, 'input')];
    case 'tool.result': {
      const { output, status } = event.data;
      const shown = status === 'failed' ? lastLinesOf(output) : firstLinesOf(output);
      return has(shown) ? [] : [wholeFold(event, 'output')];
    }
    case 'file.change': {
      const hunks = parseUnifiedDiff(event.data.diff ?? '');
      const open = openLinesOf(hunks, OPEN_DIFF_LINES);
      const isHidden = ({ lines }: DiffHunk, index: number): boolean =>
        lines.slice(open[index]).some((line) => has(line.text));
      return hunks.flatMap((hunk, index) => (isHidden(hunk, index) ? hunkFold(diffId(event), index) : []));
    }
    case 'permission.request':
      return [partFold(event, 'raw')];
    default:
      return [];
  }
}

function firstLinesOf(text: string): string {
  return text.split('\n', SHOWN_LINES.start).join('\n');
}

function lastLinesOf(text: string): string {
  return text.trimEnd().split('\n').slice(-SHOWN_LINES.end).join('\n');
}
