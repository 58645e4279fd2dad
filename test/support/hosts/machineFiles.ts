/** What a second machine consists of on this computer's disk: keys, accounts, configurations, and its first program. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const SSHD = '/usr/sbin/sshd';
export const SSH = '/usr/bin/ssh';
export const USER = 'dev';
export const USER_ID = 4711;
export const HOME = `/home/${USER}`;
/** Where the machine has a Node that is new enough; its login shells know it, and nothing else does. */
export const NODE_FOLDER = '/opt/node/bin';
export const MACHINE_ID = '/etc/machine-id';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Where this computer may have a Node that the machine should not have. */
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
  /** The size of the disk with the home folders, which is in memory and is empty after each boot. */
  homeMiB?: number;
  /** True where the home folders are on this computer's disk instead, and outlive a boot. */
  keepsHome?: boolean;
  /** Lets its user in by this alone, and by no key. */
  password?: string;
}

/** What makes Node known to each of the login shells. */
export const PROFILES: Record<string, string> = {
  '.profile': `PATH=$PATH:${NODE_FOLDER}\n`,
  '.tcshrc': `setenv PATH \${PATH}:${NODE_FOLDER}\n`,
  '.config/fish/config.fish': `set -gx PATH $PATH ${NODE_FOLDER}\n`,
};

/** Writes all of it into the folder of a machine that has this name and this address. */
export async function writeMachine(
  folder: string,
  { alias, hostName, address }: { alias: string; hostName: string; address: string },
  { shell = '/bin/bash', files = {}, sshOptions = [], password, ...options }: MachineOptions,
): Promise<void> {
  await chmod(folder, 0o755); // the machine's own user reads some of it
  await makeKey(folder, 'hostKey');
  await makeKey(folder, 'userKey');
  await writeAccounts(folder, shell, password);
  await writeHome(folder, { ...(options.hasNode === false ? {} : PROFILES), ...files });
  await writeConfiguration(folder, { alias, address, sshOptions, isByPassword: password !== undefined });
  await writeFile(join(folder, 'machine-id'), `${randomUUID().replaceAll('-', '')}\n`);
  await writeFile(join(folder, 'init'), initScript(folder, hostName, options));
}

export async function makeKey(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await rm(path, { force: true });
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', path]);
}

/** What the machine says of its next start. */
export async function writeBootId(folder: string): Promise<void> {
  await writeFile(join(folder, 'boot-id'), `${randomUUID()}\n`);
}

async function writeAccounts(folder: string, shell: string, password: string | undefined): Promise<void> {
  const hash = password === undefined ? '*' : (await run('openssl', ['passwd', '-6', password])).stdout.trim();
  for (const [name, line] of [
    ['passwd', `${USER}:x:${String(USER_ID)}:${String(USER_ID)}::${HOME}:${shell}`],
    ['shadow', `${USER}:${hash}:19000:0:99999:7:::`],
    ['group', `${USER}:x:${String(USER_ID)}:`],
  ] as const)
    await writeFile(join(folder, name), `${await readFile(`/etc/${name}`, 'utf8')}${line}\n`);
}

async function writeHome(folder: string, files: Record<string, string>): Promise<void> {
  const key = await readFile(join(folder, 'userKey.pub'), 'utf8');
  for (const [name, content] of Object.entries({ '.ssh/authorized_keys': key, ...files })) {
    const path = join(folder, 'home', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await mkdir(join(folder, 'disk'));
}

interface Configuration {
  alias: string;
  address: string;
  sshOptions: readonly string[];
  isByPassword: boolean;
}

async function writeConfiguration(
  folder: string,
  { alias, address, sshOptions, isByPassword }: Configuration,
): Promise<void> {
  const [type = '', key = ''] = (await readFile(join(folder, 'hostKey.pub'), 'utf8')).split(' ');
  await writeFile(join(folder, 'known'), `${address} ${type} ${key}\n`);
  await writeFile(
    join(folder, 'sshd'),
    [
      `HostKey ${join(folder, 'hostKey')}`,
      `ListenAddress ${address}`,
      'UsePAM no',
      `PasswordAuthentication ${isByPassword ? 'yes' : 'no'}`,
      'KbdInteractiveAuthentication no',
      'UseDNS no',
      'PidFile none',
      '',
    ].join('\n'),
  );
  await writeFile(
    join(folder, 'ssh'),
    [
      `Host ${alias}`,
      ...sshOptions,
      `HostName ${address}`,
      `User ${USER}`,
      isByPassword ? 'PubkeyAuthentication no' : `IdentityFile ${join(folder, 'userKey')}`,
      'IdentitiesOnly yes',
      'IdentityAgent none',
      `UserKnownHostsFile ${join(folder, 'known')}`,
      'GlobalKnownHostsFile /dev/null',
      'StrictHostKeyChecking yes',
      '',
    ].join('\n'),
  );
  await copyFile(join(folder, 'ssh'), join(folder, 'ssh-now'));
  await mkdir(join(folder, 'bin'));
  const program = join(folder, 'bin/ssh');
  await writeFile(program, `#!/bin/sh\nexec ${SSH} -F ${join(folder, 'ssh-now')} "$@"\n`);
  await chmod(program, 0o755);
}

/** What the first process of the machine does before it becomes sshd. */
function initScript(
  folder: string,
  hostName: string,
  { hasNode = true, programs = {}, homeMiB = 200, keepsHome = false }: MachineOptions,
): string {
  const own: Record<string, string> = {
    passwd: '/etc/passwd',
    shadow: '/etc/shadow',
    group: '/etc/group',
    'machine-id': MACHINE_ID,
    'boot-id': BOOT_ID,
  };
  const disk = keepsHome ? `--bind ${join(folder, 'disk')}` : `-t tmpfs -o mode=755,size=${String(homeMiB)}m tmpfs`;
  return [
    'set -e',
    `hostname ${hostName}`,
    'mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/sshd',
    'mount -t tmpfs -o mode=755 tmpfs /opt',
    `mount ${disk} /home`,
    `[ -e ${HOME} ] || { cp -R ${join(folder, 'home')} ${HOME} && chown -R ${USER_ID}:${USER_ID} ${HOME}; }`,
    `chmod -R go-w ${HOME}`,
    ...Object.entries(own).map(([name, path]) => `[ ! -e ${path} ] || mount --bind ${join(folder, name)} ${path}`),
    `mkdir -p ${NODE_FOLDER}`,
    ...Object.entries(hasNode ? { node: process.execPath, ...programs } : {}).map(
      ([name, path]) => `touch ${NODE_FOLDER}/${name} && mount --bind ${path} ${NODE_FOLDER}/${name}`,
    ),
    ...(hasNode ? [] : NODE_PLACES).map((path) => `[ ! -e ${path} ] || mount --bind /dev/null ${path}`),
    `exec ${SSHD} -D -e -f ${join(folder, 'sshd')}`,
    '',
  ].join('\n');
}
