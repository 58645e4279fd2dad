import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Git } from '../git';

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
  const fields = stdout.toString('utf8').split('\0');
  const [all, own] = [new Map<string, string>(), new Map<string, string>()];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope, entry = ''] = [fields[index], fields[index + 1]];
    const keyEnd = entry.indexOf('\n');
    const [key, value] = keyEnd < 0 ? [entry, 'true'] : [entry.slice(0, keyEnd), entry.slice(keyEnd + 1)];
    all.set(key, value);
    if (scope === 'global' || scope === 'system') own.set(key, value);
  }
  const symlinks = own.get('core.symlinks');
  return {
    autocrlf: all.get('core.autocrlf'),
    eol: all.get('core.eol'),
    excludesFile: expandHome(own.get('core.excludesfile')),
    attributesFile: expandHome(own.get('core.attributesfile')),
    symlinks: symlinks === undefined ? undefined : !/^(false|no|off|0|)$/i.test(symlinks),
  };
}

function expandHome(path: string | undefined): string | undefined {
  return path?.startsWith('~/') === true ? join(homedir(), path.slice(2)) : path;
}
