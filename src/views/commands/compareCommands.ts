import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { newId } from '../../storage/ids';
import type { SessionRequest, SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import { chooseAgents } from '../pickers/agentChoice';
import { resource } from '../review/changesEditor';
import { showInformationMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import type { NewSessionOptions } from './newSession';
import { agentsOf, rememberedMode } from './newSession';
import { inProgress } from '../progress';
import { revisionUri } from '../review/revisionFiles';
import type { ChooseSession } from '../pickers/sessionChoice';
import { groupTitle, titlesFor } from '../sessions/sessionGroups';
import { requireHeadCommit } from '../../supervisor/git/repository';

export type CompareCommandName = Extract<CommandName, 'compareAgents' | 'compareChanges'>;

export interface CompareCommandsOptions extends NewSessionOptions {
  supervisor: Supervisor;
  choose: ChooseSession;
  chooseRepository: () => Promise<string>;
  create: (request: SessionRequest) => Promise<void>;
}

/** More than this at once is a mistake more often than a wish. */
const MAX_TIMES = 5;

const groupSchema = v.object({ kind: v.literal('group'), group: v.string(), repository: v.string() });

/** The same prompt for several agents, or several times for one; and what came of it side by side. */
export function compareCommands(
  options: CompareCommandsOptions,
): Record<CompareCommandName, (argument: unknown) => Promise<void>> {
  const { supervisor, choose, chooseRepository, create } = options;
  return {
    compareAgents: async () => {
      const repository = await chooseRepository();
      const agents = await askForAgents(options);
      const prompt = await vscode.window.showInputBox({
        title: 'Compare Agents · Prompt',
        prompt: `${agents.length} sessions get it: ${agents.join(', ')}`,
        placeHolder: 'What should each of them do?',
        ignoreFocusOut: true,
        validateInput: (value) => (value.trim() === '' ? 'Say what the agents should do.' : undefined),
      });
      if (prompt === undefined) throw new CorralError('CANCELLED', 'No session was made.');
      // The same commit for all, whatever happens in the checkout meanwhile.
      const base = await requireHeadCommit(supervisor.git, repository);
      const permissionMode = rememberedMode(options.context, repository);
      const titles = titlesFor(prompt, agents);
      const group = newId();
      for (const [index, agent] of agents.entries()) {
        const title = titles[index] ?? agent;
        await create({
          repository,
          prompt,
          agent,
          title,
          base,
          group,
          ...(permissionMode === undefined ? {} : { permissionMode }),
        });
      }
    },
    compareChanges: async (argument) => {
      const sessions = await chooseCompared(supervisor, choose, argument);
      const [first, second, third] = sessions;
      if (first === undefined || second === undefined) return;
      const resources = await inProgress(async () =>
        third === undefined
          ? await betweenTwo(supervisor, first, second)
          : await againstTheirBase(supervisor, sessions),
      );
      if (resources.length === 0) {
        void showInformationMessage('The files of these sessions are the same.');
        return;
      }
      const names = sessions.map(({ title }) => title);
      await vscode.commands.executeCommand('vscode.changes', names.join(third === undefined ? ' ↔ ' : ', '), resources);
    },
  };
}

/** Names of agents, one for each session to be made. */
async function askForAgents(options: NewSessionOptions): Promise<string[]> {
  const placeholder = 'Several for one prompt, or one alone that gets it several times';
  const agents = (await chooseAgents(agentsOf(options), { title: 'Compare Agents', placeholder, many: true })) ?? [];
  const [only] = agents;
  if (only === undefined) throw new CorralError('CANCELLED', 'No agent was chosen.');
  if (agents.length > 1) return agents;
  const items = Array.from({ length: MAX_TIMES - 1 }, (_, index) => ({
    label: `${index + 2} times`,
    times: index + 2,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Compare Agents · How Often',
    placeHolder: `How often should ${only} get the same prompt?`,
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', 'No session was made.');
  return Array.from({ length: chosen.times }, () => only);
}

/** At least two sessions of one group: the argument's group or session's, else one that is asked for. Throws CANCELLED, INVALID_ARGUMENT. */
async function chooseCompared(
  supervisor: Supervisor,
  choose: ChooseSession,
  argument: unknown,
): Promise<SessionSummary[]> {
  const sessions = (await supervisor.listSessions()).filter((session) => !session.deleted && session.runs.length > 0);
  const membersOf = (group: string, repository: string): SessionSummary[] =>
    sessions
      .filter((session) => session.group === group && session.repository === repository)
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt));
  const others = ({ group, repository }: SessionSummary): SessionSummary[] =>
    group === undefined ? [] : membersOf(group, repository);
  const given = v.safeParse(groupSchema, argument);
  const none = 'No session is compared with another one. Use Compare Agents first.';
  const members = given.success
    ? membersOf(given.output.group, given.output.repository)
    : others(await choose(argument, 'Compare Changes', (each) => others(each).length > 1, none));
  const [first] = members;
  if (first === undefined || members.length < 2) throw new CorralError('INVALID_ARGUMENT', none);
  if (members.length === 2) return members;
  const items = members.map((session) => ({
    label: session.title,
    description: session.status,
    picked: true,
    session,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Compare Changes · ${groupTitle(first.group ?? '', members)}`,
    placeHolder: 'Two are shown against each other, more against what they began with.',
    canPickMany: true,
  });
  if (chosen === undefined || chosen.length < 2)
    throw new CorralError('CANCELLED', 'Fewer than two sessions were chosen.');
  return chosen.map(({ session }) => session);
}

type Resource = ReturnType<typeof resource>;

async function betweenTwo(supervisor: Supervisor, first: SessionSummary, second: SessionSummary): Promise<Resource[]> {
  const { before, after, changes } = await (await supervisor.worktree(first.id)).differences(second.id);
  return changes.map((change) => resource(change, at(first, before), at(second, after)));
}

/** By path, so that what each did to a file stands together. */
async function againstTheirBase(supervisor: Supervisor, sessions: readonly SessionSummary[]): Promise<Resource[]> {
  const all = await Promise.all(
    sessions.map(async (session) => {
      const { before, after, changes } = await (await supervisor.worktree(session.id)).changes();
      return changes.map((change) => ({
        path: change.path,
        compared: resource(change, at(session, before), at(session, after)),
      }));
    }),
  );
  return all
    .flat()
    .sort((a, b) => a.path.localeCompare(b.path))
    .map(({ compared }) => compared);
}

/** Files of a session as they were in a commit or tree. The session's title stands where the folder's name would. */
function at({ title, repository }: SessionSummary, revision: string): (path: string) => vscode.Uri {
  return (path) => revisionUri(`/${title.replaceAll(/[\\/]/g, '∕')}`, path, repository, revision);
}
