import { basename } from 'node:path';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { CommandUse, NamedCommand, WorktreeCommandUse } from '../../storage/namedCommand';
import type { CommandConsents } from '../../supervisor/lifecycle/commandConsents';
import { commandText } from '../text/commandText';
import { chooseAmongRepositories, listRepositories } from '../pickers/repositoryChoice';
import type { CommandName } from '../text/contributions';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import { plainLabel } from '../text/plainLabel';
import { askToAllowAgents, type AgentConsentSource } from '../mcp/agentConsent';
import type { CommandActions } from './commandRunner';

export type ConsentCommandName = Extract<CommandName, 'reviewCommands' | 'allowAgents'>;

/** What asking for consent needs of the supervisor. */
export interface ConsentSource {
  consents(): Promise<
    Pick<CommandConsents, 'commandFor' | 'includedFor' | 'filtersFor' | 'answer' | 'record' | 'list'>
  >;
}

/** More than this does not fit into a question, and what cannot be read whole is not allowed. */
const MAX_SHOWN_CHARACTERS = 2_000;

/**
 * Asks once for the command that the workspace names for worktrees of this repository, and keeps the answer.
 *
 * @throws CANCELLED
 */
export async function askForConsent(source: ConsentSource, repository: string, use: WorktreeCommandUse): Promise<void> {
  const consents = await source.consents();
  // What is wrong with the repository, the command that asked says in its own words.
  const command = await consents.commandFor(repository, use).catch(() => undefined);
  if (command === undefined || (await consents.answer(command)) !== undefined) return;
  if (!(await ask(consents, command))) throw notAnswered();
}

/**
 * Asks once for each filter of git that files of this repository need, and keeps the answers.
 *
 * @throws CANCELLED
 */
export async function askForFilters(source: ConsentSource, repository: string): Promise<void> {
  const consents = await source.consents();
  for (const command of await consents.filtersFor(repository).catch(() => []))
    if ((await consents.answer(command)) === undefined && !(await ask(consents, command))) throw notAnswered();
}

/**
 * Asks once whether exactly these ignored files of the repository may go to sessions on the host, and keeps the answer.
 *
 * @throws CANCELLED
 */
export async function askForIncluded(source: ConsentSource, repository: string, host: string): Promise<void> {
  const consents = await source.consents();
  const command = await consents.includedFor(repository, host).catch(() => undefined);
  if (command === undefined || (await consents.answer(command)) !== undefined) return;
  if (!(await ask(consents, command))) throw notAnswered();
}

function notAnswered(): CorralError {
  return new CorralError('CANCELLED', vscode.l10n.t('Whether the command may run was not answered.'));
}

/** False where the question was closed without an answer. */
async function ask(consents: Pick<CommandConsents, 'record'>, command: NamedCommand): Promise<boolean> {
  if (command.use === 'agents') return true; // asked in its own words
  const text = commandText(command.command);
  if (text.length > MAX_SHOWN_CHARACTERS) {
    void showInformationMessage(
      vscode.l10n.t(
        'A command of this workspace is too long to be shown, so it is not run. Put it into a script: {command}',
        { command: `${text.slice(0, 100)}…` },
      ),
    );
    return true;
  }
  const allow = vscode.l10n.t('Allow');
  const deny = denial(command.use);
  const detail = explanation(command, text);
  const answer = await showWarningMessage(
    question(command.use, command.repository),
    { modal: true, detail },
    allow,
    deny,
  );
  if (answer === undefined) return false;
  await consents.record(command, answer === allow);
  return true;
}

function denial(use: CommandUse): string {
  if (use === 'include') return vscode.l10n.t('Do Not Send');
  return use === 'handOver' ? vscode.l10n.t('Do Not Allow') : vscode.l10n.t('Do Not Run');
}

/** `text` is the command on one line. */
function explanation({ use, repository, command }: NamedCommand, text: string): string {
  const [host = '', ...files] = command;
  switch (use) {
    case 'include':
      return vscode.l10n.t(
        '{files}\n\nGit ignores these files, which often hold secrets. They are copied into the worktree of each session on “{host}”, whose agent can read them. The answer is kept on this machine, for exactly these files of {repository}.',
        { files: files.join('\n'), host, repository },
      );
    case 'handOver':
      return vscode.l10n.t(
        '{command}\n\nIt is told what was said in the session, and can read all files of its worktree. The answer is kept on this machine, for this agent in {repository}.',
        { command: text, repository },
      );
    default:
      return vscode.l10n.t(
        '{command}\n\nThe repository or its workspace names it. The answer is kept on this machine, for this exact command in {repository}.',
        { command: text, repository },
      );
  }
}

function question(use: Exclude<CommandUse, 'agents'>, repository: string): string {
  const name = basename(repository);
  switch (use) {
    case 'setup':
      return vscode.l10n.t('Run this command in each new worktree of “{name}”, before its agent?', { name });
    case 'teardown':
      return vscode.l10n.t('Run this command in worktrees of “{name}” before they are removed?', { name });
    case 'filter':
      return vscode.l10n.t('Let Git run this filter on files of “{name}”?', { name });
    case 'push':
      return vscode.l10n.t('Push branches of “{name}” to this remote?', { name });
    case 'handOver':
      return vscode.l10n.t('Let this agent go on with sessions of “{name}” whose own agent is at its usage limit?', {
        name,
      });
    case 'include':
      return vscode.l10n.t('Send these files of “{name}” to sessions on the host?', { name });
  }
}

/** Tells that a command was not run, with a button to answer for it. True where it is allowed now. */
export async function offerReview(source: ConsentSource, command: NamedCommand, title: string): Promise<boolean> {
  if (command.use === 'agents') return false; // asked in its own words
  const review = vscode.l10n.t('Review');
  if ((await showInformationMessage(withheldMessage(command.use, title), review)) !== review) return false;
  const consents = await source.consents();
  await ask(consents, command);
  return (await consents.answer(command)) === true;
}

function withheldMessage(use: Exclude<CommandUse, 'agents'>, title: string): string {
  switch (use) {
    case 'setup':
      return vscode.l10n.t('The setup command of “{title}” was not run: nobody has allowed it yet.', { title });
    case 'teardown':
      return vscode.l10n.t('The teardown command of “{title}” was not run: nobody has allowed it yet.', { title });
    case 'filter':
      return vscode.l10n.t('A filter of Git was not run for “{title}”: nobody has allowed it yet.', { title });
    case 'push':
      return vscode.l10n.t('The work of “{title}” was not pushed: nobody has allowed its remote yet.', { title });
    case 'handOver':
      return vscode.l10n.t('“{title}” waits for its usage limit: nobody has allowed another agent to go on yet.', {
        title,
      });
    case 'include':
      return vscode.l10n.t('Ignored files were not sent to the host of “{title}”: nobody has allowed it yet.', {
        title,
      });
  }
}

function labelOf({ use, command }: NamedCommand): string {
  if (use !== 'agents') return plainLabel(commandText(command));
  return command.length === 0
    ? vscode.l10n.t('Agents start sessions')
    : vscode.l10n.t('Agents in sessions reach all sessions');
}

/** The command to see every answer that was given, and to change it. */
export function consentCommands(source: ConsentSource & AgentConsentSource): CommandActions<ConsentCommandName> {
  return {
    allowAgents: async () => {
      const folders = await listRepositories(source.git);
      const folder = folders.length === 1 ? folders[0] : await chooseAmongRepositories(folders);
      if (folder !== undefined) await askToAllowAgents(source, folder);
    },
    reviewCommands: async () => {
      const consents = await source.consents();
      const items = (await consents.list()).map(({ isAllowed, ...command }) => ({
        label: labelOf(command),
        description: isAllowed ? vscode.l10n.t('allowed') : vscode.l10n.t('not allowed'),
        detail: command.repository,
        command,
      }));
      if (items.length === 0) {
        void showInformationMessage(vscode.l10n.t('No workspace has named a command that you were asked about.'));
        return;
      }
      const title = vscode.l10n.t('Review Workspace Commands');
      const chosen = await vscode.window.showQuickPick(items, { title, matchOnDetail: true });
      if (chosen === undefined) return;
      if (chosen.command.use === 'agents') await askToAllowAgents(source, chosen.command.repository);
      else await ask(consents, chosen.command);
    },
  };
}
