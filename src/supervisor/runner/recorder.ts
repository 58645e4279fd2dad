import { setTimeout as delay } from 'node:timers/promises';
import type { DraftEvent } from '../../storage/events';
import { JournalWriter } from '../../storage/journal/journalWriter';
import type { RunPaths } from '../../storage/paths';
import { StorePaths } from '../../storage/paths';
import { ringDoorbell } from '../../storage/store/store';
import type { RunBootstrap } from '../runnerProtocol/protocol';

const ANNOUNCE_EVERY_MS = 20;
const RING_EVERY_MS = 250;
/** Synced at once: without them the run would look different after a power loss. */
const SYNCED_KINDS: readonly DraftEvent['kind'][] = ['turn.ended', 'run.exited'];

export interface RecorderOptions {
  /** Called with what is acknowledged, at most every 20 ms. */
  announce: (bytes: number, seq: number) => void;
  /** Called with why nothing can be written, and with undefined when it can again. */
  onPaused: (error: unknown) => void;
  /** Settles when something may be written. */
  mayWrite: () => Promise<void>;
}

/** Writes the run's journal, and announces its growth to clients and on the doorbell. */
export class Recorder {
  readonly #journal: JournalWriter;
  readonly #bootstrap: RunBootstrap;
  readonly #store: StorePaths;
  readonly #announce: (bytes: number, seq: number) => void;
  #announcedSeq = 0;
  #announcing: Promise<void> | undefined;
  #ringing: Promise<void> | undefined;
  #ringAgain = false;

  private constructor(journal: JournalWriter, bootstrap: RunBootstrap, announce: (bytes: number, seq: number) => void) {
    this.#journal = journal;
    this.#bootstrap = bootstrap;
    this.#store = new StorePaths(bootstrap.storeRoot);
    this.#announce = announce;
  }

  static async open(
    run: RunPaths,
    bootstrap: RunBootstrap,
    { announce, ...options }: RecorderOptions,
  ): Promise<Recorder> {
    const journal = await JournalWriter.open(run, {
      tsFloor: bootstrap.tsFloor,
      onPaused: options.onPaused,
      onResumed: () => options.onPaused(undefined),
      mayWrite: options.mayWrite,
    });
    return new Recorder(journal, bootstrap, announce);
  }

  get bytes(): number {
    return this.#journal.bytes;
  }

  get lastSeq(): number {
    return this.#journal.lastSeq;
  }

  append(event: DraftEvent): void {
    this.#journal.append(event, { sync: this.#bootstrap.syncEveryEvent || SYNCED_KINDS.includes(event.kind) });
    this.#announcing ??= this.#announceGrowth();
  }

  /** Settles when everything appended so far survives the death of any process. */
  acknowledged(): Promise<void> {
    return this.#journal.acknowledged();
  }

  /** Settles when the agent may go on: everything appended so far is safe, and there is room for more. */
  room(): Promise<void> {
    return this.#journal.room();
  }

  /** Settles when everything appended so far survives a power loss. */
  synced(): Promise<void> {
    return this.#journal.synced();
  }

  /** Syncs and closes the journal. Settles when its last event is announced. */
  async close(): Promise<void> {
    await this.#journal.close();
    await this.#announcing;
    await this.#ringing;
  }

  async #announceGrowth(): Promise<void> {
    while (this.#announcedSeq < this.#journal.lastSeq) {
      const seq = this.#journal.lastSeq;
      await this.#journal.acknowledged(seq);
      this.#announcedSeq = seq;
      this.#announce(this.#journal.bytes, seq);
      this.#ringAgain = true;
      this.#ringing ??= this.#ring();
      await delay(ANNOUNCE_EVERY_MS);
    }
    this.#announcing = undefined;
  }

  async #ring(): Promise<void> {
    while (this.#ringAgain) {
      this.#ringAgain = false;
      await ringDoorbell(this.#store, this.#bootstrap.sessionId);
      await delay(RING_EVERY_MS);
    }
    this.#ringing = undefined;
  }
}
