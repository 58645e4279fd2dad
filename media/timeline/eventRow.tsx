import type { VirtualItem } from '@tanstack/virtual-core';
import * as l10n from '@vscode/l10n';
import { Component } from 'preact';
import type { TimelineEvent } from '../../src/protocol/timelineProtocol';
import { Icon } from '../shared/icons';
import { EventCard } from './events/eventCard';
import { eventIcon, eventName } from './events/eventName';
import type { TimelineModel } from './model/timelineModel';
import { AsideCards } from './rows/asideCards';
import { MenuButton, copyByKey, eventMenu } from './rows/eventMenu';
import { FoldedRow } from './rows/foldedRow';

/** Shared by all rows, since making a formatter takes longer than rendering a row. */
const TIME_OF_DAY = new Intl.DateTimeFormat(undefined, {
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  hourCycle: 'h23',
});
const DATE_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** What was written for each event: a live list is rendered many times a second. */
const TIMES = new WeakMap<TimelineEvent, { time: string; dateAndTime: string }>();

function timesOf(event: TimelineEvent): { time: string; dateAndTime: string } {
  const known = TIMES.get(event);
  if (known !== undefined) return known;
  const date = new Date(event.timestamp);
  const times = { time: TIME_OF_DAY.format(date), dateAndTime: DATE_AND_TIME.format(date) };
  TIMES.set(event, times);
  return times;
}

export interface EventRowProps {
  model: TimelineModel;
  item: VirtualItem;
  line: number;
  isSelected: boolean;
  /** Another one where the model changed. */
  version: number;
  measure: (element: HTMLElement | null) => void;
  onSelect: () => void;
}

/** A row of the list, rendered again only where it can look different: the list is, whenever it is scrolled. */
export class EventRow extends Component<EventRowProps> {
  override shouldComponentUpdate({ version, item, line, isSelected }: EventRowProps): boolean {
    const before = this.props;
    return (
      version !== before.version ||
      item.start !== before.item.start ||
      line !== before.line ||
      isSelected !== before.isSelected
    );
  }

  override render(props: EventRowProps) {
    return <ShownRow {...props} />;
  }
}

function ShownRow({ model, item, line, isSelected, measure, onSelect }: EventRowProps) {
  const event = model.events.at(model.filter.rowOf(line));
  const isLive = model.replay.position === undefined && isRunning(model);
  const shared = {
    ref: measure,
    'data-index': item.index,
    role: 'article',
    tabIndex: -1,
    'aria-posinset': line + 1,
    'aria-setsize': isLive ? -1 : model.lineCount,
    style: { transform: `translateY(${String(item.start)}px)` },
    onFocusIn: onSelect,
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
  return (
    <div
      {...shared}
      class={`event ${eventLooks(model, event)}${isSelected ? ' selected' : ''}`}
      data-testid="event"
      data-seq={event.seq}
      data-kind={event.kind}
      aria-label={rowName(model, event)}
      aria-keyshortcuts="Shift+F10 Control+C"
      onKeyDown={(key) => copyByKey(model, event, key)}
      {...eventMenu(model, event)}
    >
      <EventParts model={model} event={event} isLive={isLive} />
      <div class="aside">
        <EventTime event={event} />
        <MenuButton />
      </div>
      <AsideCards model={model} event={event} line={line} />
    </div>
  );
}

/** What a row says to a screen reader. */
export function rowName({ session }: TimelineModel, event: TimelineEvent): string {
  return `${eventName(event, session)}, ${timesOf(event).time}`;
}

/** The classes of a row. */
export function eventLooks(model: TimelineModel, event: TimelineEvent): string {
  const looks = [
    `kind-${event.kind.replaceAll('.', '-')}`,
    event.kind === 'message' && `role-${event.data.role}`,
    !model.rows.isFolding && belongsToCall(event) && 'nested',
    model.rows.isMarked(event) && 'marked',
    model.rows.isFolding && 'folding',
  ];
  return looks.filter(Boolean).join(' ');
}

/** What stands in a row: its icon, and the event with all that belongs to it. */
export function EventParts(props: { model: TimelineModel; event: TimelineEvent; isLive: boolean }) {
  const { model, event } = props;
  const icon = eventIcon(event);
  return (
    <>
      <div class="gutter">{icon !== undefined && <Icon name={icon} />}</div>
      <div class="content">{model.rows.isFolding ? <FoldedRow {...props} /> : <EventCard {...props} />}</div>
    </>
  );
}

export function EventTime({ event }: { event: TimelineEvent }) {
  const { time, dateAndTime } = timesOf(event);
  return (
    <time class="time" dateTime={event.timestamp} title={dateAndTime}>
      {time}
    </time>
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
