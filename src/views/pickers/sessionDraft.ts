import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import type { IssueReference } from '../../storage/issueReference';
import { issueLabel } from '../../storage/issueReference';
import type { PermissionMode } from '../../storage/sessionRecords';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import type { DetectionOptions } from '../../supervisor/agents/agentDetection';
import { listAgents, resolveAgent } from '../../supervisor/agents/agentRegistry';
import type { SessionRequest, SessionSummary } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import { findRepository } from '../../supervisor/git/repository';
import type { SupervisorSettings } from '../../supervisor/settings';
import { leastBusyHost, requireHost, type Place } from '../hosts/place';
import { parseCommandLine } from '../text/commandLine';
import type { AgentsSource } from './agentChoice';
import { chooseAgents } from './agentChoice';
import type { Base, BaseSource } from './baseChoice';
import { chooseBase, HEAD_BASE } from './baseChoice';
import { chooseDependencies } from './dependencyChoice';
import type { OffersSource } from './modelChoice';
import { chooseModel } from './modelChoice';
import type { HostsListSource } from './placeChoice';
import { choosePlace, readHosts, readPlace } from './placeChoice';
import type { PreparingSource } from './sessionPreparer';

/** What was chosen last, kept by repository. */
const PERMISSION_MODE_KEY = 'permissionMode';
const PLACE_KEY = 'where';

/** What each mode lets an agent do, to go on a sentence. */
export const MODE_LABELS: Record<PermissionMode, string> = {
  ask: vscode.l10n.t('asks before every change and command'),
  edits: vscode.l10n.t('edits files in its worktree, asks before anything else'),
  all: vscode.l10n.t('never asks'),
};

/** Each mode in one or two words. */
export const MODE_NAMES: Record<PermissionMode, string> = {
  ask: vscode.l10n.t('Asks first'),
  edits: vscode.l10n.t('Edits freely'),
  all: vscode.l10n.t('Never asks'),
};

/** A session that is being asked for. */
export interface SessionDraft {
  prompt: string;
  agent: string;
  /** Undefined for the agent's own choice. */
  model: string | undefined;
  where: Place;
  base: Base;
  /** Ids of the sessions that have to complete first. */
  after: string[];
  permissionMode: PermissionMode | undefined;
  argv: string[] | undefined;
  /** The issue or pull request that it is for. */
  issue: IssueReference | undefined;
}

export interface SessionDraftOptions {
  context: vscode.ExtensionContext;
  source: BaseSource & AgentsSource & OffersSource & PreparingSource & HostsListSource;
  settings: () => SupervisorSettings;
  /** The folder of the bundles, where the demo agent is. */
  bundles: string;
  /** Shows why a choice failed; the prompt stays. */
  onError: (error: unknown) => void;
}

/** What a person chooses beside the prompt, each in a quick pick. */
export const DRAFT_PARTS = ['agent', 'model', 'where', 'base', 'after', 'permissions'] as const;
export type DraftPart = (typeof DRAFT_PARTS)[number];

/** A draft with the defaults of the repository for all that is not given. */
export async function newDraft(
  options: SessionDraftOptions,
  repository: string,
  given: Partial<SessionDraft> = {},
): Promise<SessionDraft> {
  return {
    prompt: '',
    agent: given.agent ?? (await defaultAgent(options)),
    base: HEAD_BASE,
    after: [],
    argv: undefined,
    model: undefined,
    issue: undefined,
    ...given,
    where: given.where ?? (await rememberedPlace(options, repository)),
    permissionMode: given.permissionMode ?? (await rememberedMode(options, repository)),
  };
}

/**
 * Completes a draft that is to be started: asks for the program of the agent `command`.
 *
 * @returns false where nothing was given, so that the draft cannot start yet
 */
export async function completeDraft(draft: SessionDraft): Promise<boolean> {
  if (draft.agent === 'command') {
    draft.argv ??= await askForCommand();
    if (draft.argv === undefined) return false;
  }
  return true;
}

/** Lets a person change a part of the draft. */
export async function choosePart(
  options: SessionDraftOptions,
  repository: string,
  draft: SessionDraft,
  part: DraftPart,
): Promise<void> {
  const { context, source } = options;
  switch (part) {
    case 'agent': {
      const title = vscode.l10n.t('New Session · Agent');
      const placeholder = vscode.l10n.t('Which agent should work?');
      const pick = { title, placeholder, many: false, current: draft.agent };
      const [agent] = (await chooseAgents(agentsOf(options, source), pick)) ?? [];
      if (agent === undefined) return;
      draft.agent = agent;
      draft.argv = undefined;
      draft.model = undefined;
      return;
    }
    case 'model': {
      const model = await chooseModel(source, draft.agent, repository);
      if (model !== undefined) draft.model = model.id;
      return;
    }
    case 'where': {
      const place = await choosePlace(source, await source.listSessions(), {
        agent: draft.agent,
        current: draft.where,
      });
      if (place === undefined) return;
      draft.where = place;
      await context.globalState.update(await repositoryKey(PLACE_KEY, source.git, repository), place);
      return;
    }
    case 'base':
      draft.base = (await chooseBase(source, repository)) ?? draft.base;
      return;
    case 'after':
      draft.after = (await chooseDependencies(source, repository, draft.after)) ?? draft.after;
      return;
    case 'permissions':
      draft.permissionMode = (await chooseMode()) ?? draft.permissionMode;
      await context.globalState.update(
        await repositoryKey(PERMISSION_MODE_KEY, source.git, repository),
        draft.permissionMode,
      );
  }
}

/** @throws HOST_UNKNOWN where it should work on the least busy host, and no host is known to have the agent */
export async function requestOf(
  options: SessionDraftOptions,
  repository: string,
  draft: SessionDraft,
): Promise<SessionRequest> {
  const { prompt, agent, model, base, argv, issue } = draft;
  const dependsOn = dependenciesOf(draft);
  const host = await hostOf(options, draft);
  return {
    repository,
    prompt,
    agent,
    base: base.revision,
    includeChanges: base.includeChanges,
    permissionMode: modeOf(options, draft),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(argv === undefined ? {} : { argv }),
    ...(model === undefined ? {} : { model }),
    ...(host === undefined ? {} : { host }),
    ...(issue === undefined ? {} : { issue, title: `${issueLabel(issue)} ${oneLine(issue.title)}` }),
  };
}

async function hostOf({ source }: SessionDraftOptions, { where, agent }: SessionDraft): Promise<string | undefined> {
  if (where.kind !== 'leastBusy') return where.kind === 'host' ? where.name : undefined;
  return leastBusyHost(readHosts(source) ?? [], await source.listSessions(), agent);
}

export function dependenciesOf({ after, base }: SessionDraft): string[] {
  return [...new Set([...after, ...(base.after === undefined ? [] : [base.after])])];
}

export function modeOf({ settings }: SessionDraftOptions, { permissionMode, agent }: SessionDraft): PermissionMode {
  return permissionMode ?? settings().agents[agent]?.permissionMode ?? settings().permissionMode;
}

/**
 * @throws AGENT_NOT_FOUND with how to install its program, AGENT_UNKNOWN, SETTINGS_INVALID
 */
export async function requireAgent(
  { settings, bundles }: Pick<SessionDraftOptions, 'settings' | 'bundles'>,
  name: string,
): Promise<void> {
  if (name !== 'command') await resolveAgent(name, { agents: settings().agents, bundles }); // its program is asked for
}

/**
 * @throws why no session can start with these choices: as `requireAgent`, or HOST_… as far as that is known here
 */
export async function requireStartable(options: SessionDraftOptions, { agent, where }: SessionDraft): Promise<void> {
  if (where.kind === 'here') await requireAgent(options, agent);
  else if (where.kind === 'host') requireHost(where.name, options.source.hosts.list(), agent);
  else leastBusyHost(options.source.hosts.list(), [], agent);
}

/** The agent that worked last; else the first one that is installed; the demo only if none is. */
export async function defaultAgent(options: SessionDraftOptions): Promise<string> {
  const { source, settings } = options;
  const isUsable = async (name: string): Promise<boolean> =>
    await requireAgent(options, name).then(
      () => true,
      () => false,
    );
  const sessions = (await source.listSessions()).filter(hasWorked);
  const worked = sessions.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).map(({ agent }) => agent);
  const installed = listAgents(settings().agents).flatMap(({ name }) => (name === 'command' ? [] : [name]));
  for (const name of new Set([...worked, ...installed])) if (name !== 'demo' && (await isUsable(name))) return name;
  return 'demo';
}

/** An agent that could not begin is no habit. */
function hasWorked({ nativeSessionId, status }: SessionSummary): boolean {
  return nativeSessionId !== undefined || status === 'Completed';
}

async function chooseMode(): Promise<PermissionMode | undefined> {
  const items = PERMISSION_MODES.map((mode) => ({ label: MODE_NAMES[mode], description: MODE_LABELS[mode], mode }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('New Session · Permissions'),
    placeHolder: vscode.l10n.t('What may the agent do without asking?'),
  });
  return chosen?.mode;
}

/** Undefined where nothing was given. */
async function askForCommand(): Promise<string[] | undefined> {
  const line = await vscode.window.showInputBox({
    title: vscode.l10n.t('New Session · Command'),
    prompt: vscode.l10n.t(
      'Program and arguments, in quotes where they hold spaces. The program gets the prompt as its input, or in the place of {0}.',
      '{prompt}',
    ),
    placeHolder: 'make test',
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseCommandLine(value) === undefined ? vscode.l10n.t('Write a program, and close every quote.') : undefined,
  });
  return line === undefined ? undefined : parseCommandLine(line);
}

/** The agents as the settings have them at this moment. */
export function agentsOf(
  { settings, bundles }: Pick<SessionDraftOptions, 'settings' | 'bundles'>,
  { runProcess }: AgentsSource,
): DetectionOptions {
  return { agents: settings().agents, bundles, runProcess };
}

/** The permission mode that was last chosen in the repository around the folder. */
export async function rememberedMode(
  { context, source }: Pick<SessionDraftOptions, 'context'> & { source: Pick<BaseSource, 'git'> },
  folder: string,
): Promise<PermissionMode | undefined> {
  const mode = context.globalState.get<unknown>(await repositoryKey(PERMISSION_MODE_KEY, source.git, folder));
  return PERMISSION_MODES.find((each) => each === mode);
}

/** Where a session of the repository around the folder was last wanted to work. */
async function rememberedPlace(
  { context, source }: Pick<SessionDraftOptions, 'context' | 'source'>,
  folder: string,
): Promise<Place> {
  return readPlace(context.globalState.get<unknown>(await repositoryKey(PLACE_KEY, source.git, folder)), source);
}

async function repositoryKey(name: string, git: Git, folder: string): Promise<string> {
  const repository = await findRepository(git, folder).then(
    ({ mainWorktree }) => mainWorktree,
    () => folder,
  );
  return `${name} ${repository}`;
}
