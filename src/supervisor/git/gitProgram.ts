import { isAbsolute, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { foldersOnPath, isProgramFile } from '../../common/processes/programFile';
import { CorralError } from '../../storage/errors';

/** The first with `worktree list -z` and sparse worktrees. */
const OLDEST_VERSION = { major: 2, minor: 36 } as const;
const OLDEST = `${OLDEST_VERSION.major}.${OLDEST_VERSION.minor}`;

/**
 * The absolute path of git, so that a `git.exe` in the repository is never what Windows finds first.
 * @throws GIT_NOT_FOUND
 */
export async function findGit(name: string): Promise<string> {
  const file = process.platform === 'win32' && !/\.exe$/i.test(name) ? `${name}.exe` : name;
  const candidates = isAbsolute(file) ? [file] : foldersOnPath(process.env).map((folder) => join(folder, file));
  for (const candidate of candidates) if (await isProgramFile(candidate)) return candidate;
  throw new CorralError(
    'GIT_NOT_FOUND',
    l10n.t('Git was not found ({name}). Install Git {oldest} or newer.', { name, oldest: OLDEST }),
  );
}

/**
 * The version that `git --version` printed.
 *
 * @throws GIT_NOT_FOUND where the program is not git
 * @throws GIT_TOO_OLD
 */
export function requireSupportedVersion(program: string, output: string): { major: number; minor: number } {
  const version = /version (\d+)\.(\d+)/.exec(output);
  if (version === null) throw new CorralError('GIT_NOT_FOUND', l10n.t('{program} is not Git.', { program }));
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major > OLDEST_VERSION.major || (major === OLDEST_VERSION.major && minor >= OLDEST_VERSION.minor))
    return { major, minor };
  const found = `${major}.${minor}`;
  throw new CorralError(
    'GIT_TOO_OLD',
    l10n.t('Git {found} is too old. Install Git {oldest} or newer.', { found, oldest: OLDEST }),
  );
}
