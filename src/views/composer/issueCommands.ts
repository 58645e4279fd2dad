import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { IssueKind, IssueReference } from '../../storage/issueReference';
import { issueLabel } from '../../storage/issueReference';
import type { ForgeRemote, OpenForge } from '../../supervisor/forge/findForge';
import { forgeOf, listForgeRemotes, openForge } from '../../supervisor/forge/findForge';
import { headRefOf, pageOf } from '../../supervisor/forge/forge';
import { credentialSetting, signInCommand } from '../../supervisor/forge/forgeProgram';
import { findRepository, type Repository } from '../../supervisor/git/repository';
import { fetchHead } from '../../supervisor/git/review/fetchHead';
import type { CommandActions, CommandRunner } from '../commands/commandRunner';
import type { SessionStarter } from '../commands/sessionStarter';
import type { AgentsSource } from '../pickers/agentChoice';
import type { BaseSource } from '../pickers/baseChoice';
import { chooseForgeRemote, chooseIssue } from '../pickers/issueChoice';
import { inProgress } from '../progress';
import type { CommandName } from '../text/contributions';
import type { Composer } from './composer';
import { issuePrompt } from './issuePrompt';

type IssueCommandName = Extract<CommandName, 'newSessionFromIssue' | 'newSessionFromPullRequest'>;

export interface IssueCommandsOptions {
  source: AgentsSource & Pick<BaseSource, 'git'>;
  composer: Pick<Composer, 'add'>;
  starter: Pick<SessionStarter, 'chooseRepository'>;
  runner: Pick<CommandRunner, 'context'>;
}

/** A remote whose repository can be asked about. */
type Choice = ForgeRemote & { open: OpenForge };

/** Commands that bring an issue or a pull request into the composer, with all that a session needs of it. */
export function issueCommands({
  source,
  composer,
  starter,
  runner,
}: IssueCommandsOptions): CommandActions<IssueCommandName> {
  const start = async (kind: IssueKind, title: string, folder: string): Promise<void> => {
    const repository = await findRepository(source.git, folder);
    const { open, url } = await chooseForgeRemote(await openRemotes(repository), title);
    const found = await noteSignIn(open, async () => {
      const forge = forgeOf(open);
      const { number } = await chooseIssue(forge, open.repository, kind, title);
      return await inProgress(async () => await forge.read(kind, number));
    });
    const { number } = found;
    const { forge, path } = open.repository;
    const page = pageOf(open.repository, kind, number);
    const reference: IssueReference = { forge, kind, number, title: found.title, repository: path, url: page };
    const head = kind === 'issue' ? undefined : await fetchHeadOf(repository, open, url, number);
    await composer.add(folder, issuePrompt(found, reference, head), (draft) => {
      draft.issue = reference;
      if (head !== undefined) draft.base = { label: issueLabel(reference), revision: head, includeChanges: false };
    });
  };

  /** Those whose programs know their hosts; where there is none, why the first one cannot be asked. */
  const openRemotes = async (repository: Repository): Promise<Choice[]> => {
    const remotes = await listForgeRemotes(repository);
    return await inProgress(async () => {
      const opened: Choice[] = [];
      let failure: unknown;
      for (const remote of remotes)
        try {
          opened.push({ ...remote, open: await openForge(remote, source) });
        } catch (error) {
          failure ??= error;
        }
      if (opened.length === 0) throw failure;
      return opened;
    });
  };

  /** Where the user has to sign in first, a button does it. */
  const noteSignIn = async <T>({ program, repository }: OpenForge, action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (error instanceof CorralError && error.code === 'FORGE_SIGNED_OUT')
        runner.context.signIn = [program.program, ...signInCommand(repository.forge, repository.host).slice(1)];
      throw error;
    }
  };

  const fetchHeadOf = async (
    repository: Repository,
    { program, repository: at }: OpenForge,
    url: string,
    number: number,
  ): Promise<string> => {
    const label = issueLabel({ forge: at.forge, kind: 'pullRequest', number });
    const address = { url, ref: headRefOf(at, number), credentials: credentialSetting(program, at.host) };
    return await withCancel(
      vscode.l10n.t('Fetching the commits of {number}', { number: label }),
      async (signal) => await fetchHead(repository, address, signal),
    );
  };

  return {
    newSessionFromIssue: async (argument) => {
      const title = vscode.l10n.t('New Session from Issue');
      await start('issue', title, await starter.chooseRepository(argument));
    },
    newSessionFromPullRequest: async (argument) => {
      const title = vscode.l10n.t('New Session from Pull Request');
      await start('pullRequest', title, await starter.chooseRepository(argument));
    },
  };
}

/** Shows a notification that can be cancelled while the action runs. */
async function withCancel<T>(title: string, action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return await vscode.window.withProgress({ location, title, cancellable: true }, async (_progress, token) => {
    const controller = new AbortController();
    token.onCancellationRequested(() => controller.abort());
    return await action(controller.signal);
  });
}
