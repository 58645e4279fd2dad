/** The store as a power loss may leave it: of names and of bytes, only what was synced is certain. */
import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileOperation } from './fileOperations';
import type { Random } from '../support/random';

interface FileState {
  bytes: number;
  syncedBytes: number;
}

/** What a path refers to from the operation `at` on: the file with this inode, a folder, or nothing. */
interface Binding {
  at: number;
  target: number | 'folder' | 'nothing';
}

/** What Corral had promised to keep at some moment. */
export interface Promised {
  sessionId: string;
  title?: string | undefined;
  exitedRunId?: string | undefined;
}

export class DiskState {
  readonly promises: Promised[] = [];
  readonly #files = new Map<number, FileState>();
  readonly #names = new Map<string, Binding[]>();
  /** The operation up to which a folder's names are certain. */
  readonly #namesSynced = new Map<string, number>();
  readonly #syncBegan = new Map<string, number>();

  /** The disk after the first `moment` operations. */
  constructor(operations: readonly FileOperation[], moment: number) {
    operations.slice(0, moment).forEach((operation, at) => this.#apply(operation, at));
  }

  /** Every path of a file that has synced bytes. */
  syncedFiles(): { path: string; file: number; bytes: number }[] {
    return [...this.#names].flatMap(([path, bindings]) => {
      const file = bindings.at(-1)?.target;
      const bytes = typeof file === 'number' ? (this.#files.get(file)?.syncedBytes ?? 0) : 0;
      return typeof file === 'number' && bytes > 0 ? { path, file, bytes } : [];
    });
  }

  /**
   * Writes the store that is found after the power loss to `imageRoot`, from the files that were kept in `folder`.
   * What was not synced is there in whole, in part, or not at all, as `random` decides.
   */
  async write(root: string, imageRoot: string, folder: string, random: Random): Promise<void> {
    await mkdir(imageRoot, { recursive: true });
    const surviving = new Set([root]);
    // Folders come before what is in them.
    for (const [path, bindings] of [...this.#names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (path === root || !surviving.has(dirname(path))) continue;
      const target = this.#survivor(path, bindings, random);
      const imagePath = imageRoot + path.slice(root.length);
      if (target === 'folder') {
        await mkdir(imagePath);
        surviving.add(path);
      } else if (target !== 'nothing') {
        const { bytes, syncedBytes } = this.#files.get(target) ?? { bytes: 0, syncedBytes: 0 };
        await copyFile(join(folder, String(target)), imagePath);
        await truncate(imagePath, syncedBytes + random.below(Math.max(0, bytes - syncedBytes) + 1) * random.below(2));
      }
    }
  }

  #survivor(path: string, bindings: readonly Binding[], random: Random): Binding['target'] {
    const certain = this.#namesSynced.get(dirname(path)) ?? -1;
    const base = bindings.findLast(({ at }) => at < certain)?.target ?? 'nothing';
    return random.pick([base, ...bindings.filter(({ at }) => at >= certain).map(({ target }) => target)]);
  }

  #apply(operation: FileOperation, at: number): void {
    switch (operation.operation) {
      case 'bind':
        this.#bind(operation.path, at, operation.file);
        return;
      case 'unbind':
        this.#bind(operation.path, at, 'nothing');
        return;
      case 'folder':
        if (!this.#names.has(operation.path)) this.#bind(operation.path, at, 'folder');
        return;
      case 'size':
        this.#file(operation.file).bytes = operation.bytes;
        return;
      case 'synced': {
        const file = this.#file(operation.file);
        file.syncedBytes = Math.max(file.syncedBytes, operation.bytes);
        file.bytes = Math.max(file.bytes, operation.bytes);
        return;
      }
      case 'syncBegins':
        this.#syncBegan.set(operation.path, at);
        return;
      case 'namesSynced':
        this.#namesSynced.set(operation.path, this.#syncBegan.get(operation.path) ?? at);
        return;
      case 'promise':
        this.promises.push(operation);
        return;
      default:
        operation satisfies never;
    }
  }

  #bind(path: string, at: number, target: Binding['target']): void {
    const bindings = this.#names.get(path) ?? [];
    bindings.push({ at, target });
    this.#names.set(path, bindings);
  }

  #file(file: number): FileState {
    const state = this.#files.get(file) ?? { bytes: 0, syncedBytes: 0 };
    this.#files.set(file, state);
    return state;
  }
}
