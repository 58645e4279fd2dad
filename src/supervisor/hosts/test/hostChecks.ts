/** What a session needs of a host, each tried by itself. */
import { randomBytes } from 'node:crypto';
import * as l10n from '@vscode/l10n';
import { oneLine } from '../../../common/oneLine';
import { requireSupportedVersion } from '../../git/gitProgram';
import type { HostFacts } from '../../system/hostFacts';
import type { HostCheck } from '../hostsApi';

/** Times of files and events of a host that is further off would be shown in a wrong order. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000;
/** Less is soon used up by a worktree. */
const SCARCE_DISK_BYTES = 1024 ** 3;
const FULL_DISK_BYTES = 50 * 1024 ** 2;
const MIB = 1024 ** 2;

export function checkNode({ node }: HostFacts): HostCheck {
  return { name: 'node', state: 'passed', found: `${node.version} (${node.path})` };
}

export function checkGit({ git }: HostFacts): HostCheck {
  const advice = l10n.t('Install git 2.36 or newer there, or name one by “git” in corral.hosts.');
  if (git === undefined)
    return { name: 'git', state: 'failed', code: 'HOST_GIT_MISSING', found: l10n.t('not found'), advice };
  const found = `${git.version.replace(/^git version /, '')} (${git.path})`;
  try {
    requireSupportedVersion(git.path, git.version);
    return { name: 'git', state: 'passed', found };
  } catch {
    return { name: 'git', state: 'failed', code: 'HOST_GIT_MISSING', found, advice };
  }
}

export function checkAgents({ agents, environmentProblem }: HostFacts): HostCheck {
  const ready = agents.filter(({ missing }) => missing === undefined);
  const found = ready.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`)).join(', ');
  if (ready.length > 0 && environmentProblem === undefined) return { name: 'agents', state: 'passed', found };
  const advice =
    environmentProblem === undefined
      ? l10n.t('Install an agent there, so that the login shell finds it.')
      : l10n.t('The environment of the login shell is not known: {problem}', { problem: environmentProblem });
  return { name: 'agents', state: 'warning', found: found === '' ? l10n.t('none found') : found, advice };
}

/** All values of a byte, and a megabyte: a terminal on the way would change some. */
export function bytesToSend(): Buffer {
  return Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, value) => value)), randomBytes(MIB)]);
}

export function checkBytes(sent: Buffer, received: Buffer, elapsedMs: number): HostCheck {
  if (received.equals(sent))
    return {
      name: 'bytes',
      state: 'passed',
      found: l10n.t('all values, 1 MB there and back in {elapsedMs} ms', { elapsedMs }),
    };
  return {
    name: 'bytes',
    state: 'failed',
    code: 'HOST_FAILED',
    found: l10n.t('{count} of {all} bytes came back, or others', { count: received.length, all: sent.length }),
    advice: l10n.t('Something on the way changes what is sent. Use no terminal: no “-t” of ssh or docker.'),
  };
}

/** In place of a process that goes on without the connection: a cluster's scheduler starts runs. */
export function checkSlurm(exitCode: number | undefined, stderr: string): HostCheck {
  const said = oneLine(stderr.replace(/^sbatch: (?:error: )?/gm, ''));
  if (exitCode === 0) return { name: 'slurm', state: 'passed', found: said };
  return {
    name: 'slurm',
    state: 'failed',
    code: 'HOST_FAILED',
    found: said === '' ? l10n.t('“sbatch” was not found') : said,
    advice: l10n.t('Correct “slurm” in corral.hosts: “sbatch” has to take its partition and its options there.'),
  };
}

export function checkDetached(isAlive: boolean): HostCheck {
  if (isAlive) return { name: 'detached', state: 'passed', found: l10n.t('a process went on without the connection') };
  return {
    name: 'detached',
    state: 'failed',
    code: 'HOST_CANNOT_DETACH',
    found: l10n.t('runs cannot outlive a connection here'),
    advice: l10n.t(
      'The host ends what a connection started. With systemd, “loginctl enable-linger” there helps; enter a container that goes on, by “exec” instead of “run”.',
    ),
  };
}

/** `differenceMs` is how far the host's clock is ahead of this one's. */
export function checkClock(differenceMs: number): HostCheck {
  const seconds = Math.round(Math.abs(differenceMs) / 1_000);
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS)
    return {
      name: 'clock',
      state: 'passed',
      found: seconds < 1 ? l10n.t('as here') : l10n.t('{seconds} s off', { seconds }),
    };
  return {
    name: 'clock',
    state: 'failed',
    code: 'HOST_CLOCK_OFF',
    found:
      differenceMs > 0
        ? l10n.t('{seconds} s ahead of this computer', { seconds })
        : l10n.t('{seconds} s behind this computer', { seconds }),
    advice: l10n.t('Set the clock there, or here: switch on the synchronization of time.'),
  };
}

export function checkDisk({ disk }: Pick<HostFacts, 'disk'>): HostCheck {
  const found = l10n.t('{free} of {all} GB free', {
    free: (disk.freeBytes / 1024 ** 3).toFixed(1),
    all: (disk.bytes / 1024 ** 3).toFixed(1),
  });
  if (disk.freeBytes >= SCARCE_DISK_BYTES) return { name: 'disk', state: 'passed', found };
  const advice = l10n.t('Free some space there, or choose a folder on another disk by “root” in corral.hosts.');
  return disk.freeBytes < FULL_DISK_BYTES
    ? { name: 'disk', state: 'failed', code: 'HOST_DISK_FULL', found, advice }
    : { name: 'disk', state: 'warning', found, advice };
}
