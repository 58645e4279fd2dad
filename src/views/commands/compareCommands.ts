import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { newId } from '../../storage/ids';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import { requireHeadCommit } from '../../supervisor/git/repository';
import type { WorktreeControl } from '../../supervisor/lifecycle/worktreeControl';
import type { AgentsSource } from '../pickers/agentChoice';
import { chooseAgents } from '../pickers/agentChoice';
import { choosePlaces, type HostsListSource } from '../pickers/placeChoice';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { SessionDraftOptions } from '../pickers/sessionDraft';
import { agentsOf, rememberedMode } from '../pickers/sessionDraft';
import { inProgress } from '../progress';
import type { ComparedFile } from '../review/changesEditor';
import { comparedFile, type SideOf } from '../review/changesEditor';
import { revisionUri } from '../review/revisionFiles';
import { contenderName, groupTitle, titlesFor, type Contender } from '../sessions/sessionGroups';
import { hasBegun } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import { showInformationMessage } from '../text/messages';
import { statusLabel } from '../text/statusLabel';
import type { CommandActions } from './commandRunner';
import type { SessionStarter } from './sessionStarter';

export type CompareCommandName = Extract<CommandName, 'compareAgents' | 'compareChanges'>;

/** What these commands need of the supervisor. */
export interface ComparisonSource extends AgentsSource, HostsListSource, Pick<CorralApi, 'listSessions'> {
  readonly git: Git;
  worktree(id: string): Promise<Pick<WorktreeControl, 'changes' | 'differences'>>;
}

export interface CompareCommandsOptions extends Pick<SessionDraftOptions, 'context' | 'settings' | 'bundles'> {
  source: ComparisonSource;
  starter: SessionStarter;
  choose: ChooseSession;
}

/** A higher number of sessions for one agent is more likely a mistake. */
const MAX_TIMES = 5;

/** The row of a group of compared sessions. */
const groupSchema = v.object({ kind: v.literal('group'), group: v.string(), repository: v.string() });

/** Commands to give several agents the same prompt, and to compare their changes. */
export function compareCommands(options: CompareCommandsOptions): CommandActions<CompareCommandName> {
  const { source, starter, choose } = options;
  return {
    compareAgents: async (argument) => {
      const repository = await starter.chooseRepository(argument);
      const contenders = await askForContenders(options);
      const prompt = await askForPrompt(contenders);
      // The same commit for all, whatever happens in the checkout meanwhile.
      const base = await requireHeadCommit(source.git, repository);
      const permissionMode = await rememberedMode(options, repository);
      const titles = titlesFor(prompt, contenders);
      const group = newId();
      for (const [index, contender] of contenders.entries()) {
        const title = titles[index] ?? contender.agent;
        await starter.create({
          repository,
          prompt,
          ...contender,
          title,
          base,
          group,
          ...(permissionMode === undefined ? {} : { permissionMode }),
        });
      }
    },
    compareChanges: async (argument) => {
      const sessions = await chooseCompared(source, choose, argument);
      const [first, second, third] = sessions;
      if (first === undefined || second === undefined) return;
      const files = await inProgress(async () =>
        third === undefined ? await betweenTwo(source, first, second) : await againstTheirBases(source, sessions),
      );
      if (files.length === 0) {
        void showInformationMessage(vscode.l10n.t('The files of these sessions are the same.'));
        return;
      }
      const titles = sessions.map(({ title }) => title);
      await vscode.commands.executeCommand('vscode.changes', titles.join(third === undefined ? ' ↔ ' : ', '), files);
    },
  };
}

/** One for each session that is to be made. */
async function askForContenders(options: CompareCommandsOptions): Promise<Contender[]> {
  const title = vscode.l10n.t('Compare Agents');
  const placeholder = vscode.l10n.t('Pick several agents, or one that gets the prompt several times');
  const agents = (await chooseAgents(agentsOf(options, options.source), { title, placeholder, many: true })) ?? [];
  if (agents.length === 0) throw new CorralError('CANCELLED', vscode.l10n.t('No agent was chosen.'));
  const where = vscode.l10n.t('Compare Agents · Where');
  const places = await choosePlaces(options.source, { title: where, agents });
  if (places === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No session was made.'));
  const contenders = agents.flatMap((agent) =>
    places.map((place): Contender => (place.kind === 'here' ? { agent } : { agent, host: place.name })),
  );
  const [only] = contenders;
  return only === undefined || contenders.length > 1 ? contenders : await askHowOften(only);
}

async function askHowOften(only: Contender): Promise<Contender[]> {
  const items = Array.from({ length: MAX_TIMES - 1 }, (_, index) => ({
    label: vscode.l10n.t('{0} times', index + 2),
    times: index + 2,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Compare Agents · How Often'),
    placeHolder: vscode.l10n.t('How often should {agent} get the prompt?', { agent: only.agent }),
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No session was made.'));
  return Array.from({ length: chosen.times }, () => only);
}

async function askForPrompt(contenders: readonly Contender[]): Promise<string> {
  const names = contenders.map(contenderName).join(', ');
  const prompt = await vscode.window.showInputBox({
    title: vscode.l10n.t('Compare Agents · Prompt'),
    prompt: vscode.l10n.t('{count} sessions get it: {agents}', { count: contenders.length, agents: names }),
    placeHolder: vscode.l10n.t('What should each of them do?'),
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Say what the agents should do.') : undefined),
  });
  if (prompt === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No session was made.'));
  return prompt;
}

/**
 * At least two sessions of one group: the group is the argument, or that of a session which a person picks.
 *
 * @throws INVALID_ARGUMENT where nothing is compared
 * @throws CANCELLED
 */
async function chooseCompared(
  source: ComparisonSource,
  choose: ChooseSession,
  argument: unknown,
): Promise<SessionSummary[]> {
  const sessions = (await source.listSessions()).filter((session) => !session.deleted && hasBegun(session));
  const membersOf = (group: string | undefined, repository: string): SessionSummary[] =>
    sessions
      .filter((session) => group !== undefined && session.group === group && session.repository === repository)
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const othersOf = ({ group, repository }: SessionSummary): SessionSummary[] => membersOf(group, repository);
  const given = v.safeParse(groupSchema, argument);
  const none = vscode.l10n.t('There are no sessions to compare. Use “Compare Agents” first.');
  const title = vscode.l10n.t('Compare Changes');
  const members = given.success
    ? membersOf(given.output.group, given.output.repository)
    : othersOf(await choose(argument, title, (each) => othersOf(each).length > 1, none));
  const [first] = members;
  if (first === undefined || members.length < 2) throw new CorralError('INVALID_ARGUMENT', none);
  if (members.length === 2) return members;
  const items = members.map((session) => ({
    label: session.title,
    description: statusLabel(session.status),
    picked: true,
    session,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${title} · ${groupTitle(first.group ?? '', members)}`,
    placeHolder: vscode.l10n.t('Two are compared with each other, more with what they started from'),
    canPickMany: true,
  });
  if (chosen === undefined || chosen.length < 2)
    throw new CorralError('CANCELLED', vscode.l10n.t('Fewer than two sessions were chosen.'));
  return chosen.map(({ session }) => session);
}

async function betweenTwo(
  source: ComparisonSource,
  first: SessionSummary,
  second: SessionSummary,
): Promise<ComparedFile[]> {
  const worktree = await source.worktree(first.id);
  const { before, after, changes } = await worktree.differences(second.id);
  return changes.map((change) => comparedFile(change, filesAt(first, before), filesAt(second, after)));
}

/** Sorted by path, so that what each session did to a file is together. */
async function againstTheirBases(
  source: ComparisonSource,
  sessions: readonly SessionSummary[],
): Promise<ComparedFile[]> {
  const all = await Promise.all(
    sessions.map(async (session) => {
      const { before, after, changes } = await (await source.worktree(session.id)).changes();
      return changes.map((change) => ({
        path: change.path,
        file: comparedFile(change, filesAt(session, before), filesAt(session, after)),
      }));
    }),
  );
  return all
    .flat()
    .sort((a, b) => a.path.localeCompare(b.path))
    .map(({ file }) => file);
}

/** Files of a session in a commit or tree. The session's title stands where the folder's name would. */
function filesAt({ title, repository }: SessionSummary, revision: string): SideOf {
  return (path, file) => revisionUri(`/${title.replaceAll(/[\\/]/g, '∕')}`, path, repository, revision, file);
}
