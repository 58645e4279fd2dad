import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from '@tanstack/virtual-core';
import type { Range } from '@tanstack/virtual-core';
import * as l10n from '@vscode/l10n';
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import { EventRow } from './eventRow';
import { useFindMarks } from './findMarks';
import { useFocusWithin } from './focusWithin';
import { useFoldedHeights } from './foldedHeights';
import { LatestButton } from './latestButton';
import type { TimelineModel } from './model/timelineModel';
import { usePointerPressed } from './pointerPressed';
import { prepareMenu } from './rows/eventMenu';
import './eventList.css';

const ESTIMATED_ROW_PX = 56;
const OVERSCAN_ROWS = 6;
/** Fewer than the page keeps, or the first would be dropped for the last. */
const MAX_LOADED_LINES = 5_000;
/** How long an event stays marked that a link or a search led to. */
const MARK_MS = 4_000;
/** Closer to the end than this counts as at the end. */
const END_SLACK_PX = 24;
/** Browsers cannot lay out more than about 33 million pixels: of a longer session the list has only the last rows. */
const MAX_LIST_ROWS = 200_000;
const LIST_STEP_ROWS = 100_000;

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight <= END_SLACK_PX;
}

/** The first line that the list has: 0 unless the session is too long for a browser to lay out. */
function firstListLine(lineCount: number): number {
  return lineCount <= MAX_LIST_ROWS ? 0 : Math.ceil((lineCount - MAX_LIST_ROWS) / LIST_STEP_ROWS) * LIST_STEP_ROWS;
}

export function EventList({ model }: { model: TimelineModel }) {
  const firstLine = firstListLine(model.lineCount);
  // Another run, part, filter or level of detail needs a new list, since the measured heights belong to the old rows.
  return (
    <EventRows
      key={`${model.runId ?? ''} ${String(firstLine)} ${model.rows.detail} ${JSON.stringify(model.filter.criteria)}`}
      model={model}
      firstLine={firstLine}
    />
  );
}

/** Loads the lines that are shown; of very many that are folded in between just those with a row. */
function loadShown(
  model: TimelineModel,
  firstLine: number,
  { startIndex, endIndex }: { startIndex: number; endIndex: number },
  items: readonly { index: number }[],
): void {
  if (endIndex - startIndex <= MAX_LOADED_LINES) model.events.loadLines(firstLine + startIndex, firstLine + endIndex);
  else for (const { index } of items) model.events.loadLines(firstLine + index, firstLine + index);
}

function EventRows({ model, firstLine }: { model: TimelineModel; firstLine: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  const [selected, setSelected] = useState<number>();
  const [isEndShown, setEndShown] = useState(true);
  const focusWanted = useRef(false);
  const heightAtFollow = useRef(0);
  const lastTopPx = useRef(0);
  const hadFocus = useFocusWithin(scroller);
  const isPressed = usePointerPressed(scroller);
  /** Grows whenever rows may look different. */
  const version = useRef(0);
  useLayoutEffect(
    () =>
      model.subscribe(() => {
        version.current++;
      }),
    [model],
  );
  const count = model.lineCount - firstLine;

  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    // Or a page would load and show the first rows before the last.
    initialRect: { width: 0, height: window.innerHeight },
    initialOffset: () => (model.following ? Math.max(0, virtualizer.getTotalSize() - window.innerHeight) : 0),
    overscan: OVERSCAN_ROWS,
    scrollToFn: elementScroll<HTMLDivElement>,
    observeElementRect,
    observeElementOffset,
    onChange: () => {
      render(undefined);
    },
    rangeExtractor: ({ startIndex, endIndex, overscan }: Range) => {
      const rows: number[] = [];
      const step = (row: number, direction: 1 | -1): number | undefined => {
        const line = model.rows.step(firstLine + row, direction);
        return line === undefined || line < firstLine ? undefined : line - firstLine;
      };
      let first = startIndex;
      let last = endIndex;
      for (let extra = 0; extra < overscan; extra++) {
        first = step(first, -1) ?? first;
        last = step(last, 1) ?? last;
      }
      for (let row = first; row <= last; row++) if (!folded.isFolded(row)) rows.push(row);
      // The selected row stays in the page, or scrolling it away would lose the focus.
      return selected === undefined || selected >= count || folded.isFolded(selected) || rows.includes(selected)
        ? rows
        : [...rows, selected].sort((a, b) => a - b);
    },
  };
  const [virtualizer] = useState((): Virtualizer<HTMLDivElement, HTMLElement> => new Virtualizer(options));
  const folded = useFoldedHeights(model, virtualizer, firstLine, ESTIMATED_ROW_PX);
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
  });

  const items = virtualizer.getVirtualItems();
  useLayoutEffect(() => {
    const shown = virtualizer.range;
    if (shown !== null) loadShown(model, firstLine, shown, items);
    const element = scroller.current;
    if (element !== null && model.following && !isPressed.current) {
      element.scrollTop = element.scrollHeight;
      // The last event of a replay can be part of a row that is not the last one.
      const row = model.rows.rowLineOf(model.lineCount - 1) - firstLine;
      const topPx = virtualizer.measurementsCache[row]?.start;
      if (model.replay.position !== undefined && topPx !== undefined && topPx < element.scrollTop)
        element.scrollTop = topPx;
      heightAtFollow.current = element.scrollHeight;
    }
    if (element !== null) setEndShown(isAtEnd(element));
    if (selected === undefined) return;
    if (selected >= count) {
      // The replay moved back over the selected row, so the focus that it may have had is lost.
      setSelected(undefined);
      if (document.activeElement === document.body) element?.focus({ preventScroll: true });
      return;
    }
    // What had the focus can be gone, such as the button of an answered question. The rest of the window keeps its own.
    if (hadFocus.current && document.hasFocus() && document.activeElement === document.body) focusWanted.current = true;
    if (!focusWanted.current) return;
    const row = element?.querySelector<HTMLElement>(`[data-index="${String(selected)}"]`);
    if (row === null || row === undefined) return;
    focusWanted.current = false;
    row.focus({ preventScroll: true });
  });

  useLayoutEffect(() => {
    if (!model.rows.isQuestionWanted || model.session === undefined) return;
    const card = scroller.current?.querySelector<HTMLElement>('.permission.pending');
    const isToCome = (card === null || card === undefined) && model.session.pendingPermissions.length > 0;
    model.rows.isQuestionWanted = isToCome;
    card?.focus({ preventScroll: true });
    if (card !== null && card !== undefined && card.offsetHeight > (scroller.current?.clientHeight ?? 0)) {
      // What it asks comes first, and its buttons last.
      model.setFollowing(false);
      card.scrollIntoView({ block: 'start' }); // of a low page, too
      const row = Number(card.closest<HTMLElement>('[data-index]')?.dataset['index']);
      if (Number.isInteger(row)) virtualizer.scrollToIndex(row, { align: 'start' });
    }
    if (isToCome) model.setFollowing(true); // it is at the end, and not in the page yet
  });
  useFindMarks(scroller, model.find.text, model.rows.marked);
  const { marked } = model.rows;
  useEffect(() => {
    if (marked === undefined) return;
    const timer = setTimeout(() => {
      model.rows.unmark(marked);
    }, MARK_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [model, marked]);
  useLayoutEffect(() => {
    const line = model.rows.takeLineToShow();
    const row = line === undefined ? -1 : line - firstLine;
    if (row < 0 || row >= count) return;
    version.current++; // what hid the event is open now
    model.setFollowing(line === model.rows.rowLineOf(model.lineCount - 1));
    setSelected(row);
    virtualizer.scrollToIndex(row, { align: 'center' });
  });

  /** The next row in a direction; undefined at the end of the list. */
  const step = (row: number, direction: 1 | -1): number | undefined => {
    const line = model.rows.step(firstLine + row, direction);
    return line === undefined || line < firstLine ? undefined : line - firstLine;
  };
  const select = (row: number | undefined): void => {
    // Newer than the last render: a step may have shown one more.
    const last = model.rows.rowLineOf(model.lineCount - 1) - firstLine;
    if (row === undefined || row < 0 || row > last) return;
    model.setFollowing(row === last);
    focusWanted.current = true;
    setSelected(row);
    virtualizer.scrollToIndex(row, { align: 'auto' });
    render(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const before = (virtualizer.range?.startIndex ?? 0) - 1;
    switch (event.key) {
      case 'ArrowDown':
      case 'j':
        if (step(selected ?? before, 1) === undefined && model.replay.position !== undefined) model.replay.step(1);
        select(step(selected ?? before, 1) ?? selected);
        break;
      case 'ArrowUp':
      case 'k':
        select(step(selected ?? before + 1, -1) ?? selected);
        break;
      case 'Home':
        select(step(-1, 1));
        break;
      case 'End':
        select(step(count, -1));
        break;
      case 'PageUp':
        model.setFollowing(false);
        return;
      case 'ArrowLeft':
        model.replay.step(-1);
        break;
      case 'ArrowRight':
        model.replay.step(1);
        break;
      case ' ':
        if (event.target instanceof HTMLButtonElement) return; // the space bar presses the button
        model.replay.setPlaying(!model.replay.playing);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const onScroll = (event: Event): void => {
    const element = event.currentTarget;
    if (!(element instanceof HTMLElement)) return;
    const isDown = element.scrollTop > lastTopPx.current;
    lastTopPx.current = element.scrollTop;
    if (isAtEnd(element)) {
      // Not on the way up: the first row of a list that is hardly higher than its page is near the end as well.
      if (isDown) model.setFollowing(true);
    }
    // If the height changed, rows were added or measured, and the next render scrolls to the end again.
    else if (element.scrollHeight === heightAtFollow.current) model.setFollowing(false);
  };
  const onWheel = (event: WheelEvent): void => {
    const element = scroller.current;
    if (event.deltaY < 0 && element !== null && element.scrollHeight > element.clientHeight) model.setFollowing(false);
  };

  return (
    <>
      <div
        class="list"
        ref={scroller}
        role="feed"
        aria-label={l10n.t('Events')}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
        onWheel={onWheel}
        onContextMenuCapture={prepareMenu}
      >
        {firstLine > 0 && (
          <div class="earlier">
            {l10n.t('{0} earlier events: move the position to see them', firstLine.toLocaleString())}
          </div>
        )}
        <div class="rows" style={{ height: `${String(virtualizer.getTotalSize())}px` }}>
          {items.map((item) => (
            <EventRow
              key={item.index}
              model={model}
              item={item}
              line={firstLine + item.index}
              isSelected={item.index === selected}
              version={version.current}
              measure={virtualizer.measureElement}
              onSelect={() => {
                setSelected(item.index);
              }}
            />
          ))}
        </div>
      </div>
      {!model.following && !isEndShown && model.replay.position === undefined && <LatestButton model={model} />}
    </>
  );
}
