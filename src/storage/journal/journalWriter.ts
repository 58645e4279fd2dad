/**
 * The runner's writer of events.jsonl. Numbers at once, writes in order behind that, several events a write.
 * Every write goes to a fixed place in the file: one that failed half-way is healed by doing it again, readers' offsets stay true,
 * and after a failed sync the unsynced bytes are written again where they were (the kernel then counts them as changed again).
 */
import { open, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BLOB_THRESHOLD_BYTES, extractBlobs } from './blobExtraction';
import type { Blob } from './blobExtraction';
import { makeDirectory, replaceFile, syncDirectory, TEMPORARY_SUFFIX } from './durableFile';
import { hasCode, messageOf } from '../../common/errors';
import type { DraftEvent } from '../events';
import { JOURNAL_START, readJournal } from './journalReader';
import { encodeRecord } from './journalRecord';
import type { RunPaths } from '../paths';
import { readdirIfExists } from '../../common/readdirIfExists';

export interface JournalWriterOptions {
  /** ISO time: no event is earlier. */
  tsFloor: string;
  /** Milliseconds since the epoch; `Date.now` where absent. */
  now?: () => number;
  /** The disk takes nothing (full, failing): stop reading from the agent. Called once until `onResumed`. */
  onPaused?: (error: unknown) => void;
  /** The disk takes what waited. */
  onResumed?: () => void;
}

interface QueuedLine {
  seq: number;
  bytes: Buffer;
  blobs: Blob[];
}

interface WrittenPart {
  position: number;
  bytes: Buffer;
}

interface Waiter {
  seq: number;
  resolve: () => void;
}

/** With the sync itself, below the 250 ms after which an event survives a power loss. */
const SYNC_DELAY_MS = 200;
const RETRY_MS = 1000;
const WRITE_BYTES = 1024 * 1024;
const STEP_BYTES = 4 * 1024 * 1024;

async function writeFully(file: FileHandle, part: WrittenPart): Promise<void> {
  for (let done = 0; done < part.bytes.length;) {
    const { bytesWritten } = await file.write(part.bytes, done, part.bytes.length - done, part.position + done);
    done += bytesWritten;
  }
}

function settle(waiters: Waiter[], seq: number): Waiter[] {
  for (const waiter of waiters) if (waiter.seq <= seq) waiter.resolve();
  return waiters.filter((waiter) => waiter.seq > seq);
}

export class JournalWriter {
  readonly #file: FileHandle;
  readonly #run: RunPaths;
  readonly #options: JournalWriterOptions;
  #queue: QueuedLine[] = [];
  #unsynced: WrittenPart[] = [];
  #lastSeq: number;
  #lastTimeMs: number;
  #writtenSeq: number;
  #writtenBytes: number;
  #syncedSeq: number;
  #syncTarget = 0;
  #acknowledgeWaiters: Waiter[] = [];
  #syncWaiters: Waiter[] = [];
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  /** That of a new journal comes with its first sync: nobody waits for it before. */
  #isNameSynced: boolean;
  readonly #failing = new Set<'write' | 'sync'>();

  private constructor(
    file: FileHandle,
    run: RunPaths,
    options: JournalWriterOptions,
    end: { seq: number; timeMs: number; bytes: number },
  ) {
    this.#file = file;
    this.#run = run;
    this.#options = options;
    this.#lastSeq = this.#writtenSeq = this.#syncedSeq = end.seq;
    this.#lastTimeMs = end.timeMs;
    this.#writtenBytes = end.bytes;
    this.#isNameSynced = end.bytes > 0;
  }

  /** Opens the run's journal, made where it is not there. What a killed writer left unfinished is cut away, and numbering goes on. */
  static async open(run: RunPaths, options: JournalWriterOptions): Promise<JournalWriter> {
    let seq = 0;
    let timeMs = Date.parse(options.tsFloor);
    if (Number.isNaN(timeMs)) throw new RangeError('tsFloor is not a time.');
    await makeDirectory(run.root);
    for (const name of await readdirIfExists(run.blobs))
      if (name.endsWith(TEMPORARY_SUFFIX)) await unlink(join(run.blobs, name));
    const file = await open(run.events, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      let step = await readJournal(run.events, JOURNAL_START, STEP_BYTES);
      for (;;) {
        const last = step.records.at(-1);
        // A damaged line keeps its number: what refers to it must not meet another event.
        seq = (last?.seq ?? seq) + step.damagedAtEnd;
        if (last !== undefined) timeMs = Math.max(timeMs, Date.parse(last.timestamp));
        if (step.atEnd) break;
        step = await readJournal(run.events, step.position, STEP_BYTES);
      }
      if ((await file.stat()).size > 0) {
        await file.truncate(step.position.offset);
        await file.sync();
        await syncDirectory(run.root);
      }
      return new JournalWriter(file, run, options, { seq, timeMs, bytes: step.position.offset });
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Length of the journal as far as it is acknowledged. */
  get bytes(): number {
    return this.#writtenBytes;
  }

  /** The highest number given out. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Numbers the event and queues it. Order of calls is order in the journal; nothing that was appended is ever dropped. */
  append(draft: DraftEvent, options: { sync?: boolean } = {}): { seq: number; timestamp: string } {
    this.#lastTimeMs = Math.max((this.#options.now ?? Date.now)(), this.#lastTimeMs);
    const timestamp = new Date(this.#lastTimeMs).toISOString();
    const seq = ++this.#lastSeq;
    this.#queue.push(lineOf(seq, timestamp, draft));
    this.#writing ??= this.#writeQueued();
    if (options.sync === true) this.#sync(seq);
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.#sync(this.#lastSeq);
    }, SYNC_DELAY_MS);
    return { seq, timestamp };
  }

  /** Settles when events up to `seq` are in the kernel: they survive the death of any process. */
  acknowledged(seq = this.#lastSeq): Promise<void> {
    if (seq <= this.#writtenSeq) return Promise.resolve();
    return new Promise((resolve) => this.#acknowledgeWaiters.push({ seq, resolve }));
  }

  /** Syncs at once; settles when events up to `seq` survive a power loss. */
  synced(seq = this.#lastSeq): Promise<void> {
    if (seq <= this.#syncedSeq) return Promise.resolve();
    this.#sync(seq);
    return new Promise((resolve) => this.#syncWaiters.push({ seq, resolve }));
  }

  /** Waits until everything is synced, however long the disk is full, and closes. Nothing may be appended after the call. */
  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    await this.synced();
    await this.#writing;
    await this.#syncing;
    await this.#file.close();
  }

  #sync(seq: number): void {
    this.#syncTarget = Math.max(this.#syncTarget, seq);
    // Only where there is something to do: a run that does nothing would end before it is noted here, and stand for ever.
    if (this.#syncedSeq < this.#syncTarget) this.#syncing ??= this.#syncWritten();
  }

  async #writeQueued(): Promise<void> {
    await Promise.resolve(); // let what is appended in the same turn join the first write
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      const part = { position: this.#writtenBytes, bytes: Buffer.concat(batch.map((line) => line.bytes)) };
      await this.#untilItWorks('write', async () => {
        for (const blob of batch.flatMap((line) => line.blobs)) await this.#writeBlob(blob);
        await writeFully(this.#file, part);
      });
      this.#queue.splice(0, batch.length);
      this.#unsynced.push(part);
      this.#writtenBytes += part.bytes.length;
      this.#writtenSeq += batch.length;
      this.#acknowledgeWaiters = settle(this.#acknowledgeWaiters, this.#writtenSeq);
    }
    this.#writing = undefined;
  }

  /** The lines of the next write. Only its first may have blobs, so that no line waits for the blobs of a later one. */
  #nextBatch(): QueuedLine[] {
    let bytes = 0;
    const end = this.#queue.findIndex(
      (line, index) => index > 0 && (line.blobs.length > 0 || (bytes += line.bytes.length) > WRITE_BYTES),
    );
    return this.#queue.slice(0, end === -1 ? this.#queue.length : end);
  }

  async #syncWritten(): Promise<void> {
    while (this.#syncedSeq < this.#syncTarget) {
      await this.acknowledged(this.#syncTarget);
      const seq = this.#writtenSeq;
      const parts = [...this.#unsynced];
      let failed = false;
      await this.#untilItWorks('sync', async () => {
        if (failed) for (const part of parts) await writeFully(this.#file, part);
        failed = true;
        await this.#file.datasync();
        if (this.#isNameSynced) return;
        await syncDirectory(this.#run.root);
        this.#isNameSynced = true;
      });
      this.#unsynced.splice(0, parts.length);
      this.#syncedSeq = seq;
      this.#syncWaiters = settle(this.#syncWaiters, seq);
    }
    this.#syncing = undefined;
  }

  async #writeBlob(blob: Blob): Promise<void> {
    const path = this.#run.blob(blob.sha256);
    const present = await stat(path).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    // The name is given only to complete, synced content.
    if (present?.size === blob.content.length) {
      await syncDirectory(this.#run.blobs);
      return;
    }
    await makeDirectory(this.#run.blobs);
    await replaceFile(path, blob.content);
  }

  async #untilItWorks(name: 'write' | 'sync', work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work();
        break;
      } catch (error) {
        if (this.#failing.size === 0) this.#options.onPaused?.(error);
        this.#failing.add(name);
        await delay(RETRY_MS);
      }
    }
    if (this.#failing.delete(name) && this.#failing.size === 0) this.#options.onResumed?.();
  }
}

/** The event's line. What cannot be written as JSON becomes an `error` event in its place, so that its number is not lost. */
function lineOf(seq: number, timestamp: string, draft: DraftEvent): QueuedLine {
  try {
    const bytes = encodeRecord({ seq, timestamp, kind: draft.kind, data: draft.data });
    if (bytes.length <= BLOB_THRESHOLD_BYTES) return { seq, bytes, blobs: [] };
    const { data, blobs } = extractBlobs(draft.data);
    return { seq, bytes: blobs.length === 0 ? bytes : encodeRecord({ seq, timestamp, kind: draft.kind, data }), blobs };
  } catch (error) {
    const message = `An event of kind ${draft.kind} could not be written: ${messageOf(error)}`;
    return { seq, bytes: encodeRecord({ seq, timestamp, kind: 'error', data: { message } }), blobs: [] };
  }
}
