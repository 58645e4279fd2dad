import type { EventPlace } from '../../../src/protocol/timelineProtocol';
import { SPEEDS, advance } from './replayClock';
import type { Speed } from './replayClock';
import type { Playlist } from './playlist';

/** What the replay needs from the page. */
export interface ReplayContext {
  playlist(): Playlist;
  /** A row's time on the playlist's clock, or undefined while the row is not loaded. */
  timeOf(row: number): number | undefined;
  /** Loads the rows from this one on. */
  needFrom(row: number): void;
  /** The last event at or before a moment, or undefined if it cannot be found. */
  placeAt(moment: { runId: string; timeMs: number }): Promise<EventPlace | undefined>;
  changed(): void;
  /** The position was set, possibly to the same value. */
  moved(): void;
}

/** The position in the playlist, and how it moves: by steps, jumps and playing. */
export class Replay {
  readonly #context: ReplayContext;
  #carriedMs = 0;
  #latestSeek = 0;

  /** Number of rows that are shown; undefined while all are, including those to come. */
  position: number | undefined;
  playing = false;
  speed: Speed = SPEEDS[0];
  /** Shortens long pauses. */
  skipIdle = true;
  /** The scrubber's time while it is dragged and the extension looks up the event. */
  seekingMs: number | undefined;

  constructor(context: ReplayContext) {
    this.#context = context;
  }

  /** Number of rows that are shown now. */
  get shownRows(): number {
    const { rowCount } = this.#context.playlist();
    return Math.min(this.position ?? rowCount, rowCount);
  }

  /** The last shown event; undefined while all are shown. */
  get place(): EventPlace | undefined {
    return this.position === undefined ? undefined : this.#context.playlist().placeOf(this.shownRows - 1);
  }

  /** The time on the playlist's clock: where the scrubber is dragged to, or how far playing has come. */
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

  /** Shows everything and stops playing. */
  reset(): void {
    this.position = undefined;
    this.playing = false;
  }

  /** Shows the first `rows` rows, at least one. All of them means to follow new events again. */
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

  /** Moves to a time on the playlist's clock. Of several overlapping calls only the last one counts. */
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

  /** Plays on by this much real time, which the speed multiplies. */
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
      // Only the clock moves in a long pause.
      if (Math.floor(this.elapsedMs / 1_000) !== shownSecond) this.#context.changed();
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
