/** Searches all that was recorded, newest first, in the journals and blobs themselves. No text index has to be kept. */
import { readdir } from 'node:fs/promises';
import { EventLoopTurn } from '../../common/eventLoopTurn';
import { ifExists } from '../../common/ifExists';
import { openRegular } from '../../common/disks/regularFile';
import type { SessionEvent } from '../events';
import { isPictureData, parseDraft } from '../events';
import { eventId } from '../ids';
import { decodeRecord } from '../journal/journalRecord';
import { SearchPattern } from './searchPattern';
import type { RunPaths, StorePaths } from '../paths';

/** A run to be searched. */
export interface SearchedRun {
  sessionId: string;
  runId: string;
  ordinal: number;
  /** ISO 8601. */
  lastEventAt: string;
}

const CHUNK_BYTES = 1024 * 1024;
/** No writer makes a longer line: it is passed over as damaged. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;
/** So many runs are searched or have their first chunk read ahead. */
const MAX_STARTED_RUNS = 4;
const BLOBS_FIELD = '"blobs":{';

/** The complete lines of a file in chunks, the last chunk first. A torn last line is left out. */
async function* linesFromEnd(path: string): AsyncGenerator<Buffer> {
  const file = await ifExists(openRegular(path));
  if (file === undefined) return;
  try {
    let end = (await file.stat()).size;
    /** The end of a line that begins in an earlier chunk. */
    let rest = Buffer.alloc(0);
    let isTorn = true; // what follows the last newline is no line
    for (let length = CHUNK_BYTES; end > 0;) {
      const start = Math.max(0, end - length);
      const bytes = Buffer.allocUnsafe(end - start + rest.length);
      const { bytesRead } = await file.read(bytes, 0, end - start, start);
      if (bytesRead < end - start) return; // the file was cut or replaced
      rest.copy(bytes, end - start);
      end = start;
      const from = start === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
      const to = isTorn ? bytes.lastIndexOf(NEWLINE) + 1 : bytes.length;
      if ((from === 0 || from === bytes.length) && start > 0) {
        // No line begins here. Of one that is too long only the last byte is kept, which makes it a damaged one.
        const isTooLong = bytes.length > MAX_LINE_BYTES;
        rest = isTooLong ? bytes.subarray(-1) : bytes;
        length = isTooLong ? CHUNK_BYTES : length * 2; // or a line would be copied again for each small piece of it
        continue;
      }
      if (to > 0) isTorn = false;
      if (to > from) yield bytes.subarray(from, to);
      rest = bytes.subarray(0, from);
      length = CHUNK_BYTES;
    }
  } finally {
    await file.close();
  }
}

/** The search in one run. */
class RunSearch {
  readonly #run: SearchedRun;
  readonly #paths: RunPaths;
  readonly #pattern: SearchPattern;
  readonly #blobs = new Map<string, Promise<boolean>>();
  readonly #turn = new EventLoopTurn();
  readonly #onUnreadable: (run: SearchedRun, error: unknown) => void;
  #hasBlobs = false;

  constructor(
    run: SearchedRun,
    paths: RunPaths,
    pattern: SearchPattern,
    onUnreadable: (run: SearchedRun, error: unknown) => void,
  ) {
    this.#onUnreadable = onUnreadable;
    this.#run = run;
    this.#paths = paths;
    this.#pattern = pattern;
  }

  /** The matching events, newest first; undefined after each chunk, so that the search can be stopped there. */
  async *matches(): AsyncGenerator<SessionEvent | undefined> {
    try {
      this.#hasBlobs = (await readdir(this.#paths.blobs).catch(() => [])).length > 0;
      for await (const lines of linesFromEnd(this.#paths.events)) {
        for (const start of (await this.#candidates(lines)).reverse()) {
          if (this.#turn.isOver) await this.#turn.end();
          const event = await this.#match(lines.subarray(start, lines.indexOf(NEWLINE, start)));
          if (event !== undefined) yield event;
        }
        yield undefined;
      }
    } catch (error) {
      this.#onUnreadable(this.#run, error);
    }
  }

  /** Offsets of the lines that may match, in order. */
  async #candidates(lines: Buffer): Promise<number[]> {
    const starts = new Set<number>();
    for (const start of this.#pattern.linesOf(lines)) {
      if (start !== undefined) starts.add(start);
      if (this.#turn.isOver) await this.#turn.end();
    }
    if (!this.#hasBlobs) return [...starts];
    for (let place = lines.indexOf(BLOBS_FIELD); place !== -1;) {
      starts.add(place === 0 ? 0 : lines.lastIndexOf(NEWLINE, place - 1) + 1);
      const end = lines.indexOf(NEWLINE, place);
      place = end === -1 ? -1 : lines.indexOf(BLOBS_FIELD, end);
    }
    return [...starts].sort((a, b) => a - b);
  }

  async #match(line: Buffer): Promise<SessionEvent | undefined> {
    const record = decodeRecord(line);
    if ('damaged' in record) return undefined;
    const draft = parseDraft(record.kind, record.data);
    if (draft === undefined) return undefined;
    let isMatch = this.#pattern.isInData(draft.data);
    for (const [pointer, { sha256 }] of Object.entries(draft.data.blobs ?? {}))
      isMatch ||= !isPictureData(pointer) && (await this.#isInBlob(sha256));
    const { sessionId, runId, ordinal } = this.#run;
    return isMatch
      ? { ...draft, id: eventId(ordinal, record.seq), sessionId, runId, seq: record.seq, timestamp: record.timestamp }
      : undefined;
  }

  #isInBlob(sha256: string): Promise<boolean> {
    const known = this.#blobs.get(sha256) ?? this.#searchBlob(this.#paths.blob(sha256));
    this.#blobs.set(sha256, known);
    return known;
  }

  async #searchBlob(path: string): Promise<boolean> {
    const file = await ifExists(openRegular(path));
    if (file === undefined) return false;
    try {
      const overlap = this.#pattern.maxBytes;
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES + overlap);
      for (let start = 0; ; start += CHUNK_BYTES) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
        if (this.#pattern.isInBytes(buffer.subarray(0, bytesRead))) return true;
        if (bytesRead < buffer.length) return false;
      }
    } finally {
      await file.close();
    }
  }
}

/** A search whose first chunk is being read already, while another run is searched. */
class StartedSearch {
  readonly #matches: AsyncGenerator<SessionEvent | undefined>;
  readonly #first: Promise<IteratorResult<SessionEvent | undefined>>;

  constructor(search: RunSearch) {
    this.#matches = search.matches();
    this.#first = this.#matches.next();
    this.#first.catch(() => undefined); // reported when the search comes to this run
  }

  async *matches(): AsyncGenerator<SessionEvent | undefined> {
    const first = await this.#first;
    if (first.done === true) return;
    yield first.value;
    yield* this.#matches;
  }

  /** Closes the run's files. */
  async close(): Promise<void> {
    await this.#matches.return(undefined);
  }
}

export interface SearchOptions {
  /** So many events at most. */
  limit: number;
  /** Ends the search early, without an error. */
  signal?: AbortSignal | undefined;
  /** Called with what keeps a run from being searched; the search goes on with the others. */
  onUnreadable?: (run: SearchedRun, error: unknown) => void;
}

/**
 * Events with `text` in one of their values or blobs, whatever its case, newest first over all `runs`.
 * The order is exact: each event is held back until no run can have a newer one.
 */
export async function* searchRuns(
  paths: StorePaths,
  runs: readonly SearchedRun[],
  text: string,
  { limit, signal, onUnreadable = () => undefined }: SearchOptions,
): AsyncGenerator<SessionEvent> {
  const pattern = new SearchPattern(text);
  const newestFirst = [...runs].sort((a, b) => (a.lastEventAt < b.lastEventAt ? 1 : -1));
  /** Found, but not given yet; newest first. */
  const waiting: SessionEvent[] = [];
  let left = limit;
  const started: StartedSearch[] = [];
  try {
    for (const index of newestFirst.keys()) {
      for (const run of newestFirst.slice(index + started.length, index + MAX_STARTED_RUNS))
        started.push(
          new StartedSearch(new RunSearch(run, paths.session(run.sessionId).run(run.runId), pattern, onUnreadable)),
        );
      /** The later runs have no event after this time. */
      const horizon = newestFirst[index + 1]?.lastEventAt ?? '';
      for await (const event of started[0]?.matches() ?? []) {
        if (signal?.aborted === true) return;
        if (event === undefined) continue;
        waiting.splice(waiting.findLastIndex((other) => isNewer(other, event)) + 1, 0, event);
        waiting.splice(left); // beyond the limit
        while (left > 0 && waiting[0] !== undefined && waiting[0].timestamp > horizon && !isNewer(event, waiting[0])) {
          left--;
          yield waiting[0];
          waiting.shift();
        }
        if (left === 0) return;
      }
      started.shift();
      while (left > 0 && waiting[0] !== undefined && waiting[0].timestamp > horizon) {
        left--;
        yield waiting[0];
        waiting.shift();
      }
      if (left === 0) return;
    }
  } finally {
    for (const search of started) await search.close();
  }
}

function isNewer(a: SessionEvent, b: SessionEvent): boolean {
  return a.timestamp === b.timestamp ? a.id > b.id : a.timestamp > b.timestamp;
}
