import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';

/** Mounts a file system whose server never answers, until its input ends. */
const MOUNT =
  'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 corral-test "$1" && echo mounted && exec cat';

/** A disk that keeps every file call waiting, like one of another machine whose cable is pulled. */
export class HangingDisk {
  readonly #path: string;
  readonly #server: ChildProcess;

  private constructor(path: string, server: ChildProcess) {
    this.#path = path;
    this.#server = server;
  }

  /** Covers an existing folder; undefined where this machine allows no such mount. */
  static async cover(path: string): Promise<HangingDisk | undefined> {
    if (process.platform !== 'linux') return undefined;
    const server = spawn('sh', ['-c', MOUNT, 'sh', path], { stdio: ['pipe', 'pipe', 'ignore'] });
    const isMounted = await Promise.race([
      once(server.stdout, 'data').then(() => true),
      once(server, 'exit').then(() => false),
    ]);
    return isMounted ? new HangingDisk(path, server) : undefined;
  }

  /** What waits gets an error, and the folder is as before. */
  async uncover(): Promise<void> {
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGKILL');
    await ended;
    await execa('umount', ['-l', this.#path]);
  }
}
