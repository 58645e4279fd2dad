import { basename } from 'node:path';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import { visibleText } from '../../common/visibleText';
import type { IssueKind } from '../../storage/issueReference';
import { issueLabel, issueReferenceSchema } from '../../storage/issueReference';
import { listAgents } from '../../supervisor/agents/agentRegistry';
import type { SessionSummary } from '../../supervisor/api';
import type { ComposerPart } from '../../protocol/composerProtocol';
import type { CommandRunner } from '../commands/commandRunner';
import type { SessionStarter } from '../commands/sessionStarter';
import { placeDetail, placeLabel } from '../hosts/place';
import { isPlaceAsked, readHosts } from '../pickers/placeChoice';
import { chooseAmongRepositories } from '../pickers/repositoryChoice';
import { SessionPreparer } from '../pickers/sessionPreparer';
import type { SessionDraft, SessionDraftOptions } from '../pickers/sessionDraft';
import {
  choosePart,
  dependenciesOf,
  MODE_LABELS,
  MODE_NAMES,
  modeOf,
  newDraft,
  requireStartable,
} from '../pickers/sessionDraft';
import { plainLabel } from '../text/plainLabel';
import type { ComposerActions, ShownPart } from './composerInterfaces';

const DEMO_AGENT = 'demo';
const KEPT_KEY = 'composer.choices ';
const keptSchema = v.object({
  agent: v.exactOptional(v.string()),
  model: v.optional(v.string()),
  argv: v.optional(v.array(v.string())),
  base: v.exactOptional(
    v.object({
      label: v.string(),
      revision: v.string(),
      includeChanges: v.boolean(),
      after: v.exactOptional(v.string()),
    }),
  ),
  after: v.exactOptional(v.array(v.string())),
  issue: v.optional(issueReferenceSchema),
});

const ISSUE_NAMES: Record<IssueKind, string> = {
  issue: vscode.l10n.t('Issue'),
  pullRequest: vscode.l10n.t('Pull request'),
};

/** Prompts that arrow up can bring back. */
const MAX_HISTORY = 100;

export interface ComposerActionsOptions extends SessionDraftOptions {
  starter: SessionStarter;
  runner: CommandRunner;
}

/** What the composer asks a person, and how it starts sessions: as New Session does. */
export function composerActions(options: ComposerActionsOptions): Omit<ComposerActions<SessionDraft>, 'started'> {
  const { context, source, starter, runner } = options;
  const preparer = new SessionPreparer(source);
  const keep = async (repository: string, chosen: Partial<SessionDraft>): Promise<void> =>
    await context.workspaceState.update(KEPT_KEY + repository, { ...readKept(context, repository), ...chosen });
  const keepAfterAgent = async (repository: string, { base, after, issue }: SessionDraft): Promise<void> =>
    await keep(repository, { base, after, issue });
  return {
    listRepositories: async () => await starter.listRepositories(),
    chooseRepository: chooseAmongRepositories,
    readChoices: async (repository, current) => {
      const kept = readKept(context, repository);
      // The agent may be a default that the settings have changed meanwhile, and the permissions as well.
      const { base, after } = current ?? {};
      const others = base === undefined || after === undefined ? {} : { base, after };
      return await newDraft(options, repository, { ...others, ...kept });
    },
    check: async (choices) => {
      const { agent, where } = choices;
      runner.context.place = where;
      if (where.kind === 'here') runner.context.agent = agent;
      await requireStartable(options, choices);
    },
    choose: async (repository, choices, part) => {
      if (part === 'issue') await chooseWhetherFor(choices);
      else await choosePart(options, repository, choices, part);
      const { agent, model, argv } = choices;
      if (part === 'agent' || part === 'model') await keep(repository, { agent, model, argv });
      else await keepAfterAgent(repository, choices);
    },
    keep: keepAfterAgent,
    showChoice: (part, repository, choices) => showChoice(options, part, repository, choices),
    // An agent that is not there is refused when the session is started.
    commandsOf: async (repository, { agent }) =>
      (await source.agentOffers(agent, repository).catch(() => undefined))?.commands ?? [],
    written: (repository, choices) => preparer.prepare(repository, choices),
    history: async (repository) => latestPrompts(await source.listSessions({ repository })),
    start: async ({ repository, prompt, choices, attachments }) => {
      const files = attachments.map(({ path, name }) => ({ path, name }));
      const id = await starter.startDraft(repository, { ...choices, prompt }, files);
      preparer.reset();
      // The next session starts from the defaults.
      if (id !== undefined) await context.workspaceState.update(KEPT_KEY + repository, undefined);
      return id;
    },
    attempt: async (action, again) =>
      await runner.describe('newSession', async () => {
        runner.context.again = again;
        await action();
      }),
  };
}

/** What a person chose for the next session in the repository. */
function readKept(context: vscode.ExtensionContext, repository: string): Partial<SessionDraft> {
  const parsed = v.safeParse(keptSchema, context.workspaceState.get<unknown>(KEPT_KEY + repository));
  return parsed.success
    ? { ...parsed.output, argv: parsed.output.argv, model: parsed.output.model, issue: parsed.output.issue }
    : {};
}

/** Lets a person look at the issue of the draft, or take it off. */
async function chooseWhetherFor(choices: SessionDraft): Promise<void> {
  const { issue } = choices;
  if (issue === undefined) return;
  const open = { label: `$(link-external) ${vscode.l10n.t('Open in Browser')}`, description: issue.url };
  const takeOff = {
    label: `$(close) ${vscode.l10n.t('Not for {number}', { number: issueLabel(issue) })}`,
    description: vscode.l10n.t('the prompt stays'),
  };
  const chosen = await vscode.window.showQuickPick([open, takeOff], {
    title: plainLabel(`${issueLabel(issue)} ${oneLine(visibleText(issue.title))}`),
  });
  if (chosen === open) await vscode.env.openExternal(vscode.Uri.parse(issue.url, true));
  if (chosen === takeOff) choices.issue = undefined;
}

function latestPrompts(sessions: SessionSummary[]): string[] {
  const latest = sessions.toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
  return [...new Set(latest.map(({ prompt }) => prompt))].slice(0, MAX_HISTORY);
}

function showChoice(
  options: SessionDraftOptions,
  part: ComposerPart,
  repository: string,
  choices: SessionDraft,
): ShownPart | undefined {
  switch (part) {
    case 'agent':
      return { part, name: vscode.l10n.t('Agent'), label: choices.agent, detail: choices.agent };
    case 'model': {
      const label = modelOf(options, choices);
      return label === undefined ? undefined : { part, name: vscode.l10n.t('Model'), label, detail: label };
    }
    case 'where': {
      const { where } = choices;
      if (!isPlaceAsked(where, options.source)) return undefined;
      const detail = placeDetail(where, readHosts(options.source) ?? []);
      return { part, name: vscode.l10n.t('Where'), label: placeLabel(where), detail };
    }
    case 'issue': {
      const { issue } = choices;
      if (issue === undefined) return undefined;
      const label = `${issueLabel(issue)} ${issue.title}`;
      return { part, name: ISSUE_NAMES[issue.kind], label, detail: `${label}\n${issue.url}` };
    }
    case 'repository':
      return { part, name: vscode.l10n.t('Repository'), label: basename(repository), detail: repository };
    case 'base':
      return { part, name: vscode.l10n.t('Base'), label: choices.base.label, detail: choices.base.label };
    case 'permissions': {
      const mode = modeOf(options, choices);
      return { part, name: vscode.l10n.t('Permissions'), label: MODE_NAMES[mode], detail: MODE_LABELS[mode] };
    }
    case 'after':
      return { part, name: vscode.l10n.t('Start After'), ...describeAfter(dependenciesOf(choices).length) };
  }
}

/** Undefined for an agent that has no models. */
function modelOf({ settings }: SessionDraftOptions, { agent, model }: SessionDraft): string | undefined {
  const { agents } = settings();
  const driver = listAgents(agents).find(({ name }) => name === agent)?.driver;
  if (driver === 'command' || agent === DEMO_AGENT) return undefined;
  return model ?? agents[agent]?.model ?? vscode.l10n.t('Default model');
}

function describeAfter(count: number): { label: string; detail: string } {
  if (count === 0)
    return { label: vscode.l10n.t('At once'), detail: vscode.l10n.t('starts at once, if there is room') };
  const label = count === 1 ? vscode.l10n.t('After 1 session') : vscode.l10n.t('After {count} sessions', { count });
  return { label, detail: label };
}
