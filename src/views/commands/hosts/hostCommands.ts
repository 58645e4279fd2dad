/** Commands about other machines and containers. */
import * as vscode from 'vscode';
import { CorralError } from '../../../storage/errors';
import type { HostSummary, HostTestReport } from '../../../supervisor/api';
import type { HostInstallation } from '../../../supervisor/hosts/hostInstallation';
import type { HostTestOptions } from '../../../supervisor/hosts/test/hostTest';
import { openRemoteWindow } from '../../hosts/remoteWindow';
import { SECTION } from '../../settings';
import { SETTINGS, type CommandName } from '../../text/contributions';
import { showInformationMessage } from '../../text/messages';
import type { Attempt, CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';
import { askForSsh } from './askForSsh';
import { askForHost, chooseHost } from './hostChoice';
import { cleanUp } from './hostCleanUp';
import { showHostReport } from './hostReport';

export type HostCommandName = Extract<
  CommandName,
  'testHost' | 'setUpHost' | 'connectHost' | 'installHost' | 'cleanUpHost' | 'openHostWindow' | 'openHostSettings'
>;

/** What these commands need of the supervisor. */
export interface HostsSource {
  readonly hosts: {
    list(): HostSummary[];
    test(name: string, options: HostTestOptions): Promise<HostTestReport>;
    connect(name: string, ask?: HostTestOptions['ask']): Promise<void>;
    installation(name: string): Promise<Pick<HostInstallation, 'install' | 'otherVersions' | 'remove'>>;
  };
}

export interface HostCommandsOptions {
  source: HostsSource;
  log: vscode.LogOutputChannel;
  attempt: Attempt;
}

export function hostCommands({
  source: { hosts },
  log,
  attempt,
}: HostCommandsOptions): CommandActions<HostCommandName> {
  const choose = async (argument: unknown, title: string, placeHolder: string): Promise<string | undefined> => {
    requireTrust();
    return await chooseHost(hosts.list(), argument, { title, placeHolder });
  };
  const test = async (name: string): Promise<void> => {
    const title = vscode.l10n.t('Testing the host “{name}”', { name });
    const report = await whileShown(name, title, async (options) => await hosts.test(name, options));
    for (const { name: check, state, found, advice } of report.checks)
      log.info(`Host ${name}: ${check} ${state}: ${[found, advice].filter(Boolean).join('. ')}`);
    if (report.printed !== '') log.info(`Host ${name} printed: ${report.printed}`);
    await showHostReport(report, {
      testAgain: () => void attempt('testHost', async () => await test(name)),
      openSettings,
    });
  };
  return {
    testHost: async (argument) => {
      const name = await choose(
        argument,
        vscode.l10n.t('Test Connection'),
        vscode.l10n.t('Choose a host to try what a session needs of it'),
      );
      if (name !== undefined) await test(name);
    },
    setUpHost: async () => {
      requireTrust();
      const name = await askForHost(hosts.list());
      if (name !== undefined) await test(name);
    },
    connectHost: async (argument) => {
      const title = vscode.l10n.t('Connect to Host');
      const name = await choose(argument, title, vscode.l10n.t('Choose the host to connect to now'));
      if (name === undefined) return;
      const doing = vscode.l10n.t('Connecting to “{name}”', { name });
      await whileShown(name, doing, async ({ ask }) => await hosts.connect(name, ask));
    },
    installHost: async (argument) => {
      const title = vscode.l10n.t('Install on Host');
      const name = await choose(argument, title, vscode.l10n.t('Choose the host that is to have Corral’s program'));
      if (name === undefined) return;
      const installation = await hosts.installation(name);
      const doing = vscode.l10n.t('Installing Corral’s program on “{name}”', { name });
      await whileShown(name, doing, async (options) => await installation.install(options));
      void showInformationMessage(vscode.l10n.t('“{name}” has this version of Corral’s program.', { name }));
    },
    cleanUpHost: async (argument) => {
      const title = vscode.l10n.t('Clean Up Host');
      const name = await choose(argument, title, vscode.l10n.t('Choose the host to remove old versions from'));
      if (name !== undefined)
        await cleanUp(
          name,
          await hosts.installation(name),
          async (doing, action) => await whileShown(name, doing, action),
        );
    },
    openHostWindow: async (argument) => {
      const title = vscode.l10n.t('Open Host in Remote Window');
      const name = await choose(argument, title, vscode.l10n.t('Choose the host to open a window on'));
      const host = hosts.list().find((each) => each.name === name);
      if (host !== undefined) await openRemoteWindow(host);
    },
    openHostSettings: async () => await openSettings(),
  };
}

/** Shows what is being done with a host. A person can end it; then the connection is closed. */
export async function whileShown<T>(
  name: string,
  title: string,
  action: (options: HostTestOptions) => Promise<T>,
): Promise<T> {
  return await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      try {
        return await action({
          ask: askForSsh(name),
          signal: cancelling.signal,
          onProgress: (message) => progress.report({ message }),
        });
      } catch (error) {
        if (!cancelling.signal.aborted) throw error;
        throw new CorralError('CANCELLED', vscode.l10n.t('It was cancelled.'), { cause: error });
      }
    },
  );
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', `${SECTION}.${SETTINGS.hosts}`);
}
