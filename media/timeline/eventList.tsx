import {
  Virtualizer,
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
} from '@tanstack/virtual-core';
import type { VirtualItem } from '@tanstack/virtual-core';
import * as l10n from '@vscode/l10n';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { TimelineEvent } from '../../src/protocol/timelineProtocol';
import { EventCard } from './events/eventCard';
import { eventIcon, eventName } from './events/eventName';
import { useFindMarks } from './findMarks';
import { Icon } from '../shared/icons';
import type { TimelineModel } from './model/timelineModel';
import './eventList.css';

/** Shared by all rows, since making a formatter takes longer than rendering a row. */
const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, {
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  hourCycle: 'h23',
});
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const ESTIMATED_ROW_PX = 56;
/** Closer to the end than this counts as at the end. */
const END_SLACK_PX = 24;
/** Browsers cannot lay out more than about 33 million pixels: of a longer session the list has only the last rows. */
const MAX_LIST_ROWS = 200_000;
const LIST_STEP_ROWS = 100_000;

/** The first line that the list has: 0 unless the session is too long for a browser to lay out. */
function firstListLine(lineCount: number): number {
  return lineCount <= MAX_LIST_ROWS ? 0 : Math.ceil((lineCount - MAX_LIST_ROWS) / LIST_STEP_ROWS) * LIST_STEP_ROWS;
}

export function EventList({ model }: { model: TimelineModel }) {
  const firstLine = firstListLine(model.lineCount);
  // Another run, part or filter needs a new list, since the measured heights belong to the old rows.
  return (
    <EventRows
      key={`${model.runId ?? ''} ${String(firstLine)} ${JSON.stringify(model.filter.criteria)}`}
      model={model}
      firstLine={firstLine}
    />
  );
}

function EventRows({ model, firstLine }: { model: TimelineModel; firstLine: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  const [selected, setSelected] = useState<number>();
  const focusWanted = useRef(false);
  const heightAtFollow = useRef(0);
  const count = model.lineCount - firstLine;

  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    overscan: 6,
    scrollToFn: elementScroll<HTMLDivElement>,
    observeElementRect,
    observeElementOffset,
    onChange: () => {
      render(undefined);
    },
    // The selected row stays in the page, or scrolling it away would lose the focus.
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const rows = defaultRangeExtractor(range);
      return selected === undefined || selected >= count || rows.includes(selected)
        ? rows
        : [...rows, selected].sort((a, b) => a - b);
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => {
    virtualizer._willUpdate();
  });

  const items = virtualizer.getVirtualItems();
  useLayoutEffect(() => {
    const shown = virtualizer.range;
    if (shown !== null) model.events.loadLines(firstLine + shown.startIndex, firstLine + shown.endIndex);
    const element = scroller.current;
    if (element !== null && model.following) {
      element.scrollTop = element.scrollHeight;
      heightAtFollow.current = element.scrollHeight;
    }
    if (selected === undefined) return;
    if (selected >= count) {
      // The replay moved back over the selected row, so the focus that it may have had is lost.
      setSelected(undefined);
      if (document.activeElement === document.body) element?.focus({ preventScroll: true });
      return;
    }
    if (!focusWanted.current) return;
    const row = element?.querySelector<HTMLElement>(`[data-index="${String(selected)}"]`);
    if (row === null || row === undefined) return;
    focusWanted.current = false;
    row.focus({ preventScroll: true });
  });

  useFindMarks(scroller, model.find.text);
  useLayoutEffect(() => {
    const { wantedRow } = model;
    if (wantedRow === undefined) return;
    model.wantedRow = undefined;
    const line = (model.filter.isActive ? model.filter.count(wantedRow) : wantedRow) - firstLine;
    if (line < 0 || line >= count) return;
    model.setFollowing(line === count - 1);
    setSelected(line);
    virtualizer.scrollToIndex(line, { align: 'center' });
  });

  const select = (row: number): void => {
    const last = model.lineCount - firstLine - 1; // newer than the last render: a step may have shown one more
    const bounded = Math.min(Math.max(0, row), last);
    if (bounded < 0) return;
    model.setFollowing(bounded === last);
    focusWanted.current = true;
    setSelected(bounded);
    virtualizer.scrollToIndex(bounded, { align: 'auto' });
    render(undefined);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const current = selected ?? (virtualizer.range?.startIndex ?? 0) - 1;
    switch (event.key) {
      case 'ArrowDown':
      case 'j':
        if (current + 1 >= count && model.replay.position !== undefined) model.replay.step(1);
        select(current + 1);
        break;
      case 'ArrowUp':
      case 'k':
        select(current - 1);
        break;
      case 'Home':
        select(0);
        break;
      case 'End':
        select(count - 1);
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
    const toEndPx = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (toEndPx <= END_SLACK_PX) model.setFollowing(true);
    // If the height changed, rows were added or measured, and the next render scrolls to the end again.
    else if (element.scrollHeight === heightAtFollow.current) model.setFollowing(false);
  };
  const onWheel = (event: WheelEvent): void => {
    const element = scroller.current;
    if (event.deltaY < 0 && element !== null && element.scrollHeight > element.clientHeight) model.setFollowing(false);
  };

  return (
    <div
      class="list"
      ref={scroller}
      role="feed"
      aria-label={l10n.t('Events')}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onScroll={onScroll}
      onWheel={onWheel}
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
            measure={virtualizer.measureElement}
            onSelect={() => {
              setSelected(item.index);
            }}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  model: TimelineModel;
  item: VirtualItem;
  line: number;
  isSelected: boolean;
  measure: (element: HTMLElement | null) => void;
  onSelect: () => void;
}

function EventRow({ model, item, line, isSelected, measure, onSelect }: RowProps) {
  const event = model.events.at(model.filter.rowOf(line));
  const shared = {
    ref: measure,
    'data-index': item.index,
    role: 'article',
    tabIndex: -1,
    'aria-posinset': line + 1,
    'aria-setsize': model.replay.position === undefined && isRunning(model) ? -1 : model.lineCount,
    style: { transform: `translateY(${String(item.start)}px)` },
    onFocus: onSelect,
  } as const;
  if (event === undefined || event === 'missing') {
    return (
      <div {...shared} class={`event ${event ?? 'loading'}`} data-testid={`event-${event ?? 'loading'}`}>
        <div class="gutter" />
        <div class="content faint">
          {event === undefined ? '…' : l10n.t('This record is damaged and cannot be read')}
        </div>
      </div>
    );
  }
  const icon = eventIcon(event);
  const time = new Date(event.timestamp);
  const timeOfDay = TIME_OF_DAY.format(time);
  const isNested = belongsToCall(event);
  return (
    <div
      {...shared}
      class={`event kind-${event.kind.replaceAll('.', '-')} ${event.kind === 'message' ? `role-${event.data.role}` : ''} ${isNested ? 'nested' : ''} ${isSelected ? 'selected' : ''}`}
      data-testid="event"
      data-seq={event.seq}
      data-kind={event.kind}
      aria-label={`${eventName(event)}, ${timeOfDay}`}
    >
      <div class="gutter">{icon !== undefined && <Icon name={icon} />}</div>
      <div class="content">
        <EventCard model={model} event={event} isLive={model.replay.position === undefined && isRunning(model)} />
      </div>
      <time class="time" dateTime={event.timestamp} title={DATE_AND_TIME.format(time)}>
        {timeOfDay}
      </time>
    </div>
  );
}

/** True for events shown under a tool call: its result, its file changes, and the calls of a sub-agent. */
function belongsToCall(event: TimelineEvent): boolean {
  if (event.kind === 'tool.call') return event.data.parentCallId !== undefined;
  return event.kind === 'tool.result' || (event.kind === 'file.change' && event.data.callId !== undefined);
}

function isRunning(model: TimelineModel): boolean {
  return model.session?.status === 'Running' && !model.session.restored && model.lostSinceMs === undefined;
}
