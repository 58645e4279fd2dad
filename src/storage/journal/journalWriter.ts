/**
 * Writes events.jsonl for the runner: events are numbered at once, and written behind that in order, several at a time.
 * Each write has a fixed place in the file, so that one that failed half-way can be repeated.
 */
import { stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BLOB_THRESHOLD_BYTES, extractBlobs } from './blobExtraction';
import type { Blob } from './blobExtraction';
import { makeDirectory, replaceFile, syncDirectory, TEMPORARY_SUFFIX } from './durableFile';
import { messageOf } from '../../common/errors';
import { ifExists } from '../../common/ifExists';
import { openRegular } from '../../common/disks/regularFile';
import type { DraftEvent } from '../events';
import { JOURNAL_START, readJournal } from './journalReader';
import { encodeRecord } from './journalRecord';
import type { RunPaths } from '../paths';
import { readdirIfExists } from '../../common/readdirIfExists';

export interface JournalWriterOptions {
  /** No event gets an earlier time; ISO 8601. */
  tsFloor: string;
  /** Milliseconds since the epoch; `Date.now` where absent. */
  now?: () => number;
  /** The disk is full or fails, so reading from the agent has to wait. Called once until `onResumed`. */
  onPaused?: (error: unknown) => void;
  /** What waited has been written. */
  onResumed?: () => void;
  /** Awaited before each write, and never settles where this process may write no more. */
  mayWrite?: () => Promise<void>;
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

/** Leaves time for the sync itself within the 250 ms after which an event must survive a power loss. */
const SYNC_DELAY_MS = 200;
const RETRY_MS = 1000;
const MAX_WRITE_BYTES = 1024 * 1024;
const STEP_BYTES = 4 * 1024 * 1024;
/** Kept in memory until a sync succeeds, since a failed one has them written again. */
const MAX_UNSYNCED_BYTES = 16 * 1024 * 1024;

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
  #unsyncedBytes = 0;
  #roomWaiters: (() => void)[] = [];
  #writing: Promise<void> | undefined;
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  /** The name of a new journal is made durable with its first sync. */
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

  /** Opens the run's journal, or makes it. Removes a line that a killed writer left unfinished, and numbers on. */
  static async open(run: RunPaths, options: JournalWriterOptions): Promise<JournalWriter> {
    let seq = 0;
    let timeMs = Date.parse(options.tsFloor);
    if (Number.isNaN(timeMs)) throw new RangeError('tsFloor is not a time.');
    await makeDirectory(run.root);
    for (const name of await readdirIfExists(run.blobs))
      if (name.endsWith(TEMPORARY_SUFFIX)) await unlink(join(run.blobs, name));
    const file = await openRegular(run.events, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      let step = await readJournal(run.events, JOURNAL_START, STEP_BYTES);
      for (;;) {
        const last = step.records.at(-1);
        // A damaged line keeps its number, so that references to it do not lead to another event.
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

  /** Length of what is acknowledged. */
  get bytes(): number {
    return this.#writtenBytes;
  }

  /** The number of the newest event. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Numbers the event and queues it; events are written in the order of the calls, and none is ever dropped. */
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

  /** Resolves when events up to `seq` are with the kernel, and so survive the end of any process. */
  acknowledged(seq = this.#lastSeq): Promise<void> {
    if (seq <= this.#writtenSeq) return Promise.resolve();
    return new Promise((resolve) => this.#acknowledgeWaiters.push({ seq, resolve }));
  }

  /** Resolves when more may be appended: all is with the kernel, no sync fails, and not too much waits for one. */
  async room(): Promise<void> {
    await this.acknowledged();
    while (!this.#hasRoom()) {
      this.#sync(this.#writtenSeq);
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
    }
  }

  /** Syncs now; resolves when events up to `seq` survive a power loss. */
  synced(seq = this.#lastSeq): Promise<void> {
    if (seq <= this.#syncedSeq) return Promise.resolve();
    this.#sync(seq);
    return new Promise((resolve) => this.#syncWaiters.push({ seq, resolve }));
  }

  /** Closes once everything is synced, however long the disk stays full. Nothing may be appended after the call. */
  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    await this.synced();
    await this.#writing;
    await this.#syncing;
    await this.#file.close();
  }

  #sync(seq: number): void {
    this.#syncTarget = Math.max(this.#syncTarget, seq);
    // Without work the loop would reset `#syncing` before this line sets it, and no sync would ever follow.
    if (this.#syncedSeq < this.#syncTarget) this.#syncing ??= this.#syncWritten();
  }

  #hasRoom(): boolean {
    return !this.#failing.has('sync') && this.#unsyncedBytes <= MAX_UNSYNCED_BYTES;
  }

  async #writeQueued(): Promise<void> {
    await Promise.resolve(); // what is appended in the same turn joins the first write
    while (this.#queue.length > 0) {
      await this.#options.mayWrite?.();
      const batch = this.#nextBatch();
      const part = { position: this.#writtenBytes, bytes: Buffer.concat(batch.map((line) => line.bytes)) };
      await this.#retry('write', async () => {
        for (const blob of batch.flatMap((line) => line.blobs)) await this.#writeBlob(blob);
        await writeFully(this.#file, part);
      });
      this.#queue.splice(0, batch.length);
      this.#unsynced.push(part);
      this.#unsyncedBytes += part.bytes.length;
      this.#writtenBytes += part.bytes.length;
      this.#writtenSeq += batch.length;
      this.#acknowledgeWaiters = settle(this.#acknowledgeWaiters, this.#writtenSeq);
    }
    this.#writing = undefined;
  }

  /** The lines of the next write. Only the first may have blobs, so that no line waits for those of a later one. */
  #nextBatch(): QueuedLine[] {
    let bytes = 0;
    const end = this.#queue.findIndex(
      (line, index) => index > 0 && (line.blobs.length > 0 || (bytes += line.bytes.length) > MAX_WRITE_BYTES),
    );
    return this.#queue.slice(0, end === -1 ? this.#queue.length : end);
  }

  async #syncWritten(): Promise<void> {
    while (this.#syncedSeq < this.#syncTarget) {
      await this.acknowledged(this.#syncTarget);
      const seq = this.#writtenSeq;
      const parts = [...this.#unsynced];
      let isRetry = false;
      await this.#retry('sync', async () => {
        // After a failed sync the kernel holds the pages as clean, and writing them again makes it write them out.
        if (isRetry) for (const part of parts) await writeFully(this.#file, part);
        isRetry = true;
        // First the name: what is synced can then be found, whenever the power fails.
        if (!this.#isNameSynced) await syncDirectory(this.#run.root);
        this.#isNameSynced = true;
        await this.#file.datasync();
      });
      this.#unsynced.splice(0, parts.length);
      this.#unsyncedBytes -= parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
      this.#syncedSeq = seq;
      this.#syncWaiters = settle(this.#syncWaiters, seq);
      for (const resolve of this.#roomWaiters.splice(0)) resolve();
    }
    this.#syncing = undefined;
  }

  async #writeBlob(blob: Blob): Promise<void> {
    const path = this.#run.blob(blob.sha256);
    const present = await ifExists(stat(path));
    // Content is complete and synced before it gets this name.
    if (present?.size === blob.content.length) {
      await syncDirectory(this.#run.blobs);
      return;
    }
    await makeDirectory(this.#run.blobs);
    await replaceFile(path, blob.content);
  }

  /** Repeats `work` until it succeeds. */
  async #retry(name: 'write' | 'sync', work: () => Promise<void>): Promise<void> {
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

/** The event's line. One that cannot be written as JSON is replaced by an `error` event of the same number. */
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
