/** The store as a power loss may leave it: only what was synced is certain, names and bytes alike. */
import { copyFile, mkdir, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FileOperation } from './fileOperations';
import type { Random } from './random';

interface FileState {
  bytes: number;
  syncedBytes: number;
}

/** What a name stood for, from a moment on: a file, a folder, or nothing. */
interface Binding {
  at: number;
  target: number | 'folder' | 'nothing';
}

export interface Promised {
  sessionId: string;
  title?: string | undefined;
  exitedRunId?: string | undefined;
}

export class DiskState {
  readonly promises: Promised[] = [];
  readonly #files = new Map<number, FileState>();
  readonly #names = new Map<string, Binding[]>();
  /** The moment up to which a folder's names are certain. */
  readonly #namesSynced = new Map<string, number>();
  readonly #syncBegan = new Map<string, number>();

  /** The state after the first `moment` operations. */
  constructor(operations: readonly FileOperation[], moment: number) {
    operations.slice(0, moment).forEach((operation, at) => this.#apply(operation, at));
  }

  /** Every name of a file that had bytes synced. */
  syncedFiles(): { path: string; file: number; bytes: number }[] {
    return [...this.#names].flatMap(([path, bindings]) => {
      const file = bindings.at(-1)?.target;
      const bytes = typeof file === 'number' ? (this.#files.get(file)?.syncedBytes ?? 0) : 0;
      return typeof file === 'number' && bytes > 0 ? { path, file, bytes } : [];
    });
  }

  /** Makes the store that is found after the loss, from the files that were kept in `folder`. What was not synced is there, in part or not at all, as `random` says. */
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
