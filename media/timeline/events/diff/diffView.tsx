import * as l10n from '@vscode/l10n';
import { useMemo } from 'preact/hooks';
import { exactText, visibleText } from '../../../../src/common/visibleText';
import { oneLine } from '../../../shared/plainText';
import { OPEN_DIFF_LINES, hunkFold } from '../../model/rows/unfold';
import type { TimelineModel } from '../../model/timelineModel';
import type { DiffPart } from '../../worker/diffWords';
import { useFormatted } from '../text/useFormatted';
import { openLinesOf, parseUnifiedDiff } from '../../../../src/common/diff/unifiedDiff';
import type { DiffHunk, DiffLine } from '../../../../src/common/diff/unifiedDiff';
import './diffView.css';

/** A longer hunk is shown in one colour. */
const MAX_FORMATTED_LENGTH = 65_536;
const SIGNS = { context: ' ', added: '+', removed: '−', note: ' ' } as const;

interface DiffViewProps {
  model: TimelineModel;
  /** Tells the folds of this diff from those of others in the page. */
  id: string;
  /** A unified diff of one file. */
  diff: string;
  /** Of that file; its extension tells the language. */
  path: string;
  label: string;
  /** True where a person decides about it: nothing is folded, and unclear characters are shown by their labels. */
  isExact?: boolean;
}

/** A diff with line numbers, the file's syntax and the changed words. Most of a long one is folded. */
export function DiffView({ model, id, diff, path, label, isExact = false }: DiffViewProps) {
  const hunks = useMemo(() => parseUnifiedDiff(isExact ? exactText(diff) : visibleText(diff)), [diff, isExact]);
  const openLines = useMemo(() => openLinesOf(hunks, isExact ? Infinity : OPEN_DIFF_LINES), [hunks, isExact]);
  const language = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const digits = String(Math.max(0, ...hunks.map(({ lines }) => numberOf(lines.at(-1))))).length;
  const hasNumbers = hunks.some(({ lines }) => numberOf(lines[0]) > 0);
  return (
    <div
      class={`diff ${hasNumbers ? '' : 'unnumbered'}`}
      style={{ '--digits': `${String(digits)}ch` }}
      role="group"
      aria-label={label}
    >
      {hunks.map((hunk, index) => (
        <Hunk
          key={index}
          model={model}
          fold={hunkFold(id, index)}
          hunk={hunk}
          language={language}
          openLines={openLines[index] ?? 0}
          isFirst={index === 0}
        />
      ))}
    </div>
  );
}

function numberOf(line: DiffLine | undefined): number {
  return line?.after ?? line?.before ?? 0;
}

interface HunkProps {
  model: TimelineModel;
  fold: string;
  hunk: DiffHunk;
  language: string;
  /** Lines that are shown while the fold is as it was at first. */
  openLines: number;
  isFirst: boolean;
}

function Hunk({ model, fold, hunk, language, openLines, isFirst }: HunkProps) {
  const isToggled = model.isToggled(fold);
  const { lines, section } = hunk;
  const isFoldable = openLines < lines.length;
  const shownCount = isFoldable && !isToggled ? openLines : lines.length;
  const text = useMemo(() => lines.map(withSign).join('\n'), [lines]);
  const formatted = useFormatted(
    shownCount > 0 && text.length <= MAX_FORMATTED_LENGTH ? { kind: 'hunk', language, text } : undefined,
  );
  const shown = useMemo(
    () => lines.slice(0, shownCount).map((line, index) => <Line key={index} line={line} parts={formatted?.[index]} />),
    [lines, shownCount, formatted],
  );
  const toggle = (): void => {
    model.toggle(fold);
  };
  return (
    <>
      {!isFirst && (
        <div class="diff-gap" aria-hidden={section === '' ? 'true' : undefined}>
          <span aria-hidden="true">⋯</span> {oneLine(section, 120)}
        </div>
      )}
      {shown}
      {isFoldable && (
        <button type="button" class="diff-more" aria-expanded={isToggled} onClick={toggle}>
          {isToggled ? l10n.t('Show fewer lines') : moreLabel(lines, shownCount)}
        </button>
      )}
    </>
  );
}

function moreLabel(lines: readonly DiffLine[], shownCount: number): string {
  const rest = lines.slice(shownCount);
  const number = numberOf(rest.find((line) => numberOf(line) > 0));
  const count = rest.length;
  if (number === 0) return count === 1 ? l10n.t('Show 1 more line') : l10n.t('Show {0} more lines', count);
  return count === 1
    ? l10n.t('Show 1 more line, line {0}', number)
    : l10n.t('Show {count} more lines from line {number} on', { count, number });
}

function withSign({ kind, text }: DiffLine): string {
  return `${kind === 'added' ? '+' : kind === 'removed' ? '-' : kind === 'note' ? '\\' : ' '}${text}`;
}

function Line({ line, parts }: { line: DiffLine; parts: readonly DiffPart[] | undefined }) {
  const { kind, text, before, after } = line;
  return (
    <div class={`diff-line diff-${kind}`}>
      <span class="diff-number diff-before" aria-hidden="true">
        {before}
      </span>
      <span class="diff-number" aria-hidden="true">
        {after}
      </span>
      <span class="diff-sign">{SIGNS[kind]}</span>
      <span class="diff-text" dir="auto">
        {parts === undefined || kind === 'note'
          ? text
          : parts.map((part) =>
              part.classes === '' && !part.isChanged ? (
                part.text
              ) : (
                <span class={`${part.classes} ${part.isChanged ? 'diff-word' : ''}`.trim()}>{part.text}</span>
              ),
            )}
      </span>
    </div>
  );
}
