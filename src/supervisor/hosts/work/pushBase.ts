/** The way of code to a host: one commit, with all that it needs and the host has not. */
import type { Repository } from '../../git/repository';
import type { Setting } from '../../git/safeConfiguration';
import { baseRefName } from '../../hostProtocol/sessionRequests';
import { withTransfer } from './transfer';
import type { HostRepository } from './workHost';

/** For what a push is answered: refs there, and its result. */
const MAX_ANSWER_BYTES = 64 << 20;
const FAR_SETTINGS: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['receive.autogc', 'false'],
  ['receive.shallowUpdate', 'true'],
  ['receive.denyNonFastForwards', 'false'],
  ['receive.updateServerInfo', 'false'],
  // Of all refs there only those of other bases tell what need not be sent again.
  ['receive.hideRefs', 'refs'],
  ['receive.hideRefs', '!refs/corral-base'],
];
const SETTINGS: readonly Setting[] = [['gc.auto', '0']];

export interface PushOptions {
  sessionId: string;
  /** The id of a commit here: the base of a session, or a snapshot that carries changes. */
  commit: string;
  signal?: AbortSignal;
}

/**
 * Pushes the commit into `baseRefName(sessionId)` on the host, wherever that ref was before, without what the host has
 * by another session's base. After a cut it is simply done again.
 *
 * @throws HostError HOST_DISK_FULL, HOST_NOT_WRITABLE, HOST_GIT_MISSING, HOST_FAILED
 * @throws CorralError HOST_UNREACHABLE, CANCELLED, or what git's stderr here means
 */
export async function pushBase(
  far: HostRepository,
  repository: Repository,
  { sessionId, commit, signal }: PushOptions,
): Promise<void> {
  const options = {
    service: 'receive-pack',
    settings: SETTINGS,
    farSettings: FAR_SETTINGS,
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  } as const;
  await withTransfer(far, repository, options, async (transfer) => {
    const command = ['push', '--no-verify', '--no-signed', '--no-follow-tags', '--recurse-submodules=no', '--force'];
    await transfer.run(command, `${commit}:${baseRefName(sessionId)}`);
  });
}
