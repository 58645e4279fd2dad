/** Whether agents may start, message and stop sessions of a repository: a person answers once, for this machine. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import type { CommandConsents } from '../../supervisor/lifecycle/commandConsents';
import type { Git } from '../../supervisor/git/git';
import { showInformationMessage, showWarningMessage } from '../text/messages';

/** What asking needs of the supervisor. */
export interface AgentConsentSource {
  readonly git: Git;
  consents(): Promise<Pick<CommandConsents, 'agentsIn' | 'answer' | 'answerForAgents' | 'asked'>>;
  keepSettings(folder: string): Promise<void>;
  whenReady(): Promise<void>;
}

/** Asks in any case, so that an earlier answer can be changed. */
export async function askToAllowAgents(source: AgentConsentSource, folder: string): Promise<void> {
  const consents = await source.consents();
  const command = await consents.agentsIn(folder);
  const allow = vscode.l10n.t('Allow');
  const allowAll = vscode.l10n.t('Allow for All Sessions');
  const deny = vscode.l10n.t('Do Not Allow');
  const detail = vscode.l10n.t(
    'Agents that use Corral’s tools could start sessions in {repository}, send messages to its sessions and stop them, without asking each time. Each session keeps asking as its own permissions say. An agent in a session reaches only those that it started, or with “Allow for All Sessions” all sessions of this repository. The answer is kept on this machine; “Allow Agents to Start Sessions…” changes it.',
    { repository: command.repository },
  );
  const question = vscode.l10n.t('Let agents start sessions in “{name}”?', { name: basename(command.repository) });
  const answer = await showWarningMessage(question, { modal: true, detail }, allow, allowAll, deny);
  if (answer === undefined) return;
  await consents.answerForAgents(command, answer === allowAll ? 'all' : answer === allow ? 'tree' : 'none');
  await source.keepSettings(folder);
}

export interface AgentConsentsOptions {
  storageDirectory: string;
  /** True for a repository that is one of this window's folders. */
  isHere: (repository: string) => boolean;
  onError: (doing: string, error: unknown) => void;
}

/** Tells a person when an agent was refused since nobody had answered, and keeps what a person sets for agents. */
export class AgentConsents implements vscode.Disposable {
  readonly #source: AgentConsentSource;
  readonly #options: AgentConsentsOptions;
  readonly #subscriptions: vscode.Disposable[];
  /** Repositories about which this window has told. */
  readonly #told = new Set<string>();

  constructor(source: AgentConsentSource, options: AgentConsentsOptions) {
    this.#source = source;
    this.#options = options;
    const store = vscode.Uri.file(options.storageDirectory);
    const asked = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(store, 'asked/*'));
    const attempt = (action: () => Promise<void>) => (): void =>
      void action().catch((error: unknown) => options.onError('allowAgents', error));
    const tell = attempt(async () => await this.#tell());
    const keep = attempt(async () => await this.#keepSettings());
    this.#subscriptions = [
      asked,
      asked.onDidCreate(tell),
      asked.onDidChange(tell),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('corral')) keep();
      }),
    ];
    source.whenReady().then(keep, () => undefined); // the list of sessions says why the store cannot be read
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #tell(): Promise<void> {
    for (const { repository, use, client } of await (await this.#source.consents()).asked()) {
      if (use !== 'agents' || this.#told.has(repository) || !this.#options.isHere(repository)) continue;
      this.#told.add(repository);
      const answer = vscode.l10n.t('Answer…');
      const sentence = vscode.l10n.t('“{client}” wants to start or change sessions in “{name}”, and was refused.', {
        client: oneLine(client),
        name: basename(repository),
      });
      if ((await showInformationMessage(sentence, answer)) === answer) await askToAllowAgents(this.#source, repository);
    }
  }

  async #keepSettings(): Promise<void> {
    if (!vscode.workspace.isTrusted) return;
    for (const { uri } of vscode.workspace.workspaceFolders ?? [])
      if (uri.scheme === 'file') await this.#source.keepSettings(uri.fsPath).catch(() => undefined); // a folder without a repository has none
  }
}
