/** What a transfer that failed means to a person. */
import * as l10n from '@vscode/l10n';
import { messageOf } from '../../../common/errors';
import { oneLine } from '../../../common/oneLine';
import type { ProcessFailure } from '../../../common/processes/runProcess';
import type { CorralError } from '../../../storage/errors';
import { cancelledError, gitError } from '../../git/gitErrors';
import { HostError } from '../hostError';
import type { WorkHost } from './workHost';

export function workError(
  { name }: WorkHost,
  code: ConstructorParameters<typeof HostError>[0],
  message: string,
  options?: { cause?: unknown },
): HostError {
  return new HostError(code, { host: name, step: 'work' }, message, options);
}

/** How a git there failed. `text` is what it said on stderr, in English. */
export interface FarFailure {
  /** Git's subcommand. */
  command: string;
  failure: ProcessFailure | undefined;
  cause: unknown;
  text: string;
}

export function farError(host: WorkHost, { command, failure, cause, text }: FarFailure): CorralError {
  if (failure === 'cancelled') return cancelledError();
  if (failure === 'notStarted')
    return workError(
      host,
      'HOST_GIT_MISSING',
      l10n.t('{program} cannot be started there ({reason}). Install Git, or correct “git” in corral.hosts.', {
        program: host.farGit,
        reason: oneLine(messageOf(cause)),
      }),
      { cause },
    );
  const error = gitError(command, undefined, undefined, text);
  if (error.code === 'GIT_LOCKED') return error;
  const lines = text.split('\n');
  const reason = oneLine(lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? '');
  if (/No space left on device|Disk quota exceeded/.test(text))
    return workError(host, 'HOST_DISK_FULL', l10n.t('its disk is full. Free some space there. ({reason})', { reason }));
  if (/Permission denied|Read-only file system/.test(text))
    return workError(
      host,
      'HOST_NOT_WRITABLE',
      l10n.t('its files cannot be written. Choose another folder by “root” in corral.hosts. ({reason})', { reason }),
    );
  return workError(host, 'HOST_FAILED', l10n.t('git failed there: {reason}', { reason }));
}
