import { EventFilter, NO_CRITERIA } from './eventFilter';
import type { FilterContext, FilterCriteria } from './eventFilter';

export interface EventFindContext extends FilterContext {
  /** The events that the list has; only those are looked through. */
  criteria: () => FilterCriteria;
  /** Number of rows that are shown. */
  shownRows: () => number;
  /** The line of the list whose row shows an event, as several can share one. */
  lineOf: (row: number) => number;
  /** Brings a row of the playlist into view. */
  reveal: (row: number) => void;
}

/** Matches that are looked through for the next row of the list; more in one row are not worth the time. */
const MAX_MATCHES_IN_ROW = 1_000;

/** The events that have a text. They are marked in the list, which stays as it is. */
export class EventFind {
  readonly #context: EventFindContext;
  readonly #matches: EventFilter;
  #text = '';
  /** The row that was shown last. */
  #row: number | undefined;

  constructor(context: EventFindContext) {
    this.#context = context;
    this.#matches = new EventFilter({ playlist: context.playlist, find: context.find, changed: context.changed });
  }

  get text(): string {
    return this.#text;
  }

  get isScanning(): boolean {
    return this.#matches.isScanning;
  }

  /** Number of events with the text among those that are shown. */
  get count(): number {
    return this.#text === '' ? 0 : this.#matches.count(this.#context.shownRows());
  }

  /** Which of them is the one that was shown last, counted from 1; 0 for none. */
  get current(): number {
    if (this.#row === undefined || this.#text === '') return 0;
    const before = this.#matches.count(this.#row);
    return before < this.count && this.#matches.rowOf(before) === this.#row ? before + 1 : 0;
  }

  setText(text: string): void {
    this.#text = text;
    this.#row = undefined;
    this.restart();
  }

  /** Shows the next row of the list with the text, or the one before; after the last one comes the first. */
  go(direction: 'back' | 'forward'): void {
    const { count } = this;
    if (count === 0) return;
    const before = this.#row === undefined ? count : this.#matches.count(this.#row);
    const isOnHit = this.current > 0;
    const wanted =
      this.#row === undefined
        ? direction === 'forward'
          ? 0
          : count - 1
        : direction === 'forward'
          ? before + (isOnHit ? 1 : 0)
          : before - 1;
    this.#row = this.#elsewhere(wanted, direction === 'forward' ? 1 : -1);
    this.#context.reveal(this.#row);
  }

  /** The first match from one on that the row shown last does not have. */
  #elsewhere(from: number, step: 1 | -1): number {
    const { count } = this;
    const matchAt = (index: number): number => this.#matches.rowOf((((from + index * step) % count) + count) % count);
    const { lineOf } = this.#context;
    const here = this.#row === undefined ? undefined : lineOf(this.#row);
    for (let index = 0; index < Math.min(count, MAX_MATCHES_IN_ROW); index++)
      if (lineOf(matchAt(index)) !== here) return matchAt(index);
    return matchAt(0);
  }

  /** Looks through everything again: the text, the filter or the playlist is another one. */
  restart(): void {
    this.#matches.set(this.#text === '' ? NO_CRITERIA : { ...this.#context.criteria(), text: this.#text });
  }

  /** Looks through the events that are new. */
  extend(): void {
    if (this.#text !== '') this.#matches.extend();
  }
}
