import { lstat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { openRegular } from '../../../common/disks/regularFile';
import { pathFromBytes, pathToText } from '../../git/pathBytes';
import type { Repository } from '../../git/repository';
import { listIncludedFiles } from '../../git/worktrees/includedFiles';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { nothingSchema } from '../../hostProtocol/sessionRequests';
import { includedFiles } from '../../lifecycle/commandConsents';
import type { RunStarterOptions } from '../runStarter';
import type { OpenHost } from './hostStores';

/** A larger one is no setting, and would keep the worktree in the trash. */
const MAX_FILE_BYTES = 32 << 20;

/**
 * Sends ignored files of the main worktree that each session is to have, such as `.env`, into a new worktree on the
 * host, where a person has allowed exactly these files. Answers with what did not go, in sentences.
 */
export async function carryIncluded(
  { store, consents, worktreeSettings }: Pick<RunStarterOptions, 'store' | 'consents' | 'worktreeSettings'>,
  host: OpenHost,
  sessionId: string,
  repository: Repository,
  worktree: { repository: string; path: string },
): Promise<string[]> {
  const { mainWorktree } = repository;
  const paths = await listIncludedFiles(repository, worktreeSettings(mainWorktree).worktreesInclude);
  if (paths.length === 0) return [];
  if (!(await consents.isAllowed(sessionId, includedFiles(repository, host.name, paths))))
    return [
      l10n.t('Not sent to the host “{host}”, since nobody has allowed it: {paths}.', {
        host: host.name,
        paths: paths.map(pathToText).join(', '),
      }),
    ];
  const left: string[] = [];
  for (const path of paths) {
    const source = pathFromBytes(mainWorktree, path);
    const stats = await lstat(source).catch(() => undefined);
    if (stats === undefined) continue;
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) {
      left.push(pathToText(path));
      continue;
    }
    await using file = await openRegular(source);
    const request: HostRequestOf<'putIncluded'> = {
      request: 'putIncluded',
      storeId: store.storeId,
      sessionId,
      ...worktree,
      file: path,
      isExecutable: (stats.mode & 0o100) !== 0,
    };
    await host.connection.ask(request, nothingSchema, await file.readFile());
  }
  return left.length === 0
    ? []
    : [
        l10n.t('Not sent to the host “{host}”, since they are links or too large: {paths}.', {
          host: host.name,
          paths: left.join(', '),
        }),
      ];
}
