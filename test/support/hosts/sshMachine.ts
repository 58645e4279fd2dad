/** A second machine with a real sshd: namespaces of its own for network, processes, mounts and the host name. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/common/errors';
import { HOME, makeKey, SSH, SSHD, USER_ID, writeBootId, writeMachine, type MachineOptions } from './machineFiles';

const run = promisify(execFile);

/** Why there is no second machine to be had here; undefined where there is. */
export async function noSshMachine(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'only Linux has the namespaces for a second machine';
  if (process.getuid?.() !== 0) return 'only root can make a second machine';
  try {
    for (const program of [SSHD, SSH]) await access(program);
    const name = `corral-try-${randomBytes(4).toString('hex')}`;
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['netns', 'del', name]);
    return undefined;
  } catch (error) {
    return `there is no second machine to be had here (npm run test:hosts installs sshd): ${messageOf(error).trim()}`;
  }
}

export class SshMachine {
  /** Its name in the ssh configuration. */
  readonly alias: string;
  readonly hostName: string;
  readonly #folder: string;
  readonly #link: string;
  readonly #keepsHome: boolean;
  #init: ChildProcess | undefined;
  readonly #onExit = (): void => this.#removeNetwork();

  private constructor(folder: string, id: string, { keepsHome = false }: MachineOptions) {
    this.#folder = folder;
    this.#keepsHome = keepsHome;
    this.alias = `machine-${id}`;
    this.hostName = `far-${id}`;
    this.#link = `c${id}`;
  }

  static async start(options: MachineOptions = {}): Promise<SshMachine> {
    const folder = await mkdtemp(join(tmpdir(), 'corral-machine-'));
    const machine = new SshMachine(folder, randomBytes(4).toString('hex'), options);
    try {
      await machine.#prepare(options);
      await machine.boot();
      return machine;
    } catch (error) {
      await machine.stop();
      throw error;
    }
  }

  /** A PATH on which `ssh` knows this machine, and no other one. */
  get path(): string {
    return [join(this.#folder, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
  }

  /** A file of the machine as this computer sees it; until the next boot, unless its home folders outlive that. */
  file(path: string): string {
    const place = path.replace(/^~/, HOME);
    return this.#keepsHome && place.startsWith('/home/')
      ? join(this.#folder, 'disk', place.slice('/home/'.length))
      : `/proc/${String(this.#initPid)}/root${place}`;
  }

  /** Writes a file of the machine's user. */
  async writeFile(path: string, content: string): Promise<void> {
    const place = this.file(path);
    await writeFile(place, content);
    await chown(place, USER_ID, USER_ID);
  }

  /** An argv that enters the machine without ssh. */
  get enter(): [string, ...string[]] {
    const pid = String(this.#initPid);
    const user = ['--setuid', String(USER_ID), '--setgid', String(USER_ID)];
    return ['nsenter', '--target', pid, '--all', ...user, '--', 'env', `HOME=${HOME}`, 'SHELL=/bin/bash'];
  }

  /** An argv that runs a program of this computer in the machine's network. */
  get enterNetwork(): [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#link];
  }

  /** Runs a program on the machine as its root. */
  async runAsRoot(...argv: string[]): Promise<string> {
    const { stdout } = await run('nsenter', ['--target', String(this.#initPid), '--all', '--', ...argv]);
    return stdout;
  }

  /** Looks at all of Corral's repositories there. Throws with what git finds wrong. */
  async checkRepositories(): Promise<void> {
    const check =
      'for r in "$1"/.corral-host/*/*/.git; do git -c "safe.directory=*" --git-dir="$r" fsck --full || exit; done';
    await this.runAsRoot('sh', '-c', check, 'sh', HOME);
  }

  /** Pulls the network cable, or puts it in again. */
  async setCable(isIn: boolean): Promise<void> {
    await run('ip', ['link', 'set', `${this.#link}a`, isIn ? 'up' : 'down']);
  }

  /** Replaces the machine's key by another one, as a machine that was installed anew has it. */
  async changeKey(): Promise<void> {
    await makeKey(this.#folder, 'hostKey');
    await this.shutDown();
    await this.boot();
  }

  /** Makes this computer forget the machine's key. */
  async forgetKey(): Promise<void> {
    await writeFile(join(this.#folder, 'known'), '');
  }

  /** Makes its name lead to another machine, or to itself again. */
  async leadTo(other: SshMachine): Promise<void> {
    const configuration = await readFile(join(other.#folder, 'ssh'), 'utf8');
    await writeFile(join(this.#folder, 'ssh-now'), configuration.replace(other.alias, this.alias));
  }

  /** Starts the machine. */
  async boot(): Promise<void> {
    await writeBootId(this.#folder);
    const init = spawn(
      'ip',
      ['netns', 'exec', this.#link, 'unshare', ...NAMESPACES, 'sh', join(this.#folder, 'init')],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    this.#init = init;
    let said = '';
    const ended = once(init, 'exit').then(([code]) => {
      throw new Error(`The machine did not start: ${String(code)}: ${said}`);
    });
    ended.catch(() => undefined);
    const listens = new Promise<void>((resolve) => {
      init.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('Server listening on')) resolve();
      });
    });
    await Promise.race([ended, listens]);
  }

  async stop(): Promise<void> {
    process.off('exit', this.#onExit);
    await this.shutDown();
    this.#removeNetwork();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #initPid(): number {
    // ip and unshare become one process, whose only child is the machine's first one.
    const pid = this.#init?.pid ?? 0;
    return Number(execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }));
  }

  async #prepare(options: MachineOptions): Promise<void> {
    const [high, low] = randomBytes(2);
    const network = `10.${String(128 + ((high ?? 0) % 64))}.${String(low ?? 0)}`;
    const address = `${network}.2`;
    process.on('exit', this.#onExit);
    const [near, far] = [`${this.#link}a`, `${this.#link}b`];
    await run('ip', ['netns', 'add', this.#link]);
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.#link]);
    await run('ip', ['addr', 'add', `${network}.1/30`, 'dev', near]);
    await run('ip', ['link', 'set', near, 'up']);
    const inside = ['-n', this.#link];
    await run('ip', [...inside, 'addr', 'add', `${address}/30`, 'dev', far]);
    await run('ip', [...inside, 'link', 'set', far, 'up']);
    await run('ip', [...inside, 'link', 'set', 'lo', 'up']);
    await writeMachine(this.#folder, { alias: this.alias, hostName: this.hostName, address }, options);
  }

  /** Ends all of its processes at once; its network stays. */
  async shutDown(): Promise<void> {
    const init = this.#init;
    if (init === undefined || init.exitCode !== null || init.signalCode !== null) return;
    const ended = once(init, 'exit');
    init.kill('SIGKILL');
    await ended;
  }

  #removeNetwork(): void {
    this.#init?.kill('SIGKILL');
    try {
      execFileSync('ip', ['netns', 'del', this.#link], { stdio: 'ignore' });
    } catch {
      // It was never made.
    }
  }
}

/** The end of `unshare` ends the first process of the machine, and that ends all others. */
const NAMESPACES = ['--uts', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
