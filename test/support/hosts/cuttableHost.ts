import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf, processesOf } from '../processes';
import { waitFor } from '../wait';

/** Two programs carry the bytes to the host's program and back, as ssh does. There is no way in while it is down. */
const CARRIED = 'test ! -e "$HOME/down" || exit 1; cd "$HOME"; cat | "$@" | cat';

/** A host that a command enters: this machine with another home folder, whose connection can be cut. */
export class CuttableHost {
  /** Its home folder. */
  readonly home: string;

  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<CuttableHost> {
    return new CuttableHost(await realpath(await mkdtemp(join(tmpdir(), 'corral-far-'))));
  }

  /** Its entry of `corral.hosts`. */
  get setting(): { exec: string[]; node: string } {
    return { exec: ['env', `HOME=${this.home}`, 'sh', '-c', CARRIED, 'sh'], node: process.execPath };
  }

  /** Makes a program of this name that enters the host, and answers with its path. */
  async makeEntry(name: string): Promise<string> {
    const path = join(this.home, name);
    const script = `#!/bin/sh\nexec env 'HOME=${this.home}' sh -c '${CARRIED}' sh "$@"\n`;
    await writeFile(path, script, { mode: 0o700 });
    return path;
  }

  /** Ends what carries the bytes to the host and back; `isDown` keeps it from being made again. */
  async cut({ isDown = false } = {}): Promise<void> {
    if (isDown) await writeFile(join(this.home, 'down'), '');
    // Those of an earlier connection may still be ending.
    const carrier = await waitFor(
      async () => {
        const carriers = (await processesOf(this.home)).filter(({ command }) => command.trim() === 'cat');
        return carriers.length === 2 ? carriers[0] : undefined;
      },
      { what: 'the two processes that carry the connection' },
    );
    process.kill(carrier.pid, 'SIGKILL'); // the other one ends by that
  }

  async comeBack(): Promise<void> {
    await rm(join(this.home, 'down'));
  }

  async remove(): Promise<void> {
    await endProcessesOf(this.home);
    await rm(this.home, { recursive: true, force: true });
  }
}
