import { appendFile, writeFile } from 'node:fs/promises';
import type { DraftEvent } from '../../../storage/events';
import type { OutputStream } from '../outputLog';

/** What becomes events in each span of time: a server that prints a lot must not fill the journal of its session. */
const EVENT_BYTES = 64 * 1024;
const SPAN_MS = 10_000;
/** The file begins anew when it is longer. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The lines of what a setup command left running: events as long as its run lasts, and then lines of a file. */
export class ServerOutput {
  readonly #emit: (event: DraftEvent) => void;
  readonly #isOver: () => boolean;
  readonly #path: string;
  #spanStartMs = 0;
  #spanBytes = 0;
  #leftOutBytes = 0;
  #fileBytes = 0;

  /** `isOver`: the run takes no more events. */
  constructor(emit: (event: DraftEvent) => void, isOver: () => boolean, path: string) {
    this.#emit = emit;
    this.#isOver = isOver;
    this.#path = path;
  }

  /** Settles when the line is kept. */
  async add(stream: OutputStream, text: string): Promise<void> {
    if (this.#isOver()) {
      await this.#write(`${text}\n`);
      return;
    }
    const nowMs = performance.now();
    if (nowMs - this.#spanStartMs > SPAN_MS) {
      if (this.#leftOutBytes > 0) this.#tellLeftOut();
      this.#spanStartMs = nowMs;
      this.#spanBytes = 0;
    }
    const bytes = Buffer.byteLength(text);
    if (this.#spanBytes + bytes > EVENT_BYTES) {
      this.#leftOutBytes += bytes;
      return;
    }
    this.#spanBytes += bytes;
    this.#emit({ kind: 'output', data: { stream, text } });
  }

  #tellLeftOut(): void {
    const text = `${this.#leftOutBytes} bytes that the setup command’s server printed were left out.`;
    this.#leftOutBytes = 0;
    this.#emit({ kind: 'output', data: { stream: 'stderr', text } });
  }

  async #write(line: string): Promise<void> {
    const isNew = this.#fileBytes === 0 || this.#fileBytes > MAX_FILE_BYTES;
    this.#fileBytes = (isNew ? 0 : this.#fileBytes) + Buffer.byteLength(line);
    const written = isNew ? writeFile(this.#path, line, { mode: 0o600 }) : appendFile(this.#path, line);
    await written.catch(() => undefined); // the server goes on without it
  }
}
