/** What a connection that failed means to a person, by what ssh, or the program that enters a host, said of it. */
import * as l10n from '@vscode/l10n';
import { oneLine } from '../../../common/oneLine';
import { HostError, type HostStep } from '../hostError';
import { OLDEST_NODE_VERSION, type BootstrapWord } from './bootstrap';
import type { HostSetting } from '../hostSettings';

const MAX_REASON_CHARACTERS = 300;

/** The host that was to be reached. */
export interface ReachedHost {
  name: string;
  setting: HostSetting;
}

interface SshAnswer {
  pattern: RegExp;
  code: ConstructorParameters<typeof HostError>[0];
  message: (alias: string, reason: string) => string;
}

/** The first that fits. ssh's own messages are always in English. */
const SSH_ANSWERS: readonly SshAnswer[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed/,
    code: 'HOST_KEY_CHANGED',
    message: (alias) =>
      l10n.t(
        'its key is another one than before, so that it may be another machine. If you know why, remove the old key by “ssh-keygen -R”, then connect once by “ssh {alias}” in a terminal.',
        { alias },
      ),
  },
  {
    pattern: /Host key verification failed|host key is known for/,
    code: 'HOST_KEY_UNKNOWN',
    message: (alias) =>
      l10n.t('ssh does not know its key yet. Connect once by “ssh {alias}” in a terminal, and check the key there.', {
        alias,
      }),
  },
  {
    pattern: /Permission denied|Too many authentication failures|No more authentication methods/,
    code: 'HOST_PERMISSION_DENIED',
    message: (alias, reason) =>
      l10n.t(
        'it does not let you in ({reason}). Check by “ssh {alias}” in a terminal; a key with a passphrase has to be in the ssh agent.',
        {
          alias,
          reason,
        },
      ),
  },
  {
    pattern: /Bad configuration option: *(sessiontype|stdinnull|forkafterauthentication)/i,
    code: 'HOST_PROGRAM_MISSING',
    message: () => l10n.t('the ssh of this computer is too old. Install OpenSSH 8.7 or newer.'),
  },
  {
    pattern: /Bad configuration option|bad configuration options|Bad owner or permissions/,
    code: 'HOST_FAILED',
    message: (_, reason) => l10n.t('ssh cannot read its configuration: {reason}', { reason }),
  },
  {
    pattern: /Could not resolve hostname/,
    code: 'HOST_UNREACHABLE',
    message: (alias) =>
      l10n.t(
        'there is no machine of the name “{alias}”. Check the name in corral.hosts and in the configuration of ssh.',
        {
          alias,
        },
      ),
  },
];

/** The connection's process ended before the host program spoke. */
export function endedError(host: ReachedHost, exitCode: number | undefined, errorText: string): HostError {
  const about = { host: host.name, step: 'connect' } as const;
  const reason =
    lastLine(errorText) || l10n.t('it ended with the exit code {exitCode}', { exitCode: String(exitCode) });
  if (exitCode === 127 || /(?:sh|base64): (?:command )?not found/.test(errorText))
    return new HostError(
      'HOST_FAILED',
      about,
      l10n.t('its shell could not begin ({reason}). It needs “sh” and “base64”.', { reason }),
    );
  if ('ssh' in host.setting) {
    const alias = host.setting.ssh;
    const answer = SSH_ANSWERS.find(({ pattern }) => pattern.test(errorText));
    if (answer !== undefined) return new HostError(answer.code, about, answer.message(alias, reason));
    return new HostError(
      'HOST_UNREACHABLE',
      about,
      l10n.t('it could not be reached ({reason}). Check by “ssh {alias}” in a terminal.', { reason, alias }),
    );
  }
  const command = host.setting.exec.join(' ');
  return new HostError(
    'HOST_UNREACHABLE',
    about,
    l10n.t('it could not be entered ({reason}). Check by “{command} sh” in a terminal.', { reason, command }),
  );
}

/** The program that leads there is not on this computer. */
export function notStartedError({ name }: ReachedHost, program: string, cause?: unknown): HostError {
  return new HostError(
    'HOST_PROGRAM_MISSING',
    { host: name, step: 'connect' },
    l10n.t('“{program}” was not found on this computer. Install it, or correct corral.hosts.', { program }),
    { cause },
  );
}

export function silentError({ name }: ReachedHost, seconds: number): HostError {
  return new HostError(
    'HOST_UNREACHABLE',
    { host: name, step: 'connect' },
    l10n.t('it did not answer within {seconds} seconds. Check that it is on and that this network reaches it.', {
      seconds,
    }),
  );
}

/** The script said that it cannot go on. `detail` stood behind the word, `errorText` on stderr. */
export function bootstrapError(
  { name, setting }: ReachedHost,
  word: Exclude<BootstrapWord, 'ready' | 'send'>,
  detail: string,
  errorText: string,
): HostError {
  const reason = lastLine(errorText);
  const about = (step: HostStep): { host: string; step: HostStep } => ({ host: name, step });
  if (word === 'noNode') return new HostError('HOST_NODE_MISSING', about('findNode'), nodeAdvice(setting, detail));
  if (/No space left on device|Disk quota exceeded/.test(errorText))
    return new HostError(
      'HOST_DISK_FULL',
      about('install'),
      l10n.t('its disk is full, so that nothing can be written to {folder}. Free some space there.', {
        folder: detail,
      }),
    );
  if (word === 'noFolder' || /Permission denied|Read-only file system|Not a directory/.test(errorText))
    return new HostError(
      'HOST_NOT_WRITABLE',
      about('install'),
      l10n.t('nothing can be written to {folder} ({reason}). Choose another folder by “root” in corral.hosts.', {
        folder: detail,
        reason,
      }),
    );
  return new HostError(
    'HOST_FAILED',
    about('install'),
    l10n.t('the host program could not be installed in {folder}: {reason}', { folder: detail, reason }),
  );
}

function nodeAdvice({ node }: HostSetting, found: string): string {
  const version = OLDEST_NODE_VERSION;
  if (node !== undefined)
    return found === ''
      ? l10n.t('there is no program {node}, which corral.hosts names for Node. Correct it, or leave it out.', { node })
      : l10n.t('Node is too old there ({found}); version {version} or newer is needed.', { found, version });
  return found === ''
    ? l10n.t(
        'Node was not found there. Install version {version} or newer, or name its program by “node” in corral.hosts.',
        {
          version,
        },
      )
    : l10n.t(
        'Node is too old there ({found}). Install version {version} or newer, or name its program by “node” in corral.hosts.',
        {
          found,
          version,
        },
      );
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return oneLine(line, MAX_REASON_CHARACTERS);
}
