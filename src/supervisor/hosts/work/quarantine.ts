/** Objects from a host, before it is known that they are whole and taken. */
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IsolatedGit } from '../../git/isolated/isolatedGit';

/** Git packs a repository anew that has fifty packs, so that small ones are taken apart. */
const MAX_LOOSE_OBJECTS = 1_000;
const MAX_LOOSE_BYTES = 16 << 20;

/** A folder for objects that belongs to one fetch. Git's own `prune` removes one that is left by a crash. */
export class Quarantine {
  /** For a git that writes objects here, and reads those of the repository as well. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #objects: string;
  readonly #folder: string;

  private constructor(objects: string, folder: string) {
    this.#objects = objects;
    this.#folder = folder;
    this.environment = { GIT_OBJECT_DIRECTORY: folder };
  }

  static async make(commonDirectory: string): Promise<Quarantine> {
    const objects = join(commonDirectory, 'objects');
    const folder = await mkdtemp(join(objects, 'tmp_objdir-corral-'));
    await mkdir(join(folder, 'info'));
    await mkdir(join(folder, 'pack'));
    await writeFile(join(folder, 'info', 'alternates'), '..\n');
    return new Quarantine(objects, folder);
  }

  /** Moves all packs into the repository, where `git` writes, with these variables. */
  async release(git: IsolatedGit, environment: Readonly<Record<string, string>>): Promise<void> {
    const from = join(this.#folder, 'pack');
    const names = await readdir(from);
    for (const name of names.filter((each) => each.endsWith('.pack'))) {
      const pack = join(from, name);
      if (await isSmall(pack)) {
        await git.run(['unpack-objects', '-q'], { input: await readFile(pack), environment });
        continue;
      }
      const stem = name.slice(0, -'pack'.length);
      const belonging = names.filter((each) => each.startsWith(stem) && !each.endsWith('.keep'));
      // A git that finds the index takes all else for complete.
      for (const each of belonging.sort((one, other) => Number(one.endsWith('.idx')) - Number(other.endsWith('.idx'))))
        await rename(join(from, each), join(this.#objects, 'pack', each));
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function isSmall(pack: string): Promise<boolean> {
  if ((await stat(pack)).size > MAX_LOOSE_BYTES) return false;
  const file = await open(pack);
  try {
    // After four letters and a version, the number of objects.
    return (await file.read(Buffer.alloc(12), 0, 12, 0)).buffer.readUInt32BE(8) <= MAX_LOOSE_OBJECTS;
  } finally {
    await file.close();
  }
}
