import { EventFilter, NO_CRITERIA } from './eventFilter';
import type { FilterContext, FilterCriteria } from './eventFilter';

export interface EventFindContext extends FilterContext {
  /** The events that the list has; only those are looked through. */
  criteria: () => FilterCriteria;
  /** Number of rows that are shown. */
  shownRows: () => number;
  /** The line of the list whose row shows an event, as several can share one. */
  lineOf: (row: number) => number;
  /** Brings a row of the playlist into view, or what was asked below it. */
  reveal: (row: number, aside?: string) => void;
  /** The questions beside the work that have a text, in the order of the rows that they stand below. */
  asides: (text: string) => readonly FoundAside[];
}

export interface FoundAside {
  id: string;
  row: number;
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
  /** What was shown last, where that stands below the row. */
  #aside: string | undefined;

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

  /** Number of events and questions beside the work with the text among those that are shown. */
  get count(): number {
    return this.#text === '' ? 0 : this.#eventCount + this.#asides().length;
  }

  get #eventCount(): number {
    return this.#matches.count(this.#context.shownRows());
  }

  #asides(): readonly FoundAside[] {
    return this.#context.asides(this.#text).filter(({ row }) => row < this.#context.shownRows());
  }

  /** Which of them is the one that was shown last, counted from 1; 0 for none. */
  get current(): number {
    if (this.#row === undefined || this.#text === '') return 0;
    const asides = this.#asides();
    const aside = asides.findIndex(({ id }) => id === this.#aside);
    if (this.#aside !== undefined) return aside < 0 ? 0 : this.#placeOf(asides, aside) + 1;
    const before = this.#matches.count(this.#row);
    const isHit = before < this.#eventCount && this.#matches.rowOf(before) === this.#row;
    return isHit ? before + asidesAbove(asides, this.#row) + 1 : 0;
  }

  /** How many matches come before an aside. */
  #placeOf(asides: readonly FoundAside[], index: number): number {
    return this.#matches.count((asides[index]?.row ?? 0) + 1) + index;
  }

  /** The match with this number, counted from 0. */
  #matchAt(index: number): { row: number; aside?: string } {
    const asides = this.#asides();
    const above = asides.filter((_, each) => this.#placeOf(asides, each) < index).length;
    const aside = asides[above];
    return aside !== undefined && this.#placeOf(asides, above) === index
      ? { row: aside.row, aside: aside.id }
      : { row: this.#matches.rowOf(index - above) };
  }

  setText(text: string): void {
    this.#text = text;
    this.#row = undefined;
    this.#aside = undefined;
    this.restart();
  }

  /** Shows the next row of the list with the text, or the one before; after the last one comes the first. */
  go(direction: 'back' | 'forward'): void {
    const { count } = this;
    if (count === 0) return;
    const { current } = this;
    const isOnHit = current > 0;
    const before =
      this.#row === undefined || isOnHit
        ? current - 1
        : this.#matches.count(this.#row) + asidesAbove(this.#asides(), this.#row);
    const wanted =
      this.#row === undefined
        ? direction === 'forward'
          ? 0
          : count - 1
        : direction === 'forward'
          ? before + (isOnHit ? 1 : 0)
          : before - 1;
    const { row, aside } = this.#elsewhere(wanted, direction === 'forward' ? 1 : -1);
    this.#row = row;
    this.#aside = aside;
    this.#context.reveal(row, aside);
  }

  /** The first match from one on that the row shown last does not have. */
  #elsewhere(from: number, step: 1 | -1): { row: number; aside?: string } {
    const { count } = this;
    const matchAt = (index: number) => this.#matchAt((((from + index * step) % count) + count) % count);
    const { lineOf } = this.#context;
    const here = this.#row === undefined || this.#aside !== undefined ? undefined : lineOf(this.#row);
    for (let index = 0; index < Math.min(count, MAX_MATCHES_IN_ROW); index++) {
      const match = matchAt(index);
      if (match.aside !== undefined || lineOf(match.row) !== here) return match;
    }
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

function asidesAbove(asides: readonly FoundAside[], row: number): number {
  return asides.filter((aside) => aside.row < row).length;
}
