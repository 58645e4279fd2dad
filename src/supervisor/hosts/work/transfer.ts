/** One push or fetch between a repository here and one on a host. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { GitError } from '../../git/gitErrors';
import { withObjects, type IsolatedGit } from '../../git/isolated/isolatedGit';
import type { Repository } from '../../git/repository';
import { settingsEnvironment, type Setting } from '../../git/safeConfiguration';
import type { HostProcess } from '../../system/hostConnection';
import { errorCodeOf } from '../openChannel';
import type { GitService } from './bridgeProtocol';
import { GitBridge } from './gitBridge';
import { FAR_ENVIRONMENT } from './hostRepository';
import { farError, workError } from './workErrors';
import type { HostRepository, WorkHost } from './workHost';

export interface TransferOptions {
  service: GitService;
  /** For git here. Nothing of the user's and the repository's configuration is read. */
  settings: readonly Setting[];
  /** For git there, over the configuration of the repository there. */
  farSettings: readonly Setting[];
  maxBytes: number;
  isDurable?: boolean;
  signal?: AbortSignal | undefined;
}

/** A git dir of its own with the repository's objects, and the way to the host. */
export interface Transfer {
  git: IsolatedGit;
  /** Runs a push or fetch of the refspec with the repository there, and with these variables as well. */
  run(command: readonly string[], refspec: string, variables?: Readonly<Record<string, string>>): Promise<void>;
  /** What has come home so far. */
  bytesHome(): number;
}

/** @throws HostError, CorralError HOST_UNREACHABLE or CANCELLED, or what git's stderr means */
export async function withTransfer<T>(
  { host, path }: HostRepository,
  repository: Repository,
  { service, settings, farSettings, maxBytes, isDurable = false, signal }: TransferOptions,
  use: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  const start = (): HostProcess =>
    host.connection.start([host.farGit, service, path], {
      environment: { ...FAR_ENVIRONMENT, ...settingsEnvironment(farSettings) },
      ...(service === 'receive-pack' ? { repository: path } : {}),
    });
  const bridge = await GitBridge.open({ start, service, maxBytes, bundles: host.bundles });
  const environment = { ...bridge.environment, ...settingsEnvironment(settings) };
  try {
    const { mainWorktree, commonDirectory } = repository;
    return await withObjects(
      { git: host.git, mainWorktree, commonDirectory },
      async (git) =>
        await use({
          git,
          run: async (command, refspec, variables = {}) => {
            const words = [...command, '--quiet', '--end-of-options', bridge.url, refspec];
            await git.run(words, { environment: { ...environment, ...variables } });
          },
          bytesHome: () => bridge.bytesHome,
        }),
      { isDurable, signal },
    );
  } catch (error) {
    throw await explain(host, service, bridge, error);
  } finally {
    bridge.close();
  }
}

/** What git there says when it was left by git here. */
const SAYS_WE_LEFT = /hung up unexpectedly|early EOF|unexpected disconnect/;

/** Git here tells only that its partner has gone. */
async function explain(host: WorkHost, service: GitService, bridge: GitBridge, error: unknown): Promise<unknown> {
  if (bridge.isTooMuch)
    return workError(
      host,
      'HOST_WORK_TOO_LARGE',
      l10n.t('its work was not fetched, since it is larger than is taken at once. It stays there.'),
      { cause: error },
    );
  if (errorCodeOf(bridge.failure) === 'NOT_STARTED')
    return farError(host, { command: service, failure: 'notStarted', cause: bridge.failure, text: '' });
  if (bridge.failure instanceof CorralError) return bridge.failure;
  if (!(error instanceof CorralError) || error.code !== 'GIT_FAILED') return error;
  const told = (error instanceof GitError ? error.stderr : '').matchAll(/^remote: (.*\S)/gm);
  const said = [...[...told].map(([, line = '']) => line), ...(await bridge.lastWords()).split('\n')];
  const words = said.filter((line) => !SAYS_WE_LEFT.test(line));
  const hasFailed = words.some((line) => /^(fatal|error):/.test(line));
  return hasFailed
    ? farError(host, { command: service, failure: undefined, cause: error, text: words.join('\n') })
    : error;
}
