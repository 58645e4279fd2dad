import type { EventPlace } from '../../../src/protocol/timelineProtocol';
import { SPEEDS, advance } from './replayClock';
import type { Speed } from './replayClock';
import type { Playlist } from './playlist';

/** What a replay needs of the page. */
export interface ReplayContext {
  playlist(): Playlist;
  /** Time on the playlist of a row, or undefined while it is not loaded. */
  timeOf(row: number): number | undefined;
  /** Has the rows from here on loaded. */
  needFrom(row: number): void;
  /** The event of a moment, or undefined where it cannot be found. */
  placeAt(moment: { runId: string; timeMs: number }): Promise<EventPlace | undefined>;
  changed(): void;
  /** The position was set; also to where it was. */
  moved(): void;
}

/** Where on the playlist the page stands, and how it moves on. */
export class Replay {
  readonly #context: ReplayContext;
  #carriedMs = 0;
  #latestSeek = 0;

  /** Rows that are shown; undefined while everything is shown, also what comes. */
  position: number | undefined;
  playing = false;
  speed: Speed = SPEEDS[0];
  /** Long pauses are not waited for. */
  skipIdle = true;
  /** Time on the playlist while the scrubber is dragged and the extension looks up the event. */
  seekingMs: number | undefined;

  constructor(context: ReplayContext) {
    this.#context = context;
  }

  /** Rows that are shown now. */
  get shownRows(): number {
    const { rowCount } = this.#context.playlist();
    return Math.min(this.position ?? rowCount, rowCount);
  }

  /** The last event that is shown while not everything is. */
  get place(): EventPlace | undefined {
    return this.position === undefined ? undefined : this.#context.playlist().placeOf(this.shownRows - 1);
  }

  /** Time on the playlist of the last row that is shown and what was played of the pause after it; of the scrubber while it is moved. */
  get elapsedMs(): number {
    if (this.seekingMs !== undefined) return this.seekingMs;
    if (this.position === undefined) return this.#context.playlist().durationMs;
    return (this.#context.timeOf(this.shownRows - 1) ?? 0) + this.#carriedMs;
  }

  setSpeed(speed: Speed): void {
    this.speed = speed;
    this.#context.changed();
  }

  setSkipIdle(skipIdle: boolean): void {
    this.skipIdle = skipIdle;
    this.#context.changed();
  }

  /** Everything is shown, nothing is played. */
  reset(): void {
    this.position = undefined;
    this.playing = false;
  }

  /** Shows `rows` rows, at least one; all of them means to follow the end again. */
  moveTo(rows: number): void {
    this.#latestSeek++; // an answer to an earlier drag must not move it back
    this.seekingMs = undefined;
    this.#carriedMs = 0;
    this.#setPosition(rows);
    this.#context.changed();
  }

  step(rows: number): void {
    this.playing = false;
    this.moveTo(this.shownRows + rows);
  }

  /** Moves to a time on the playlist. While the scrubber is dragged only the last of several answers counts. */
  async seek(elapsedMs: number): Promise<void> {
    const moment = this.#context.playlist().momentAt(elapsedMs);
    if (moment === undefined) return;
    const seek = ++this.#latestSeek;
    this.seekingMs = elapsedMs;
    this.#context.changed();
    const place = await this.#context.placeAt(moment);
    if (seek !== this.#latestSeek) return;
    const row = place === undefined ? undefined : this.#context.playlist().rowOf(place);
    if (row !== undefined) this.moveTo(row + 1);
    this.seekingMs = undefined;
    this.#context.changed();
  }

  setPlaying(playing: boolean): void {
    const { rowCount } = this.#context.playlist();
    if (playing && this.shownRows >= rowCount) this.moveTo(1);
    this.playing = playing && rowCount > 0;
    this.#carriedMs = 0;
    this.#context.changed();
  }

  /** Plays on by this much real time. */
  tick(passedMs: number): void {
    if (!this.playing) return;
    const row = this.shownRows - 1;
    this.#context.needFrom(row);
    const shownSecond = Math.floor(this.elapsedMs / 1_000);
    const playhead = advance(
      { row, carriedMs: this.#carriedMs },
      passedMs,
      this,
      this.#context.playlist().rowCount - 1,
      (each) => this.#context.timeOf(each),
    );
    this.#carriedMs = playhead.carriedMs;
    if (playhead.row === row) {
      if (Math.floor(this.elapsedMs / 1_000) !== shownSecond) this.#context.changed(); // in a long pause only the clock goes on
      return;
    }
    this.#setPosition(playhead.row + 1);
    if (this.position === undefined) this.playing = false;
    this.#context.changed();
  }

  #setPosition(rows: number): void {
    this.position = rows >= this.#context.playlist().rowCount ? undefined : Math.max(1, rows);
    this.#context.moved();
  }
}
