import { stat } from 'node:fs/promises';
import { openRegular } from '../../common/disks/regularFile';
import { ifExists } from '../../common/ifExists';
import type { DoorbellPosition } from '../../storage/database/storeIndex';
import { isId } from '../../storage/ids';
import { readAt } from '../../storage/journal/journalReader';
import { DOORBELL_HEADER } from '../../storage/store/store';

const CHUNK_BYTES = 64 * 1024;
/** As many as tell one log from another. */
const HEAD_BYTES = 64;
/** Stands for a place in an earlier log. */
const EARLIER_LOG = -1;

/** Reads `changes.log`, and knows up to where all sessions that it tells of have been indexed. */
export class Doorbell {
  readonly #path: string;
  #head = '';
  #offset = 0;
  /** Where reading began. */
  #start = 0;
  /** What the log says before its start is indexed, too. */
  #isWhole = false;
  /** Session id → where the log told of it first since it was indexed. */
  readonly #rung = new Map<string, number>();
  /** The same of those that are being indexed now. */
  readonly #indexing = new Map<string, number>();

  constructor(path: string) {
    this.#path = path;
  }

  /** All sessions that were told of before this place are indexed. Undefined while there is no such place. */
  get indexed(): DoorbellPosition | undefined {
    let offset = this.#offset;
    for (const places of [this.#rung, this.#indexing])
      for (const place of places.values()) offset = Math.min(offset, place);
    return this.#isWhole && offset !== EARLIER_LOG ? { head: this.#head, offset } : undefined;
  }

  /** Gives the sessions that were told of since `from`, or undefined where the log does not go back so far. */
  async start(from: DoorbellPosition | undefined): Promise<string[] | undefined> {
    const size = await this.#size();
    await this.#readHead();
    const isSameLog =
      from !== undefined &&
      from.offset <= size &&
      this.#head.startsWith(from.head) &&
      !(from.head === '' && this.#head.startsWith(DOORBELL_HEADER));
    this.#isWhole = isSameLog;
    this.#offset = isSameLog ? from.offset : size;
    this.#start = this.#offset;
    return isSameLog ? await this.read() : undefined;
  }

  /** All sessions were looked at since `start`. Of these, which were not indexed to their ends, it will be heard. */
  setWhole(stale: readonly string[]): void {
    for (const sessionId of stale) this.#note(sessionId, this.#start);
    this.#isWhole = true;
  }

  /** Gives the sessions that were told of since the last call. */
  async read(): Promise<string[]> {
    const seen = new Set<string>();
    for (;;) {
      const size = await this.#size();
      if (size < this.#offset) this.#beginAnew();
      if (size === this.#offset) break;
      const file = await openRegular(this.#path);
      try {
        const bytes = await readAt(file, Buffer.allocUnsafe(CHUNK_BYTES), this.#offset);
        const text = bytes.toString('latin1');
        // A whole chunk without a newline is no line of ours, so it is skipped.
        const end = bytes.length === CHUNK_BYTES && !text.includes('\n') ? bytes.length : text.lastIndexOf('\n') + 1;
        const ids = text.slice(0, end).split('\n').filter(isId);
        for (const sessionId of ids) {
          seen.add(sessionId);
          this.#note(sessionId, this.#offset);
        }
        this.#offset += end;
        if (end === 0) break;
      } finally {
        await file.close();
      }
    }
    if (this.#head.length < HEAD_BYTES) await this.#readHead();
    return [...seen];
  }

  /** Call it before a session is indexed, and what it gives after that, with whether all of it is indexed now. */
  beginIndexing(sessionId: string): (isIndexed: boolean) => void {
    const from = this.#rung.get(sessionId);
    if (from === undefined) return () => undefined;
    this.#rung.delete(sessionId);
    this.#indexing.set(sessionId, from);
    return (isIndexed) => {
      this.#indexing.delete(sessionId);
      if (!isIndexed) this.#note(sessionId, from);
    };
  }

  #note(sessionId: string, offset: number): void {
    this.#rung.set(sessionId, Math.min(offset, this.#rung.get(sessionId) ?? offset));
  }

  /** There is a new log. */
  #beginAnew(): void {
    for (const places of [this.#rung, this.#indexing])
      for (const sessionId of places.keys()) places.set(sessionId, EARLIER_LOG);
    this.#head = '';
    this.#offset = 0;
    this.#start = EARLIER_LOG;
  }

  async #size(): Promise<number> {
    return (await ifExists(stat(this.#path)))?.size ?? 0;
  }

  async #readHead(): Promise<void> {
    const file = await ifExists(openRegular(this.#path));
    if (file === undefined) return;
    try {
      this.#head = (await readAt(file, Buffer.allocUnsafe(HEAD_BYTES), 0)).toString('latin1');
    } finally {
      await file.close();
    }
  }
}
