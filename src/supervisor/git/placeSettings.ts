/** The settings that tell git where a repository's files are. An agent that sets one wrongly hides them from git. */
import { dirname, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { Git } from './git';
import { enclosingCheckout } from './gitDirectory';
import { parseSettings } from './settingText';

export type PlaceSetting = 'core.bare' | 'core.worktree';

export interface PlaceSettings {
  bare: boolean;
  worktree: string | undefined;
  /** The file in which each stands, absolute. */
  origin: Readonly<Partial<Record<PlaceSetting, string>>>;
}

/** What holds for the main worktree of the repository. */
export async function readPlaceSettings(git: Git, commonDirectory: string): Promise<PlaceSettings> {
  const { stdout } = await git.run(
    commonDirectory,
    ['config', '--null', '--no-includes', '--show-origin', '--get-regexp', '^core\\.(bare|worktree)$'],
    { environment: { GIT_DIR: commonDirectory, GIT_WORK_TREE: commonDirectory }, acceptedExitCodes: [0, 1] },
  );
  const found = new Map<string, { value: string; file: string }>();
  for (const { source, key, value } of parseSettings(stdout)) {
    const file = resolve(commonDirectory, source.replace(/^file:/, ''));
    // Git heeds the two nowhere else.
    if (dirname(file) === commonDirectory) found.set(key, { value, file });
  }
  const [bare, worktree] = [found.get('core.bare'), found.get('core.worktree')];
  return {
    bare: bare !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(bare.value),
    worktree: worktree?.value,
    origin: {
      ...(bare === undefined ? {} : { 'core.bare': bare.file }),
      ...(worktree === undefined ? {} : { 'core.worktree': worktree.file }),
    },
  };
}

export function wrongSetting(setting: PlaceSetting, origin: PlaceSettings['origin'], folder: string): CorralError {
  return new CorralError(
    'REPOSITORY_SETTING',
    setting === 'core.bare'
      ? l10n.t(
          'The setting “core.bare” in {file} says that this repository has no files, but they are in {folder}. Put the setting back.',
          { file: origin[setting] ?? '', folder },
        )
      : l10n.t(
          'The setting “core.worktree” in {file} sends Git away from the files of this repository, {folder}. Put the setting back.',
          { file: origin[setting] ?? '', folder },
        ),
  );
}

/**
 * Puts back what a person was told to be wrong: `core.bare` becomes false and `core.worktree` is removed, each in the
 * file where it stands.
 */
export async function putBackPlaceSettings(git: Git, folder: string): Promise<void> {
  const place = await enclosingCheckout(folder);
  if (place === undefined)
    throw new CorralError('NO_REPOSITORY', l10n.t('There is no repository in {folder}.', { folder }));
  const { commonDirectory } = place;
  const { bare, worktree, origin } = await readPlaceSettings(git, commonDirectory);
  const environment = { GIT_DIR: commonDirectory, GIT_WORK_TREE: commonDirectory };
  for (const [setting, isSet] of [
    ['core.bare', bare],
    ['core.worktree', worktree !== undefined],
  ] as const) {
    const file = origin[setting];
    if (!isSet || file === undefined) continue;
    const change = setting === 'core.bare' ? ['core.bare', 'false'] : ['--unset-all', 'core.worktree'];
    await git.run(commonDirectory, ['config', '--file', file, ...change], { environment });
  }
}
