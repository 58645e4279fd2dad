import type { Aside, EventPlace, TimelineSession } from '../../../src/protocol/timelineProtocol';
import type { Ask } from './extensionHostClient';

export interface AsidesContext {
  ask: Ask;
  changed: () => void;
  session: () => TimelineSession | undefined;
  /** Moves to an event. */
  show: (place: EventPlace) => void;
}

/** The questions that were asked beside the session's work. They are no events: each stands below one, by its time. */
export class Asides {
  readonly #context: AsidesContext;
  #all: Aside[] = [];
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
    await this.#context.ask('cancelAside', { asideId });
  }

  /** Moves to the aside, where the id is that of one. */
  showIfAside(id: string): boolean {
    const aside = this.#all.find((each) => each.id === id);
    if (aside === undefined) return false;
    this.marked = id;
    void this.#showBelow(aside);
    return true;
  }

  async #showBelow(aside: Aside): Promise<void> {
    const timeMs = Date.parse(aside.endedAt ?? new Date().toISOString());
    const runs = this.#context.session()?.runs.filter(({ eventCount }) => eventCount > 0) ?? [];
    const run = runs.findLast(({ firstMs }) => firstMs <= timeMs) ?? runs[0];
    if (run === undefined) return;
    const found = await this.#context.ask('seqAt', { runId: run.runId, timeMs });
    if (found !== undefined) this.#context.show({ runId: run.runId, seq: found.seq });
  }
}

/** Later than any event while it is being answered, so that it stays in sight. */
function placeOf({ endedAt, askedAt, state }: Aside): string {
  return state === 'answering' ? '9999' : (endedAt ?? askedAt);
}
