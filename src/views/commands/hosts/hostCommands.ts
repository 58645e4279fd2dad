/** Commands about other machines and containers. */
import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../../storage/errors';
import type { HostSummary, HostTestReport } from '../../../supervisor/api';
import type { HostTestOptions } from '../../../supervisor/hosts/test/hostTest';
import { SECTION } from '../../settings';
import { parseCommandLine } from '../../text/commandLine';
import { SETTINGS, type CommandName } from '../../text/contributions';
import type { Attempt, CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';
import { showHostReport } from './hostReport';

export type HostCommandName = Extract<CommandName, 'testHost' | 'setUpHost'>;

/** What these commands need of the supervisor. */
export interface HostsSource {
  readonly hosts: {
    list(): HostSummary[];
    test(name: string, options: HostTestOptions): Promise<HostTestReport>;
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
  const test = async (name: string): Promise<void> => {
    const report = await testInProgress(hosts, name);
    for (const { name: check, state, found, advice } of report.checks)
      log.info(`Host ${name}: ${check} ${state}: ${[found, advice].filter(Boolean).join('. ')}`);
    if (report.printed !== '') log.info(`Host ${name} printed: ${report.printed}`);
    await showHostReport(report, {
      testAgain: () => void attempt('testHost', async () => await test(name)),
      openSettings,
    });
  };
  const setUp = async (): Promise<void> => {
    requireTrust();
    const name = await askForHost(new Set(hosts.list().map((host) => host.name)));
    if (name !== undefined) await test(name);
  };
  return {
    testHost: async () => {
      requireTrust();
      const name = await chooseHost(hosts.list());
      if (name === SET_UP) await setUp();
      else if (name !== undefined) await test(name);
    },
    setUpHost: async () => await setUp(),
  };
}

/** No name of a host. */
const SET_UP = Symbol('set up');

interface HostItem extends vscode.QuickPickItem {
  chosen: string | typeof SET_UP;
}

/** Asks which host; undefined where none was chosen. */
async function chooseHost(hosts: readonly HostSummary[]): Promise<HostItem['chosen'] | undefined> {
  if (hosts.length === 0) return SET_UP;
  const items: HostItem[] = hosts.map(({ name, target = '', problem, lastTest }) => ({
    label: name,
    description: target,
    detail: problem ?? (lastTest === undefined ? '' : lastOutcome(lastTest)),
    iconPath: new vscode.ThemeIcon(problem === undefined ? 'vm' : 'warning'),
    chosen: name,
  }));
  const setUp: HostItem = {
    label: vscode.l10n.t('Set Up a Host…'),
    iconPath: new vscode.ThemeIcon('add'),
    chosen: SET_UP,
  };
  const picked = await vscode.window.showQuickPick([...items, setUp], {
    title: vscode.l10n.t('Test Connection'),
    placeHolder: vscode.l10n.t('Choose a host to try what a session needs of it'),
    matchOnDescription: true,
  });
  return picked?.chosen;
}

function lastOutcome({ usable, testedAt }: HostTestReport): string {
  const time = new Date(testedAt).toLocaleTimeString();
  return usable
    ? vscode.l10n.t('Tested at {time}: all is there', { time })
    : vscode.l10n.t('Tested at {time}: something is missing', { time });
}

/** A person can end the test; then the connection is closed. */
async function testInProgress(hosts: HostsSource['hosts'], name: string): Promise<HostTestReport> {
  return await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Testing the host “{name}”', { name }),
      cancellable: true,
    },
    async (progress, token) => {
      const cancelling = new AbortController();
      token.onCancellationRequested(() => cancelling.abort());
      try {
        return await hosts.test(name, {
          mayAsk: true,
          signal: cancelling.signal,
          onProgress: (message) => progress.report({ message }),
        });
      } catch (error) {
        if (!cancelling.signal.aborted) throw error;
        throw new CorralError('CANCELLED', vscode.l10n.t('The test was cancelled.'), { cause: error });
      }
    },
  );
}

/** Asks how a host is reached, and writes it into the user's settings. Returns its name. */
async function askForHost(known: ReadonlySet<string>): Promise<string | undefined> {
  const title = vscode.l10n.t('Set Up a Host');
  const way = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t(
      'Its name in your ssh configuration, user@host, or a command that runs what follows it there',
    ),
    placeHolder: vscode.l10n.t('gpu-box, or: docker exec -i dev'),
    ignoreFocusOut: true,
    validateInput: (text) =>
      parseCommandLine(text) === undefined ? vscode.l10n.t('Type a name, or a command with closed quotes.') : undefined,
  });
  const words = way === undefined ? undefined : parseCommandLine(way);
  if (words === undefined) return undefined;
  const [first = ''] = words;
  const proposal = (words.length === 1 ? first.replace(/^.*@/, '') : (words.at(-1) ?? '')).replace(/[^\w.-]/g, '');
  const name = await vscode.window.showInputBox({
    title,
    prompt: vscode.l10n.t('What Corral calls it'),
    value: proposal,
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (known.has(text)) return vscode.l10n.t('There is a host of this name already.');
      return /^[A-Za-z0-9][\w.-]{0,63}$/.test(text)
        ? undefined
        : vscode.l10n.t('Use only letters, digits, “.”, “_” and “-” in the name of a host.');
    },
  });
  if (name === undefined) return undefined;
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const before = v.parse(v.fallback(v.record(v.string(), v.unknown()), {}), configuration.get<unknown>(SETTINGS.hosts));
  const entry = words.length === 1 ? { ssh: first } : { exec: words };
  await configuration.update(SETTINGS.hosts, { ...before, [name]: entry }, vscode.ConfigurationTarget.Global);
  return name;
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', `${SECTION}.${SETTINGS.hosts}`);
}
