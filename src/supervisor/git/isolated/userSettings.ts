import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Git } from '../git';
import { isFalse, isUsersOwn, parseSettings } from '../settingText';

/** Settings that say how a person's files are to be seen. None of them can name a program. */
export interface UserSettings {
  /** As git writes it; undefined where it is not set. */
  autocrlf: string | undefined;
  eol: string | undefined;
  /** The user's own, never the repository's. */
  excludesFile: string | undefined;
  attributesFile: string | undefined;
  symlinks: boolean | undefined;
}

const LISTING = [
  'config',
  '--null',
  '--show-scope',
  '--get-regexp',
  '^core\\.(autocrlf|eol|excludesfile|attributesfile|symlinks)$',
] as const;

/**
 * Line ends also come from the repository's configuration: they change only how a change is shown, as its bytes are
 * kept beside. All else comes from the user's own files.
 */
export async function readUserSettings(
  git: Git,
  folder: string,
  gitDirectory: string,
  signal?: AbortSignal,
): Promise<UserSettings> {
  // Both named, since git stops where `core.worktree` leads nowhere, as in a submodule that was moved.
  const environment = { GIT_DIR: gitDirectory, GIT_WORK_TREE: folder };
  const { stdout } = await git.run(folder, LISTING, { acceptedExitCodes: [0, 1], environment, signal });
  const [all, own] = [new Map<string, string>(), new Map<string, string>()];
  for (const setting of parseSettings(stdout)) {
    all.set(setting.key, setting.value);
    if (isUsersOwn(setting)) own.set(setting.key, setting.value);
  }
  const symlinks = own.get('core.symlinks');
  return {
    autocrlf: all.get('core.autocrlf'),
    eol: all.get('core.eol'),
    excludesFile: expandHome(own.get('core.excludesfile')),
    attributesFile: expandHome(own.get('core.attributesfile')),
    symlinks: symlinks === undefined ? undefined : !isFalse(symlinks),
  };
}

/** A path of a setting, below the person's own folder where it begins with `~/`. */
export function expandHome(path: string | undefined): string | undefined {
  return path?.startsWith('~/') === true ? join(homedir(), path.slice(2)) : path;
}
