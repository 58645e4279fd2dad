/** What decides how a checkout makes files, beside the commit. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withObjects } from '../../isolated/isolatedGit';
import { expandHome } from '../../isolated/userSettings';
import { canSmudge, readDrivers } from '../../filters/filterDrivers';
import type { Repository } from '../../repository';
import { isUsersOwn, parseSettings } from '../../settingText';
import { exists } from '../../worktreeOwnership';
import { listAttributeFiles } from './spareWorktree';

/** Sections of git's configuration that can change what a checkout writes. */
const LISTING = [
  'config',
  '--null',
  '--show-scope',
  '--get-regexp',
  '^(core|extensions|filter|index|i18n|attr|submodule)\\.',
] as const;

/**
 * A hash of the settings and of the attributes outside of commits, by which a later checkout is known to make the same
 * files. Undefined where a worktree is made in a way of its own, of only some files.
 */
export async function readConditions(repository: Repository): Promise<string | undefined> {
  const { git, mainWorktree, commonDirectory } = repository;
  const own = ['config.worktree', join('info', 'sparse-checkout')].map((name) => join(commonDirectory, name));
  for (const file of own) if (await exists(file)) return undefined;
  const { stdout } = await git.run(mainWorktree, LISTING, { acceptedExitCodes: [0, 1] });
  const attributes = await readAttributes(repository, stdout);
  return createHash('sha256').update(stdout).update('\0').update(attributes).digest('hex');
}

/** True where a filter may make files of the commit: it could download them, or need a person's consent. */
export async function mayFilter(repository: Repository, commit: string): Promise<boolean> {
  const { git, mainWorktree } = repository;
  if (![...(await readDrivers(git, mainWorktree)).values()].some(canSmudge)) return false;
  const { stdout } = await git.run(mainWorktree, LISTING, { acceptedExitCodes: [0, 1] });
  if ((await readAttributes(repository, stdout)).includes('filter')) return true;
  const files = await listAttributeFiles(repository, commit);
  if (files.length === 0) return false;
  const input = files.map(({ objectId }) => `${objectId}\n`).join('');
  return await withObjects(repository, async (isolated) =>
    (await isolated.run(['cat-file', '--batch'], { input })).stdout.includes('filter'),
  );
}

/** The repository's and the user's own, that no commit has. `settings` are as `LISTING` shows them. */
async function readAttributes({ commonDirectory }: Repository, settings: Buffer): Promise<string> {
  const own = parseSettings(settings).findLast((each) => each.key === 'core.attributesfile' && isUsersOwn(each));
  const configuration = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const files = [
    join(commonDirectory, 'info', 'attributes'),
    expandHome(own?.value) ?? join(configuration, 'git', 'attributes'),
  ];
  return (await Promise.all(files.map(async (file) => await readFile(file, 'latin1').catch(() => '')))).join('\0');
}
