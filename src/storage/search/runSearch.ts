/** Searches one run, in its journal and blobs themselves. */
import type { DraftEvent } from '../events';
import { isPictureData, parseDraft } from '../events';
import { decodeRecord } from '../journal/journalRecord';
import type { SearchPattern } from './searchPattern';
import type { RunPaths } from '../paths';
import { namesInThread, ThreadFile } from './threadFile';

/** An event with the text. */
export interface RunMatch {
  seq: number;
  /** ISO 8601. */
  timestamp: string;
  draft: DraftEvent;
}

const CHUNK_BYTES = 1024 * 1024;
/** No writer makes a longer line: it is passed over as damaged. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;
const BLOBS_FIELD = '"blobs":{';

/** The complete lines of a file in chunks, the last chunk first. A torn last line is left out. */
function* linesFromEnd(path: string): Generator<Buffer> {
  using file = ThreadFile.open(path);
  if (file === undefined) return;
  let end = file.sizeBytes;
  /** The end of a line that begins in an earlier chunk. */
  let rest = Buffer.alloc(0);
  let isTorn = true; // what follows the last newline is no line
  for (let length = CHUNK_BYTES; end > 0;) {
    const start = Math.max(0, end - length);
    const bytes = Buffer.allocUnsafe(end - start + rest.length);
    if (file.read(bytes.subarray(0, end - start), start) < end - start) return; // the file was cut or replaced
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
}

/** The search for one pattern in one run, by a thread. */
export class RunSearch {
  readonly #paths: RunPaths;
  readonly #pattern: SearchPattern;
  readonly #blobs = new Map<string, boolean>();
  #hasBlobs = false;

  constructor(paths: RunPaths, pattern: SearchPattern) {
    this.#paths = paths;
    this.#pattern = pattern;
  }

  /** The matching events, newest first. Throws the system's error where the run cannot be read. */
  *matches(): Generator<RunMatch> {
    this.#hasBlobs = namesInThread(this.#paths.blobs).length > 0;
    for (const lines of linesFromEnd(this.#paths.events)) {
      for (const start of this.#candidates(lines).reverse()) {
        const match = this.#match(lines.subarray(start, lines.indexOf(NEWLINE, start)));
        if (match !== undefined) yield match;
      }
    }
  }

  /** Offsets of the lines that may match, in order. */
  #candidates(lines: Buffer): number[] {
    const starts = new Set(this.#pattern.linesOf(lines));
    if (!this.#hasBlobs) return [...starts];
    for (let place = lines.indexOf(BLOBS_FIELD); place !== -1;) {
      starts.add(place === 0 ? 0 : lines.lastIndexOf(NEWLINE, place - 1) + 1);
      const end = lines.indexOf(NEWLINE, place);
      place = end === -1 ? -1 : lines.indexOf(BLOBS_FIELD, end);
    }
    return [...starts].sort((a, b) => a - b);
  }

  #match(line: Buffer): RunMatch | undefined {
    const record = decodeRecord(line);
    if ('damaged' in record) return undefined;
    const draft = parseDraft(record.kind, record.data);
    if (draft === undefined) return undefined;
    let isMatch = this.#pattern.isInData(draft.data);
    for (const [pointer, { sha256 }] of Object.entries(draft.data.blobs ?? {}))
      isMatch ||= !isPictureData(pointer) && this.#isInBlob(sha256);
    return isMatch ? { seq: record.seq, timestamp: record.timestamp, draft } : undefined;
  }

  #isInBlob(sha256: string): boolean {
    const known = this.#blobs.get(sha256) ?? this.#searchBlob(this.#paths.blob(sha256));
    this.#blobs.set(sha256, known);
    return known;
  }

  #searchBlob(path: string): boolean {
    using file = ThreadFile.open(path);
    if (file === undefined) return false;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES + this.#pattern.maxBytes);
    for (let start = 0; ; start += CHUNK_BYTES) {
      const length = file.read(buffer, start);
      if (this.#pattern.isInBytes(buffer.subarray(0, length))) return true;
      if (length < buffer.length) return false;
    }
  }
}
