import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A small disk with exFAT, which has neither hard links nor sockets. */
export class ExfatDisk {
  /** A folder on it. */
  readonly path: string;
  readonly #folder: string;
  readonly #device: string;

  private constructor(folder: string, device: string) {
    this.#folder = folder;
    this.#device = device;
    this.path = join(folder, 'disk');
  }

  /** Rejects where this machine cannot mount one. */
  static async mount(): Promise<ExfatDisk> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-exfat-')));
    const image = join(folder, 'image');
    try {
      await writeFile(image, '');
      await truncate(image, 64 * 2 ** 20);
      await run('mkfs.exfat', [image]);
      await mkdir(join(folder, 'disk'));
      const device = (await run('losetup', ['--find', '--show', image])).stdout.trim();
      await run('mount.exfat-fuse', [device, join(folder, 'disk')]).catch(async (error: unknown) => {
        await run('losetup', ['--detach', device]);
        throw error;
      });
      return new ExfatDisk(folder, device);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  async unmount(): Promise<void> {
    await run('umount', ['--lazy', this.path]);
    await run('losetup', ['--detach', this.#device]);
    await rm(this.#folder, { recursive: true });
  }
}
