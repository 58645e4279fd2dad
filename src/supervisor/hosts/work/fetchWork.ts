/** The way of work home: the session's snapshots on the host become those of its ref here. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { storeBorrowedObjects } from '../../git/isolated/borrowedObjects';
import type { IsolatedGit } from '../../git/isolated/isolatedGit';
import { syncObjectFolders } from '../../git/isolated/syncFolders';
import { isObjectId, type Repository } from '../../git/repository';
import { settingsEnvironment, type Setting } from '../../git/safeConfiguration';
import { hostRefName, snapshotRefName } from '../../git/snapshots/snapshotRef';
import { Quarantine } from './quarantine';
import { withTransfer } from './transfer';
import { workError } from './workErrors';
import type { HostRepository, WorkHost } from './workHost';
import { WorkRefs } from './workRefs';

/** Git has no limit for what it is sent. */
const MAX_WORK_BYTES = 2 ** 31;
/** In the git dir of one fetch. */
const [FETCHED, KNOWN] = ['refs/fetched', 'refs/known'];

/** Submodules are not fetched here, so that a bad `.gitmodules` of an agent must not keep all its work away. */
const GITMODULES_CHECKS = ['Blob', 'Large', 'Missing', 'Name', 'Parse', 'Path', 'Symlink', 'Update', 'Url'];
const SETTINGS: readonly Setting[] = [
  ['fetch.fsckObjects', 'true'],
  ...GITMODULES_CHECKS.map((check): Setting => [`fetch.fsck.gitmodules${check}`, 'warn']),
  // A small pack may hold huge files; larger ones are not held in memory.
  ['core.bigFileThreshold', '16m'],
  // In this one the refs come by themselves, and here it is a single one.
  ['protocol.version', '0'],
];

export interface FetchOptions {
  sessionId: string;
  /** For what comes over the wire in this call; more ends it. */
  maxBytes?: number;
  /** True where the session has gone on elsewhere: its own ref stays, and only `hostRefName` has what came. */
  isApart?: boolean;
  /** True before the work there may be emptied: what came is on the disk then. */
  isDurable?: boolean;
  signal?: AbortSignal;
}

export interface FetchedWork {
  /** What `refs/corral/<sessionId>` is now here. */
  commit: string;
  /** What it was before; undefined where there was no such ref. The same as `commit` where nothing was new. */
  before: string | undefined;
  /** Bytes that came over the wire. */
  bytes: number;
}

/**
 * Fetches `refs/corral/<sessionId>` of the host into `hostRefName`, and moves the ref of the same name here to it, but
 * only forward: one that is further already stays.
 *
 * @throws HostError HOST_WORK_REFUSED where that is not forward, so that `hostRefName` keeps what came, and where git
 * finds objects that are damaged or could do harm, which stay on the host
 * @throws HostError HOST_WORK_MISSING where the host has no such ref
 * @throws HostError HOST_WORK_TOO_LARGE, HOST_GIT_MISSING, HOST_FAILED
 * @throws CorralError HOST_UNREACHABLE, CANCELLED, or what git's stderr here means
 */
export async function fetchWork(
  far: HostRepository,
  repository: Repository,
  { sessionId, maxBytes = MAX_WORK_BYTES, isApart = false, isDurable = false, signal }: FetchOptions,
): Promise<FetchedWork> {
  const { host } = far;
  const own = snapshotRefName(sessionId);
  const refs = new WorkRefs(repository, { git: host.git, own, kept: hostRefName(host.name, sessionId) });
  const before = await refs.read();
  const known = [...new Set(Object.values(before))].filter((id) => id !== undefined);
  const farSettings: readonly Setting[] = [
    ['core.hooksPath', '/dev/null'],
    ['uploadpack.hideRefs', 'refs'],
    ['uploadpack.hideRefs', `!${own}`],
  ];
  const transferOptions = {
    service: 'upload-pack',
    settings: SETTINGS,
    farSettings,
    maxBytes,
    isDurable,
    signal,
  } as const;
  return await withTransfer(far, repository, transferOptions, async (transfer) => {
    const { git } = transfer;
    const input = known.map((id, index) => `create ${KNOWN}/${index} ${id}\n`).join('');
    if (input !== '') await git.run(['update-ref', '--stdin'], { input });
    const command = [
      'fetch',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-prune',
      '--no-recurse-submodules',
      '--no-auto-maintenance',
      '--no-show-forced-updates',
    ];
    const quarantine = await Quarantine.make(repository.commonDirectory);
    try {
      const environment = quarantine.environment;
      await transfer.run(command, `${own}:${FETCHED}`, environment).catch((error: unknown) => {
        throw fetchError(host, error);
      });
      const parsing = ['rev-parse', '--verify', '--quiet', `${FETCHED}^{commit}`];
      const commit = await git.text(parsing, { environment, acceptedExitCodes: [0, 1, 128] });
      if (!isObjectId(commit)) throw await noCommit(host, git, environment);
      await quarantine.release(git, settingsEnvironment(SETTINGS));
      await storeBorrowedObjects(git, repository.commonDirectory, commit, known);
      const moved = await refs.moveForward(git, before, commit, { isApart, signal });
      if (moved === undefined)
        throw workError(
          host,
          'HOST_WORK_REFUSED',
          l10n.t('its work does not follow the work that is here, which stays as it is. What came is kept in {ref}.', {
            ref: refs.kept,
          }),
        );
      if (isDurable) await syncObjectFolders(repository.commonDirectory);
      return { ...moved, bytes: transfer.bytesHome() };
    } finally {
      await quarantine.remove();
    }
  });
}

/** Git makes no ref, and no error, where a shallow repository has history that this one would have only in part. */
async function noCommit(
  host: WorkHost,
  git: IsolatedGit,
  environment: Readonly<Record<string, string>>,
): Promise<Error> {
  const object = await git.text(['for-each-ref', FETCHED], { environment });
  return workError(
    host,
    'HOST_WORK_REFUSED',
    object === ''
      ? l10n.t('its work stands on history that is there only in part. Run “git fetch --unshallow” there.')
      : l10n.t('its work is no commit.'),
  );
}

function fetchError(host: WorkHost, error: unknown): unknown {
  if (!(error instanceof CorralError)) return error;
  const { code, message } = error;
  if (code === 'GIT_REFUSED')
    return workError(host, 'HOST_WORK_REFUSED', l10n.t('its work stays there: {reason}', { reason: message }), {
      cause: error,
    });
  if (code === 'BASE_NOT_FOUND')
    return workError(
      host,
      'HOST_WORK_MISSING',
      l10n.t('it has no work of this session: {reason}', { reason: message }),
      {
        cause: error,
      },
    );
  return error;
}
