import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionMode } from '../../storage/sessionRecords';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import type { DetectionOptions } from '../../supervisor/agents/agentDetection';
import { listAgents, resolveAgent } from '../../supervisor/agents/agentRegistry';
import type { SessionRequest } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import { findRepository } from '../../supervisor/git/repository';
import type { SupervisorSettings } from '../../supervisor/settings';
import { parseCommandLine } from '../text/commandLine';
import type { AgentsSource } from './agentChoice';
import { chooseAgents } from './agentChoice';
import type { Base, BaseSource } from './baseChoice';
import { chooseBase, HEAD_BASE } from './baseChoice';
import { chooseDependencies } from './dependencyChoice';

const LAST_AGENT_KEY = 'lastAgent';
const PERMISSION_MODE_KEY = 'permissionMode'; // kept by repository

const MODE_LABELS: Record<PermissionMode, string> = {
  ask: vscode.l10n.t('asks before every change and command'),
  edits: vscode.l10n.t('edits files in its worktree, asks before anything else'),
  all: vscode.l10n.t('never asks'),
};

/** A session that is being asked for. */
export interface SessionDraft {
  prompt: string;
  agent: string;
  base: Base;
  /** Ids of the sessions that have to complete first. */
  after: string[];
  permissionMode: PermissionMode | undefined;
  argv: string[] | undefined;
}

export interface SessionDraftOptions {
  context: vscode.ExtensionContext;
  source: BaseSource & AgentsSource;
  settings: () => SupervisorSettings;
  /** The folder of the bundles, where the demo agent is. */
  bundles: string;
  /** Shows why a choice failed; the prompt stays. */
  onError: (error: unknown) => void;
}

/**
 * Asks what the agent should do. Agent, base and permissions have defaults, and buttons to choose others.
 *
 * @throws CANCELLED
 */
export async function askForSession(
  options: SessionDraftOptions,
  repository: string,
  given: Partial<SessionDraft> = {},
): Promise<SessionRequest> {
  const { context } = options;
  const draft: SessionDraft = {
    prompt: '',
    agent: given.agent ?? (await defaultAgent(options)),
    base: HEAD_BASE,
    after: [],
    argv: undefined,
    ...given,
    permissionMode: given.permissionMode ?? (await rememberedMode(options, repository)),
  };
  for (;;) {
    const answer = await askForPrompt(draft.prompt, describeDraft(options, draft));
    draft.prompt = answer.text;
    if (answer.button !== undefined) {
      await choosePart(options, repository, draft, answer.button).catch(options.onError);
      continue;
    }
    if (draft.agent === 'command') {
      draft.argv ??= await askForCommand();
      if (draft.argv === undefined) continue;
    }
    await context.globalState.update(LAST_AGENT_KEY, draft.agent);
    return requestOf(options, repository, draft);
  }
}

function requestOf(options: SessionDraftOptions, repository: string, draft: SessionDraft): SessionRequest {
  const { prompt, agent, base, argv } = draft;
  const dependsOn = dependenciesOf(draft);
  return {
    repository,
    prompt,
    agent,
    base: base.revision,
    includeChanges: base.includeChanges,
    permissionMode: modeOf(options, draft),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(argv === undefined ? {} : { argv }),
  };
}

/** The line below the prompt: `claude from HEAD, asks before every change and command`. */
function describeDraft(options: SessionDraftOptions, draft: SessionDraft): string {
  const names = { agent: draft.agent, base: draft.base.label };
  const mode = MODE_LABELS[modeOf(options, draft)];
  const { length } = dependenciesOf(draft);
  if (length === 0) return vscode.l10n.t('{agent} from {base}, {mode}', { ...names, mode });
  return length === 1
    ? vscode.l10n.t('{agent} from {base} after 1 other session, {mode}', { ...names, mode })
    : vscode.l10n.t('{agent} from {base} after {count} other sessions, {mode}', { ...names, mode, count: length });
}

function dependenciesOf({ after, base }: SessionDraft): string[] {
  return [...new Set([...after, ...(base.after === undefined ? [] : [base.after])])];
}

function modeOf({ settings }: SessionDraftOptions, { permissionMode, agent }: SessionDraft): PermissionMode {
  return permissionMode ?? settings().agents[agent]?.permissionMode ?? settings().permissionMode;
}

function button(icon: string, tooltip: string): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon(icon), tooltip };
}

const AGENT_BUTTON = button('robot', vscode.l10n.t('Choose the Agent'));
const BASE_BUTTON = button('git-branch', vscode.l10n.t('Choose the Base'));
const AFTER_BUTTON = button('watch', vscode.l10n.t('Start After Other Sessions'));
const MODE_BUTTON = button('shield', vscode.l10n.t('Choose Its Permissions'));

/** Lets a person change the part of the draft that the button stands for. */
async function choosePart(
  options: SessionDraftOptions,
  repository: string,
  draft: SessionDraft,
  pressed: vscode.QuickInputButton,
): Promise<void> {
  const { context, source } = options;
  if (pressed === AGENT_BUTTON) {
    const title = vscode.l10n.t('New Session · Agent');
    const placeholder = vscode.l10n.t('Which agent should work?');
    const [agent] = (await chooseAgents(agentsOf(options, source), { title, placeholder, many: false })) ?? [];
    draft.agent = agent ?? draft.agent;
    draft.argv = undefined;
  } else if (pressed === BASE_BUTTON) {
    draft.base = (await chooseBase(source, repository)) ?? draft.base;
  } else if (pressed === AFTER_BUTTON) {
    draft.after = (await chooseDependencies(source, repository, draft.after)) ?? draft.after;
  } else {
    draft.permissionMode = (await chooseMode()) ?? draft.permissionMode;
    await context.globalState.update(await permissionModeKey(source.git, repository), draft.permissionMode);
  }
}

/** `button` is undefined where the prompt was accepted. */
interface PromptAnswer {
  text: string;
  button?: vscode.QuickInputButton;
}

async function askForPrompt(value: string, description: string): Promise<PromptAnswer> {
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t('New Session');
  input.value = value;
  input.placeholder = vscode.l10n.t('What should the agent do?');
  input.prompt = description;
  input.buttons = [AGENT_BUTTON, BASE_BUTTON, AFTER_BUTTON, MODE_BUTTON];
  input.ignoreFocusOut = true; // a long prompt is not lost to a click beside it
  try {
    return await new Promise((resolve, reject) => {
      input.onDidAccept(() => {
        if (input.value.trim() === '') input.validationMessage = vscode.l10n.t('Say what the agent should do.');
        else resolve({ text: input.value });
      });
      input.onDidChangeValue(() => (input.validationMessage = undefined));
      input.onDidTriggerButton((button) => resolve({ text: input.value, button }));
      input.onDidHide(() => reject(new CorralError('CANCELLED', vscode.l10n.t('No session was made.'))));
      input.show();
    });
  } finally {
    input.dispose();
  }
}

/** The agent used last; else the first one that is installed; the demo only if none is. */
async function defaultAgent({ context, settings, bundles }: SessionDraftOptions): Promise<string> {
  const { agents } = settings();
  const names = listAgents(agents).map(({ name }) => name);
  const last = context.globalState.get<unknown>(LAST_AGENT_KEY);
  if (typeof last === 'string' && names.includes(last)) return last;
  for (const name of names.filter((each) => each !== 'demo' && each !== 'command')) {
    const isInstalled = await resolveAgent(name, { agents, bundles }).then(
      () => true,
      () => false,
    );
    if (isInstalled) return name;
  }
  return 'demo';
}

async function chooseMode(): Promise<PermissionMode | undefined> {
  const items = PERMISSION_MODES.map((mode) => ({ label: mode, description: MODE_LABELS[mode], mode }));
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
  const mode = context.globalState.get<unknown>(await permissionModeKey(source.git, folder));
  return PERMISSION_MODES.find((each) => each === mode);
}

async function permissionModeKey(git: Git, folder: string): Promise<string> {
  const repository = await findRepository(git, folder).then(
    ({ mainWorktree }) => mainWorktree,
    () => folder,
  );
  return `${PERMISSION_MODE_KEY} ${repository}`;
}
