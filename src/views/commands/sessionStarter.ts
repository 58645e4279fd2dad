import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { Attachment, CorralApi, SessionRequest } from '../../supervisor/api';
import type { Hosts } from '../../supervisor/hosts/hosts';
import { initializeRepository } from '../../supervisor/git/repository';
import { HERE } from '../hosts/place';
import { askForSession } from '../pickers/promptInput';
import { chooseAmongRepositories, listRepositories } from '../pickers/repositoryChoice';
import type { SessionDraft, SessionDraftOptions } from '../pickers/sessionDraft';
import { completeDraft, requestOf } from '../pickers/sessionDraft';

import { inProgress } from '../progress';
import { setAgentPath } from '../settings';
import { builtInAgents } from '../../supervisor/agents/builtInAgents';
import { showInformationMessage } from '../text/messages';
import type { ContextMends } from '../text/errorMessages';
import type { ConsentSource } from './consentCommands';
import { askForConsent, askForFilters, askForIncluded } from './consentCommands';
import type { CommandContext, CommandRunner } from './commandRunner';
import { askForSsh } from './hosts/askForSsh';

export interface SessionStarterOptions extends SessionDraftOptions {
  source: SessionDraftOptions['source'] &
    Pick<CorralApi, 'createSession'> &
    ConsentSource & { readonly hosts: Pick<Hosts, 'connect'> };
  runner: CommandRunner;
  reveal: (sessionId: string) => Promise<void>;
}

/** The row of a repository in the Sessions tree. */
const repositorySchema = v.object({ kind: v.literal('repository'), path: v.string() });

/** Starts sessions, and mends what kept one from starting. */
export class SessionStarter {
  readonly #options: SessionStarterOptions;

  constructor(options: SessionStarterOptions) {
    this.#options = options;
  }

  /**
   * Creates the session and shows its row.
   *
   * @returns its id
   */
  async create(request: SessionRequest): Promise<string> {
    const { source, runner, reveal } = this.#options;
    const { context } = runner;
    context.request = request;
    await askForConsent(source, request.repository, 'setup');
    await askForFilters(source, request.repository);
    const { host } = request;
    if (host !== undefined) await askForIncluded(source, request.repository, host);
    const { id } = await inProgress(async () => {
      if (host !== undefined) await source.hosts.connect(host, askForSsh(host));
      return await source.createSession(request);
    });
    delete context.request;
    await reveal(id);
    return id;
  }

  /** Asks for a prompt and creates the session. */
  async start(repository: string, draft?: Partial<SessionDraft>): Promise<void> {
    await this.create(await askForSession(this.#options, repository, draft));
  }

  /** Creates the session that was drafted; undefined where a person was to say more and did not. */
  async startDraft(repository: string, draft: SessionDraft, attachments: Attachment[]): Promise<string | undefined> {
    requireTrust();
    if (!(await completeDraft(draft))) return undefined;
    this.#options.runner.context.place = draft.where;
    const request = await requestOf(this.#options, repository, draft);
    return await this.create({ ...request, ...(attachments.length > 0 && { attachments }) });
  }

  /**
   * The folders in which a session can start, at least one.
   *
   * @throws UNTRUSTED, and what `listRepositories` throws
   */
  async listRepositories(): Promise<string[]> {
    requireTrust();
    const { context } = this.#options.runner;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    if (folder !== undefined) context.folder = folder;
    const repositories = await listRepositories(this.#options.source.git);
    delete context.folder;
    return repositories;
  }

  /**
   * The repository to work in: that of the row on which the command was called, if it was. Asks only where there are
   * several.
   *
   * @throws CANCELLED, and what `listRepositories` throws
   */
  async chooseRepository(argument?: unknown): Promise<string> {
    requireTrust();
    const row = v.safeParse(repositorySchema, argument);
    if (row.success) return row.output.path;
    const repositories = await this.listRepositories();
    const [first, ...others] = repositories;
    if (first !== undefined && others.length === 0) return first;
    const chosen = await chooseAmongRepositories(repositories);
    if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No repository was chosen.'));
    return chosen;
  }

  /** What mends a session that was not started. */
  mendsFor({ request, agent = request?.agent, folder, again }: CommandContext): ContextMends {
    const mends: ContextMends = {};
    if (folder !== undefined)
      mends.initializeRepository = mends.makeFirstCommit = async () => await this.#initializeRepository(folder, again);
    if (agent === undefined) return mends;
    const { installCommand } = builtInAgents().get(agent) ?? {};
    if (installCommand !== undefined)
      mends.installAgent = async () => {
        installInTerminal(agent, installCommand);
        if (request !== undefined) await this.#offerStart(request, again);
      };
    mends.setAgentPath = async () =>
      await this.#options.runner.attempt('newSession', async () => {
        if (await chooseAgentPath(agent)) await this.#startAgain(request, again);
      });
    if (request === undefined) {
      if (again !== undefined) mends.checkAgain = again;
      return mends;
    }
    // The sessions of a comparison share one prompt, so none is edited alone. Elsewhere the draft is still there.
    if (request.group === undefined && again === undefined)
      mends.editRequest = async () => await this.#editRequest(request);
    return mends;
  }

  async #editRequest(request: SessionRequest): Promise<void> {
    const { repository, prompt, agent, base = 'HEAD', includeChanges = false, dependsOn = [] } = request;
    await this.#options.runner.attempt('newSession', async () => {
      await this.start(repository, {
        prompt,
        agent,
        base: { label: base, revision: base, includeChanges },
        after: dependsOn,
        permissionMode: request.permissionMode,
        argv: request.argv,
        model: request.model,
        issue: request.issue,
        where: request.host === undefined ? HERE : { kind: 'host', name: request.host },
      });
    });
  }

  async #initializeRepository(folder: string, again?: () => Promise<void>): Promise<void> {
    await this.#options.runner.attempt('initializeRepository', async () => {
      await initializeRepository(this.#options.source.git, folder);
      await (again ?? (async () => await this.start(await this.chooseRepository())))();
    });
  }

  /** The request stays at hand until the program is there. */
  async #offerStart(request: SessionRequest, again?: () => Promise<void>): Promise<void> {
    const start = vscode.l10n.t('Start the Session');
    const question = vscode.l10n.t('Start the session once {agent} is installed. Its prompt is kept here.', {
      agent: request.agent,
    });
    if ((await showInformationMessage(question, start)) !== start) return;
    await this.#options.runner.attempt('newSession', async () => await this.#startAgain(request, again));
  }

  async #startAgain(request: SessionRequest | undefined, again?: () => Promise<void>): Promise<void> {
    if (again !== undefined) await again();
    else if (request !== undefined) await this.create(request);
  }
}

function installInTerminal(agent: string, command: readonly string[]): void {
  const terminal = vscode.window.createTerminal({ name: vscode.l10n.t('Install {agent}', { agent }) });
  terminal.show();
  terminal.sendText(command.join(' '));
}

/** False where none was chosen. */
async function chooseAgentPath(agent: string): Promise<boolean> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Choose the Program of {agent}', { agent }),
      openLabel: vscode.l10n.t('Use This Program'),
    })) ?? [];
  if (file !== undefined) await setAgentPath(agent, file.fsPath);
  return file !== undefined;
}

/** @throws UNTRUSTED */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted)
    throw new CorralError(
      'UNTRUSTED',
      vscode.l10n.t('This workspace is in Restricted Mode. Trust it to let Corral start agents.'),
    );
}
