import type { Aside, EventPlace, TimelineSession } from '../../../src/protocol/timelineProtocol';
import type { FoundAside } from './eventFind';
import type { Playlist } from './playlist';

export interface AsidesContext {
  cancel: (asideId: string) => Promise<unknown>;
  /** The last event up to a time. */
  placeAt: (moment: { runId: string; timeMs: number }) => Promise<EventPlace | undefined>;
  changed: () => void;
  session: () => Pick<TimelineSession, 'runs'> | undefined;
  /** Moves to an event. */
  show: (place: EventPlace) => void;
  /** The rows below which they stand; undefined where they are not shown. */
  playlist: () => Playlist | undefined;
}

/** The questions that were asked beside the session's work. They are no events: each stands below one, by its time. */
export class Asides {
  readonly #context: AsidesContext;
  #all: Aside[] = [];
  /** The events that they stand below, as far as somebody has looked for them. */
  readonly #places = new Map<string, EventPlace>();
  readonly #looksFor = new Set<string>();
  /** The one that a search led to. */
  marked: string | undefined;

  constructor(context: AsidesContext) {
    this.#context = context;
  }

  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  set(asides: Aside[]): void {
    this.#all = asides;
    this.#context.changed();
  }

  /**
   * Those that ended from one time to before another (ISO 8601), in order; one that is being answered is the last.
   * Without a time there is no limit on that side.
   */
  between(from: string | undefined, to: string | undefined): Aside[] {
    return this.#all
      .filter((aside) => (from === undefined || from <= placeOf(aside)) && (to === undefined || placeOf(aside) < to))
      .sort((a, b) => placeOf(a).localeCompare(placeOf(b)));
  }

  async cancel(asideId: string): Promise<void> {
    await this.#context.cancel(asideId);
  }

  /** Moves to the aside, where the id is that of one. */
  showIfAside(id: string): boolean {
    const aside = this.#all.find((each) => each.id === id);
    if (aside === undefined) return false;
    this.marked = id;
    void this.#showBelow(aside);
    return true;
  }

  /** Those with a text in the question or answer, in order, whatever its case. Their places may come later. */
  withText(text: string): FoundAside[] {
    const playlist = this.#context.playlist();
    const wanted = searchable(text);
    if (playlist === undefined || wanted === '') return [];
    return this.between(undefined, undefined).flatMap((aside) => {
      if (!searchable(`${aside.question}\n${aside.answer}`).includes(wanted)) return [];
      const place = aside.state === 'answering' ? playlist.placeOf(playlist.rowCount - 1) : this.#places.get(aside.id);
      if (place === undefined) void this.#lookFor(aside);
      const row = place === undefined ? undefined : playlist.rowOf(place);
      return row === undefined ? [] : [{ id: aside.id, row }];
    });
  }

  async #lookFor(aside: Aside): Promise<void> {
    if (this.#looksFor.has(aside.id)) return;
    this.#looksFor.add(aside.id);
    const place = await this.#placeBelow(aside);
    this.#looksFor.delete(aside.id);
    if (place === undefined) return;
    this.#places.set(aside.id, place);
    this.#context.changed();
  }

  async #showBelow(aside: Aside): Promise<void> {
    const place = await this.#placeBelow(aside);
    if (place !== undefined) this.#context.show(place);
  }

  async #placeBelow(aside: Aside): Promise<EventPlace | undefined> {
    const timeMs = Date.parse(aside.endedAt ?? new Date().toISOString());
    const runs = this.#context.session()?.runs.filter(({ eventCount }) => eventCount > 0) ?? [];
    const run = runs.findLast(({ firstMs }) => firstMs <= timeMs) ?? runs[0];
    if (run === undefined) return undefined;
    return await this.#context.placeAt({ runId: run.runId, timeMs });
  }
}

/** Later than any event while it is being answered, so that it stays in sight. */
function placeOf({ endedAt, askedAt, state }: Aside): string {
  return state === 'answering' ? '9999' : (endedAt ?? askedAt);
}

function searchable(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
