/** The work of a session between its host and the repository here. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { fetchWork } from '../../hosts/work/fetchWork';
import type { WorkHost } from '../../hosts/work/workHost';
import { worktreeOf } from '../../lifecycle/worktreeOf';
import type { RunStarterOptions } from '../runStarter';
import type { OpenHost } from './hostStores';
import { bringKeptFiles } from './keptFiles';

/** @throws CorralError HOST_GIT_MISSING */
export function workHostOf({ name, connection, store, git }: OpenHost, bundles: string): WorkHost {
  if (store.git === undefined)
    throw new CorralError(
      'HOST_GIT_MISSING',
      l10n.t('There is no Git on the host “{name}”. Install it there, or name its path by “git” in corral.hosts.', {
        name,
      }),
    );
  return { name, connection, farGit: store.git, git, bundles };
}

/** Fetches the snapshots of a session. Throws as `worktreeOf`, `fetchWork` and `bringKeptFiles`. */
export async function bringWorkHome(
  options: Pick<RunStarterOptions, 'git' | 'store' | 'bundles'>,
  host: OpenHost,
  facts: SessionFacts,
  { isDurable = false, isApart = false }: { isDurable?: boolean; isApart?: boolean } = {},
): Promise<void> {
  const place = facts.host?.worktree;
  if (place === undefined) return;
  const far = { host: workHostOf(host, options.bundles), path: place.repository };
  const { repository } = await worktreeOf(options, facts);
  await fetchWork(far, repository, { sessionId: facts.sessionId, isDurable, isApart });
  await bringKeptFiles(options.store, host, facts.sessionId);
}
