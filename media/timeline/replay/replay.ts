import type { EventPlace } from '../../../src/protocol/timelineProtocol';
import { SPEEDS, advance } from './replayClock';
import type { Speed } from './replayClock';
import type { Track } from './track';

/** What a replay needs of the page. */
export interface ReplayStage {
  track(): Track;
  /** Time on the track of a row, or undefined while it is not loaded. */
  timeOf(row: number): number | undefined;
  /** Has the rows from here on loaded. */
  needFrom(row: number): void;
  /** The event of a moment, or undefined where it cannot be found. */
  placeAt(moment: { runId: string; timeMs: number }): Promise<EventPlace | undefined>;
  changed(): void;
  /** The position was set; also to where it was. */
  moved(): void;
}

/** Where on the track the page stands, and how it moves on. */
export class Replay {
  readonly #stage: ReplayStage;
  #carriedMs = 0;
  #latestSeek = 0;

  /** Rows that are shown; undefined while everything is shown, also what comes. */
  position: number | undefined;
  playing = false;
  speed: Speed = SPEEDS[0];
  /** Long pauses are not waited for. */
  skipIdle = true;
  /** Time on the track while the scrubber is dragged and the extension looks up the event. */
  seekingMs: number | undefined;

  constructor(stage: ReplayStage) {
    this.#stage = stage;
  }

  /** Rows that are shown now. */
  get shownRows(): number {
    const { rowCount } = this.#stage.track();
    return Math.min(this.position ?? rowCount, rowCount);
  }

  /** The last event that is shown while not everything is. */
  get place(): EventPlace | undefined {
    return this.position === undefined ? undefined : this.#stage.track().placeOf(this.shownRows - 1);
  }

  /** Time on the track of the last row that is shown and what was played of the pause after it; of the scrubber while it is moved. */
  get elapsedMs(): number {
    if (this.seekingMs !== undefined) return this.seekingMs;
    if (this.position === undefined) return this.#stage.track().durationMs;
    return (this.#stage.timeOf(this.shownRows - 1) ?? 0) + this.#carriedMs;
  }

  setSpeed(speed: Speed): void {
    this.speed = speed;
    this.#stage.changed();
  }

  setSkipIdle(skipIdle: boolean): void {
    this.skipIdle = skipIdle;
    this.#stage.changed();
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
    this.#stage.changed();
  }

  step(rows: number): void {
    this.playing = false;
    this.moveTo(this.shownRows + rows);
  }

  /** Moves to a time on the track. While the scrubber is dragged only the last of several answers counts. */
  async seek(elapsedMs: number): Promise<void> {
    const moment = this.#stage.track().momentAt(elapsedMs);
    if (moment === undefined) return;
    const seek = ++this.#latestSeek;
    this.seekingMs = elapsedMs;
    this.#stage.changed();
    const place = await this.#stage.placeAt(moment);
    if (seek !== this.#latestSeek) return;
    const row = place === undefined ? undefined : this.#stage.track().rowOf(place);
    if (row !== undefined) this.moveTo(row + 1);
    this.seekingMs = undefined;
    this.#stage.changed();
  }

  setPlaying(playing: boolean): void {
    const { rowCount } = this.#stage.track();
    if (playing && this.shownRows >= rowCount) this.moveTo(1);
    this.playing = playing && rowCount > 0;
    this.#carriedMs = 0;
    this.#stage.changed();
  }

  /** Plays on by this much real time. */
  tick(passedMs: number): void {
    if (!this.playing) return;
    const row = this.shownRows - 1;
    this.#stage.needFrom(row);
    const shownSecond = Math.floor(this.elapsedMs / 1_000);
    const playhead = advance(
      { row, carriedMs: this.#carriedMs },
      passedMs,
      this,
      this.#stage.track().rowCount - 1,
      (each) => this.#stage.timeOf(each),
    );
    this.#carriedMs = playhead.carriedMs;
    if (playhead.row === row) {
      if (Math.floor(this.elapsedMs / 1_000) !== shownSecond) this.#stage.changed(); // in a long pause only the clock goes on
      return;
    }
    this.#setPosition(playhead.row + 1);
    if (this.position === undefined) this.playing = false;
    this.#stage.changed();
  }

  #setPosition(rows: number): void {
    this.position = rows >= this.#stage.track().rowCount ? undefined : Math.max(1, rows);
    this.#stage.moved();
  }
}
