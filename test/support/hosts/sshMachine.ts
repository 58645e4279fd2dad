/** A second machine with a real sshd: namespaces of its own for network, processes, mounts and the host name. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/common/errors';

const run = promisify(execFile);

const SSHD = '/usr/sbin/sshd';
const SSH = '/usr/bin/ssh';
export const USER = 'dev';
const USER_ID = 4711;
const HOME = `/home/${USER}`;
/** Where the machine has a Node that is new enough; its login shells know it, and nothing else does. */
export const NODE_FOLDER = '/opt/node/bin';
/** Where this computer may have one that the machine should not have. */
const NODE_PLACES = [
  '/usr/bin/node',
  '/bin/node',
  '/usr/local/bin/node',
  '/snap/bin/node',
  '/usr/lib/code-server/lib/node',
];

export interface MachineOptions {
  /** The login shell. */
  shell?: string;
  /** Files of the home folder, by path. */
  files?: Record<string, string>;
  /** Lines of the ssh configuration for this machine. */
  sshOptions?: readonly string[];
  /** False for a machine without any Node. */
  hasNode?: boolean;
  /** Further programs beside Node, by the names that they have there. */
  programs?: Record<string, string>;
  homeMiB?: number;
  /** Lets its user in by this alone, and by no key. */
  password?: string;
}

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

/** What makes Node known to each of the login shells. */
export const PROFILES: Record<string, string> = {
  '.profile': `PATH=$PATH:${NODE_FOLDER}\n`,
  '.tcshrc': `setenv PATH \${PATH}:${NODE_FOLDER}\n`,
  '.config/fish/config.fish': `set -gx PATH $PATH ${NODE_FOLDER}\n`,
};

export class SshMachine {
  /** Its name in the ssh configuration. */
  readonly alias: string;
  readonly hostName: string;
  readonly #folder: string;
  readonly #link: string;
  #address = '';
  #init: ChildProcess | undefined;
  readonly #onExit = (): void => this.#removeNetwork();

  private constructor(folder: string, id: string) {
    this.#folder = folder;
    this.alias = `machine-${id}`;
    this.hostName = `far-${id}`;
    this.#link = `c${id}`;
  }

  static async start(options: MachineOptions = {}): Promise<SshMachine> {
    const folder = await mkdtemp(join(tmpdir(), 'corral-machine-'));
    const machine = new SshMachine(folder, randomBytes(4).toString('hex'));
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

  /** A file of the machine as this computer sees it. */
  file(path: string): string {
    return `/proc/${String(this.#initPid)}/root${path.replace(/^~/, HOME)}`;
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
    await this.#makeKey('hostKey');
    await this.shutDown();
    await this.boot();
  }

  /** Makes this computer forget the machine's key. */
  async forgetKey(): Promise<void> {
    await writeFile(join(this.#folder, 'known'), '');
  }

  /** Starts the machine; its home folder is empty but for its first files. */
  async boot(): Promise<void> {
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

  async #prepare({
    shell = '/bin/bash',
    files = {},
    sshOptions = [],
    hasNode = true,
    programs = {},
    homeMiB = 200,
    password,
  }: MachineOptions): Promise<void> {
    // The machine's own user reads some of it.
    await chmod(this.#folder, 0o755);
    const [high, low] = randomBytes(2);
    const network = `10.${String(128 + ((high ?? 0) % 64))}.${String(low ?? 0)}`;
    this.#address = `${network}.2`;
    process.on('exit', this.#onExit);
    const [near, far] = [`${this.#link}a`, `${this.#link}b`];
    await run('ip', ['netns', 'add', this.#link]);
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.#link]);
    await run('ip', ['addr', 'add', `${network}.1/30`, 'dev', near]);
    await run('ip', ['link', 'set', near, 'up']);
    const inside = ['-n', this.#link];
    await run('ip', [...inside, 'addr', 'add', `${this.#address}/30`, 'dev', far]);
    await run('ip', [...inside, 'link', 'set', far, 'up']);
    await run('ip', [...inside, 'link', 'set', 'lo', 'up']);
    await this.#makeKey('hostKey');
    await this.#makeKey('userKey');
    await this.#writeAccounts(shell, password);
    await this.#writeHome({ ...(hasNode ? PROFILES : {}), ...files });
    await this.#writeConfiguration(sshOptions, password !== undefined);
    const all = hasNode ? { node: process.execPath, ...programs } : {};
    await writeFile(join(this.#folder, 'init'), this.#initScript(all, homeMiB));
  }

  async #makeKey(name: string): Promise<void> {
    const path = join(this.#folder, name);
    await rm(path, { force: true });
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
  }

  async #writeAccounts(shell: string, password: string | undefined): Promise<void> {
    const hash = password === undefined ? '*' : (await run('openssl', ['passwd', '-6', password])).stdout.trim();
    for (const [name, line] of [
      ['passwd', `${USER}:x:${String(USER_ID)}:${String(USER_ID)}::${HOME}:${shell}`],
      ['shadow', `${USER}:${hash}:19000:0:99999:7:::`],
      ['group', `${USER}:x:${String(USER_ID)}:`],
    ] as const)
      await writeFile(join(this.#folder, name), `${await readFile(`/etc/${name}`, 'utf8')}${line}\n`);
  }

  async #writeHome(files: Record<string, string>): Promise<void> {
    const home = join(this.#folder, 'home');
    const key = await readFile(join(this.#folder, 'userKey.pub'), 'utf8');
    for (const [name, content] of Object.entries({ '.ssh/authorized_keys': key, ...files })) {
      const path = join(home, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
  }

  async #writeConfiguration(sshOptions: readonly string[], byPassword: boolean): Promise<void> {
    const folder = this.#folder;
    const [type = '', key = ''] = (await readFile(join(folder, 'hostKey.pub'), 'utf8')).split(' ');
    await writeFile(join(folder, 'known'), `${this.#address} ${type} ${key}\n`);
    await writeFile(
      join(folder, 'sshd'),
      [
        `HostKey ${join(folder, 'hostKey')}`,
        `ListenAddress ${this.#address}`,
        'UsePAM no',
        `PasswordAuthentication ${byPassword ? 'yes' : 'no'}`,
        'KbdInteractiveAuthentication no',
        'UseDNS no',
        'PidFile none',
        '',
      ].join('\n'),
    );
    await writeFile(
      join(folder, 'ssh'),
      [
        `Host ${this.alias}`,
        ...sshOptions,
        `HostName ${this.#address}`,
        `User ${USER}`,
        byPassword ? 'PubkeyAuthentication no' : `IdentityFile ${join(folder, 'userKey')}`,
        'IdentitiesOnly yes',
        'IdentityAgent none',
        `UserKnownHostsFile ${join(folder, 'known')}`,
        'GlobalKnownHostsFile /dev/null',
        'StrictHostKeyChecking yes',
        '',
      ].join('\n'),
    );
    await mkdir(join(folder, 'bin'));
    const program = join(folder, 'bin/ssh');
    await writeFile(program, `#!/bin/sh\nexec ${SSH} -F ${join(folder, 'ssh')} "$@"\n`);
    await chmod(program, 0o755);
  }

  /** What the first process of the machine does before it becomes sshd. */
  #initScript(programs: Record<string, string>, homeMiB: number): string {
    const folder = this.#folder;
    const hiddenPlaces = 'node' in programs ? [] : NODE_PLACES;
    return [
      'set -e',
      `hostname ${this.hostName}`,
      'mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd',
      'mount -t tmpfs -o mode=755 tmpfs /opt',
      `mount -t tmpfs -o mode=755,size=${String(homeMiB)}m tmpfs /home`,
      `cp -R ${join(folder, 'home')} ${HOME} && chown -R ${USER_ID}:${USER_ID} ${HOME} && chmod -R go-w ${HOME}`,
      ...['passwd', 'shadow', 'group'].map((name) => `mount --bind ${join(folder, name)} /etc/${name}`),
      `mkdir -p ${NODE_FOLDER}`,
      ...Object.entries(programs).map(
        ([name, path]) => `touch ${NODE_FOLDER}/${name} && mount --bind ${path} ${NODE_FOLDER}/${name}`,
      ),
      ...hiddenPlaces.map((path) => `[ ! -e ${path} ] || mount --bind /dev/null ${path}`),
      `exec ${SSHD} -D -e -f ${join(folder, 'sshd')}`,
      '',
    ].join('\n');
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
