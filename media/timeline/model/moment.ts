import type { EventPlace, MomentFacts } from '../../../src/protocol/timelineProtocol';
import type { Ask } from './extensionHostClient';

/** What is known of the session at the moment that a replay shows. One question at a time is under way. */
export class Moment {
  readonly #ask: Ask;
  readonly #changed: () => void;
  #wanted = '';
  #place: EventPlace | undefined;
  #isAsking = false;
  /** Undefined while all events are shown, and until the first answer. */
  facts: MomentFacts | undefined;

  constructor(ask: Ask, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Follows the replay to a place; undefined for the present. */
  follow(place: EventPlace | undefined): void {
    const wanted = place === undefined ? '' : `${place.runId} ${String(place.seq)}`;
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#place = place;
    if (place === undefined) this.facts = undefined;
    if (!this.#isAsking) void this.#askOn();
  }

  async #askOn(): Promise<void> {
    this.#isAsking = true;
    for (let asked: string | undefined; asked !== this.#wanted;) {
      asked = this.#wanted;
      const place = this.#place;
      const answer = await this.#ask('moment', { place });
      if (answer === undefined) break; // the page shows the error
      if (this.#place !== undefined && answer.facts !== undefined) this.facts = answer.facts;
      this.#changed();
    }
    this.#isAsking = false;
  }
}
