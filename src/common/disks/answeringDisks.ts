/** Disks of other machines, and disks that a program serves, may keep a file call waiting for ever. */
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import type { RunProcess } from '../processes/runProcess';
import { Patience } from './patience';

/** Kinds of file systems on Linux that need another machine or another program to answer. */
const REMOTE = /^(nfs|cifs|smb|fuse|9p|ceph|glusterfs|afs|lustre|virtiofs|davfs|autofs)/;
const DEFAULT_LIMIT_MS = 5_000;
/** An answer holds for so long, so that a disk that answers is not asked before every command. */
const VALID_MS = 5_000;

interface Mount {
  /** Where it begins, absolute. */
  point: string;
  kind: string;
}

/**
 * Tells whether the disk below a path answers, without a call that could block a thread of this process. A child asks
 * instead; on macOS and Windows, where no file lists the mounts, every disk counts as one that answers.
 */
export class AnsweringDisks {
  readonly #runProcess: RunProcess;
  readonly #patience: Patience;
  /** When each mount last answered, by its point. */
  readonly #answeredMs = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();

  /** `limitMs` is how long a disk may take. */
  constructor(runProcess: RunProcess, limitMs = DEFAULT_LIMIT_MS) {
    this.#runProcess = runProcess;
    this.#patience = new Patience(limitMs);
  }

  /** False where the disk that holds the path did not answer in time. Whether anything is there is another question. */
  async answers(path: string): Promise<boolean> {
    const mount = mountAround(resolve(path), await readMounts());
    if (mount === undefined || !REMOTE.test(mount.kind)) return true;
    const { point } = mount;
    if (performance.now() - (this.#answeredMs.get(point) ?? -Infinity) < VALID_MS) return true;
    const asking = this.#asking.get(point) ?? this.#ask(point, path).finally(() => this.#asking.delete(point));
    this.#asking.set(point, asking);
    return await asking;
  }

  async #ask(point: string, path: string): Promise<boolean> {
    // Its exit code does not matter: a disk that says “no such file” answers.
    const ask = async (): Promise<unknown> =>
      await this.#runProcess(['ls', '-d', '--', path], { cwd: sep, maxOutputBytes: 1 << 20 });
    const isAnswered = await this.#patience.run(point, ask).then(
      () => true,
      () => false,
    );
    if (isAnswered) this.#answeredMs.set(point, performance.now());
    return isAnswered;
  }
}

/** The mount that holds the path: of those that begin at or above it the deepest, and of these the last. */
function mountAround(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const isAround = path === mount.point || path.startsWith(mount.point === sep ? sep : mount.point + sep);
    if (isAround && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** As `proc_pid_mountinfo(5)` describes it; empty where there is no such file. */
async function readMounts(): Promise<Mount[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [fields = '', source = ''] = line.split(' - ', 2);
    const point = fields.split(' ')[4];
    const kind = source.split(' ')[0] ?? '';
    if (point === undefined) return [];
    return [{ point: point.replace(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))), kind }];
  });
}
