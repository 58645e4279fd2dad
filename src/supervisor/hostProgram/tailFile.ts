import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ChannelError } from '../../common/channels/channel';
import { openRegular } from '../../common/disks/regularFile';
import { ifExists } from '../../common/ifExists';
import { inodeOf } from './files';

const CHUNK_BYTES = 256 * 1024;
/** For what the system does not tell of, such as another machine's writing on a network disk. */
const POLL_MS = 1_000;

/**
 * The bytes of a file from `offset` on, and what is appended later, until the file is gone. Waits for a file that is
 * not there yet.
 * @throws ChannelError FILE_SHRUNK, FILE_REPLACED, or the system's error
 */
export async function* tailFile(path: string, offset: number): AsyncGenerator<Buffer> {
  let file = await ifExists(openRegular(path));
  for (; file === undefined; file = await ifExists(openRegular(path))) await delay(POLL_MS);
  const changes = new FileChanges(path);
  try {
    const inode = inodeOf(await file.stat({ bigint: true }));
    let isGone = false;
    for (let position = offset; ;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
      position += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      if (bytesRead === CHUNK_BYTES) continue;
      if ((await file.stat()).size < position) throw new ChannelError('FILE_SHRUNK', `${path} has become shorter`);
      if (isGone) return;
      const found = await ifExists(stat(path, { bigint: true }));
      isGone = found === undefined; // then it is read once more, to its end
      if (isGone) continue;
      if (found !== undefined && inodeOf(found) !== inode)
        throw new ChannelError('FILE_REPLACED', `${path} is another file now`);
      if (bytesRead === 0) await changes.next();
    }
  } finally {
    changes.close();
    await file.close();
  }
}

/** Waits for changes of a file, or until it is time to look. */
class FileChanges {
  readonly #watcher: FSWatcher | undefined;
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(path: string) {
    try {
      this.#watcher = watch(path, { persistent: false }, () => this.#tell());
      this.#watcher.on('error', () => undefined); // looking now and then does
    } catch {
      this.#watcher = undefined; // such as no more watches for this user
    }
  }

  /** Resolves at once where it changed since the last call. */
  async next(): Promise<void> {
    if (!this.#hasChanged)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#hasChanged = false;
  }

  close(): void {
    this.#watcher?.close();
  }

  #tell(): void {
    this.#hasChanged = true;
    this.#wake();
  }
}
