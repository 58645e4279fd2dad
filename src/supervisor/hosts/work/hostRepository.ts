/** The repository on a host to which one here is pushed, and in which the sessions there have their worktrees. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import * as l10n from '@vscode/l10n';
import { objectFormatOf } from '../../git/isolated/objectFormat';
import type { Repository } from '../../git/repository';
import { farError, workError } from './workErrors';
import type { HostRepository, WorkHost } from './workHost';

/** Names the store that made a repository, in its configuration. */
const OWNER_SETTING = 'corral.store';

/** Whatever the host's user or an agent there has set, as far as variables can. */
export const FAR_ENVIRONMENT = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
} as const;

/**
 * Where the repository of this one belongs below `root`, an absolute path on the host. A session records it, since the
 * repository here may move.
 */
export function hostRepositoryPath(
  root: string,
  storeId: string,
  { commonDirectory }: Pick<Repository, 'commonDirectory'>,
): string {
  return posix.join(root, storeId, createHash('sha256').update(commonDirectory).digest('hex').slice(0, 16));
}

export interface OpenOptions {
  storeId: string;
  /** The one here. */
  repository: Repository;
  signal?: AbortSignal | undefined;
}

/**
 * Makes sure that a repository of this store is at `path` on the host: by one question where it is there, else it is
 * made, with a HEAD that names no commit, nothing checked out, and no hooks. What was half made is completed.
 *
 * @throws HostError HOST_NOT_OURS where something else lies there; HOST_GIT_MISSING, HOST_DISK_FULL, HOST_NOT_WRITABLE,
 * HOST_FAILED
 * @throws CorralError HOST_UNREACHABLE, GIT_LOCKED, CANCELLED
 */
export async function openHostRepository(
  host: WorkHost,
  path: string,
  { storeId, repository, signal }: OpenOptions,
): Promise<HostRepository> {
  // Another window may make it at the same time.
  await host.git.whileLocked(async () => await ensureRepository(host, path, { storeId, repository, signal }), signal);
  return { host, path };
}

async function ensureRepository(
  host: WorkHost,
  path: string,
  { storeId, repository, signal }: OpenOptions,
): Promise<void> {
  const configuration = ['config', '--file', posix.join(path, '.git', 'config')];
  const owner = await runFar(host, [...configuration, '--get', OWNER_SETTING], [0, 1], signal);
  if (owner === '') {
    const names = (await host.connection.list(path)) ?? [];
    if (names.some((name) => name !== '.git')) throw notOurs(host, path);
    const format = `--object-format=${await objectFormatOf(repository.commonDirectory)}`;
    const init = ['init', '--quiet', '--template=', '--initial-branch=main', format];
    await runFar(host, [...init, '--end-of-options', path], [0], signal);
    await runFar(host, [...configuration, OWNER_SETTING, storeId], [0], signal); // last, so that all else is done
  } else if (owner !== storeId) throw notOurs(host, path);
}

function notOurs(host: WorkHost, path: string): Error {
  return workError(
    host,
    'HOST_NOT_OURS',
    l10n.t('{path} there is not Corral’s. Move it away, or choose another folder by “root” in corral.hosts.', { path }),
  );
}

/** Runs git on the host. Its output without the last newline. */
async function runFar(
  host: WorkHost,
  commandArguments: readonly string[],
  acceptedExitCodes: readonly number[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const { exitCode, failure, stdout, stderr, cause } = await host.connection.run([host.farGit, ...commandArguments], {
    environment: FAR_ENVIRONMENT,
    signal,
  });
  if (failure === undefined && exitCode !== undefined && acceptedExitCodes.includes(exitCode))
    return stdout.toString('utf8').replace(/\n$/, '');
  throw farError(host, { command: commandArguments[0] ?? '', failure, cause, text: stderr });
}
