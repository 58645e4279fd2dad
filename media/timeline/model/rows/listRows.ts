import type { Detail, EventPlace, TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import type { EventFilter } from '../eventFilter';
import type { Ask } from '../extensionHostClient';
import type { Playlist } from '../playlist';
import type { ShownEvents } from '../shownEvents';
import { callIdOf } from './callIndex';
import { CurrentPlan } from './currentPlan';
import { TurnDurations } from './turnDurations';
import { foldsHiding, hasText } from './unfold';

/** Rows are looked for in so many lines; more that are folded in a row are not loaded at the same time. */
const MAX_FOLDED_LINES = 10_000;

export interface ListRowsContext {
  events: ShownEvents;
  filter: EventFilter;
  playlist: () => Playlist;
  shownRows: () => number;
  /** Lines of the list. */
  lineCount: () => number;
  /** Opens a fold that is closed at first. */
  open: (fold: string) => void;
  ask: Ask;
  changed: () => void;
}

/** What a row about an end has beside its own event. */
export interface Outcome {
  snapshot?: Extract<TimelineEvent, { kind: 'snapshot' }>;
  exit?: Extract<TimelineEvent, { kind: 'run.exited' }>;
}

/** Events that can follow the end of a session's work without being work. */
const QUIET_KINDS: ReadonlySet<string> = new Set(['snapshot', 'status', 'usage', 'output', 'error', 'file.change']);

function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

/** The fold of all that a row has beside its line. */
export function rowFold({ id }: TimelineEvent): string {
  return `${String(id)} row`;
}

/** Which lines of the list have a row of their own, and which are part of another line's row. */
export class ListRows {
  readonly #context: ListRowsContext;
  readonly durations: TurnDurations;
  readonly currentPlan: CurrentPlan;
  #isToShow = false;
  /** What was found in the marked event, which may be folded away. */
  #found = '';
  /** The event that a link or a search led to. */
  marked: EventPlace | undefined;
  #isMarkUnseen = false;

  /** True until the question that waits for an answer has the keyboard, or there is none. */
  isQuestionWanted = false;

  constructor(context: ListRowsContext) {
    this.#context = context;
    this.durations = new TurnDurations(context.ask, context.changed);
    this.currentPlan = new CurrentPlan({ ...context, eventAt: (row) => context.events.at(row) });
  }

  get detail(): Detail {
    return this.#context.events.folds.detail;
  }

  setDetail(detail: Detail): void {
    if (detail === this.detail) return;
    this.#context.events.folds.setDetail(detail);
    this.#context.changed();
  }

  /** A filtered list shows the events that were found, each in a row. */
  get isFolding(): boolean {
    return this.detail !== 'everything' && !this.#context.filter.isActive;
  }

  /** True for a loaded line that has no row, false for one that has; undefined while it is not known. */
  isFolded(line: number): boolean | undefined {
    if (!this.isFolding) return false;
    const event = this.#context.events.at(line);
    if (event === undefined) return undefined;
    return event !== 'missing' && this.#context.events.folds.rowOf(event) !== event.seq;
  }

  /** The line whose row has this one: its own, or the nearest before it where it is in none. */
  rowLineOf(line: number): number {
    if (this.isFolded(line) !== true) return line;
    const event = this.#context.events.at(line);
    const seq = typeof event === 'object' ? this.#context.events.folds.rowOf(event) : undefined;
    if (typeof event === 'object' && seq !== undefined) return line - (event.seq - seq);
    return this.step(line, -1) ?? this.step(line, 1) ?? line;
  }

  /** The next line with a row in a direction; undefined where there is none. */
  step(line: number, direction: 1 | -1): number | undefined {
    const end = this.#context.lineCount();
    for (let steps = 1; steps <= MAX_FOLDED_LINES; steps++) {
      const next = line + steps * direction;
      if (next < 0 || next >= end) return undefined;
      if (this.isFolded(next) !== true) return next;
    }
    return undefined;
  }

  /** Lines that may be folded in another way than at a `version` and when the list ended before `line`. */
  changedSince({ version, line }: { version: number; line: number }): { fromLine: number; toLine: number }[] {
    if (!this.isFolding) return [];
    const parts: { fromLine: number; toLine: number }[] = [];
    for (const { window, version: changed } of this.#context.events.folds.windows) {
      const fromLine = this.#context.playlist().rowOf({ runId: window.runId, seq: window.firstSeq });
      if (fromLine === undefined) continue;
      const toLine = fromLine + window.events.length - 1;
      if (changed > version || toLine >= line) parts.push({ fromLine, toLine });
    }
    return parts;
  }

  /** Grows whenever loaded events are folded in another way. */
  get version(): number {
    return this.#context.events.folds.version;
  }

  /**
   * Marks an event, opens the row that has it and what hides `found` in it, and has the list show that. Where what
   * stands below the event is meant, the mark is `unseen`.
   */
  reveal(place: EventPlace | undefined, found = '', unseen = false): void {
    this.marked = place;
    this.#isMarkUnseen = unseen;
    this.#found = found;
    this.#isToShow = place !== undefined;
    this.#context.changed();
  }

  /** Has the list lead the keyboard to the question that waits for an answer. */
  wantQuestion(): void {
    this.isQuestionWanted = true;
    this.#context.changed();
  }

  /** Ends the mark, unless another event has it by now. */
  unmark(place: EventPlace): void {
    if (place !== this.marked || this.#isToShow) return;
    this.marked = undefined;
    this.#context.changed();
  }

  isMarked({ runId, seq }: TimelineEvent): boolean {
    return !this.#isMarkUnseen && this.marked?.seq === seq && this.marked.runId === runId;
  }

  /** The line to show of the event that was just marked, once; undefined while it is not loaded. */
  takeLineToShow(): number | undefined {
    if (!this.#isToShow || this.marked === undefined) return undefined;
    const { events, playlist, filter, shownRows } = this.#context;
    const row = playlist().rowOf(this.marked);
    const event = row === undefined ? undefined : events.at(row);
    if (row === undefined || row >= shownRows()) this.#isToShow = false;
    if (row === undefined || !this.#isToShow) return undefined;
    if (event === undefined) {
      events.loadRows(row, row);
      return undefined;
    }
    this.#isToShow = false;
    if (typeof event === 'object') for (const part of this.#partsWithFound(event)) this.#unfold(part);
    if (filter.isActive) return filter.count(row);
    const line = this.rowLineOf(row);
    const head = events.at(line);
    if (line !== row && typeof head === 'object') this.#context.open(rowFold(head));
    return line;
  }

  /** The event, and what else was found in the row of its call: Find goes on to the next row. */
  #partsWithFound(event: TimelineEvent): TimelineEvent[] {
    const callId = callIdOf(event);
    if (this.#found === '' || callId === undefined || !this.isFolding) return [event];
    const { call, result, changes } = this.#context.events.callOf(event.runId, callId);
    const others = [call, result, ...changes].filter((part) => part !== undefined && part.seq !== event.seq);
    return [event, ...others.filter((part) => part !== undefined).filter((part) => hasText(part, this.#found))];
  }

  /** Opens what hides the text that was found in the event, in its own part and in the row of its call. */
  #unfold(event: TimelineEvent): void {
    if (this.#found === '') return;
    for (const fold of foldsHiding(event, this.#found)) this.#context.open(fold);
    const callId = callIdOf(event);
    if (callId === undefined || !this.isFolding) return;
    const { call } = this.#context.events.callOf(event.runId, callId);
    const isShown = event.kind === 'file.change' || (event.kind === 'tool.result' && event.data.status === 'failed');
    if (call !== undefined && !isShown && !has(call.data.title, this.#found)) this.#context.open(rowFold(call));
  }

  /** What belongs to the end of a turn or a run, as far as it is shown. */
  outcomeOf(ending: TimelineEvent): Outcome {
    const outcome: Outcome = {};
    for (const event of this.#eventsAfter(ending)) {
      if (this.#context.events.folds.rowOf(event) === event.seq) break;
      if (event.kind === 'snapshot') outcome.snapshot = event;
      if (event.kind === 'run.exited') outcome.exit = event;
    }
    return outcome;
  }

  /** True where the session came to rest with this: what can be done now is done with its outcome. */
  isLastOutcome(ending: TimelineEvent): boolean {
    const { playlist, shownRows } = this.#context;
    const line = playlist().rowOf(ending);
    if (line === undefined || shownRows() < playlist().rowCount) return false;
    for (let next = this.step(line, 1); next !== undefined; next = this.step(next, 1)) {
      const event = this.#context.events.at(next);
      if (typeof event !== 'object' || !QUIET_KINDS.has(event.kind)) return false;
    }
    return true;
  }

  /** The calls that share the row of this one and are shown, itself included. */
  groupOf(head: TimelineEvent): TimelineEvent[] {
    return this.#context.events.folds.groupOf(head, this.#eventsAfter(head));
  }

  /** Events after this one in its run that are loaded and shown, up to the first that is not. */
  *#eventsAfter({ runId, seq }: TimelineEvent): Generator<TimelineEvent> {
    const { events, playlist, shownRows } = this.#context;
    const line = playlist().rowOf({ runId, seq });
    if (line === undefined) return;
    for (let next = line + 1; next < shownRows(); next++) {
      const event = events.at(next);
      if (typeof event !== 'object' || event.runId !== runId) return;
      yield event;
    }
  }
}
