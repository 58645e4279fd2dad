import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionMode } from '../../storage/sessionRecords';
import { PERMISSION_MODES } from '../../storage/sessionRecords';
import type { DetectionOptions } from '../../supervisor/agents/agentDetection';
import { listAgents, resolveAgent } from '../../supervisor/agents/agentRegistry';
import type { SessionRequest } from '../../supervisor/api';
import type { SupervisorSettings } from '../../supervisor/settings';
import type { Supervisor } from '../../supervisor/supervisor';
import { chooseBase, HEAD_BASE } from '../pickers/baseChoice';
import type { Base } from '../pickers/baseChoice';
import { chooseAgents } from '../pickers/agentChoice';
import { parseCommandLine } from '../text/commandLine';
import { chooseDependencies } from './queueCommands';

const LAST_AGENT_KEY = 'lastAgent';
const PERMISSION_MODE_KEY = 'permissionMode'; // kept by repository

const MODE_WORDS: Record<PermissionMode, string> = {
  ask: 'asks before every change and command',
  edits: 'edits freely in its worktree, asks before all else',
  all: 'never asks',
};

export interface NewSessionOptions {
  context: vscode.ExtensionContext;
  supervisor: Supervisor;
  settings: () => SupervisorSettings;
  /** The folder of the bundles, where the demo agent lies. */
  bundles: string;
  /** Shows what went wrong with a choice; the prompt stays. */
  onError: (error: unknown) => void;
}

/** A session that is being asked for. */
export interface SessionDraft {
  prompt: string;
  agent: string;
  base: Base;
  /** Ids of sessions that have to complete first. */
  after: string[];
  permissionMode: PermissionMode | undefined;
  argv: string[] | undefined;
}

/** Asks what the agent should do. Agent, base and permissions have defaults, and buttons to choose others. Throws CANCELLED. */
export async function askForSession(
  options: NewSessionOptions,
  repository: string,
  draft: Partial<SessionDraft> = {},
): Promise<SessionRequest> {
  const { context, settings } = options;
  const choice: SessionDraft = {
    prompt: '',
    agent: draft.agent ?? (await defaultAgent(options)),
    base: HEAD_BASE,
    after: [],
    argv: undefined,
    ...draft,
    permissionMode: draft.permissionMode ?? rememberedMode(context, repository),
  };
  for (;;) {
    const dependencies = [
      ...new Set([...choice.after, ...(choice.base.after === undefined ? [] : [choice.base.after])]),
    ];
    const permissionMode =
      choice.permissionMode ?? settings().agents[choice.agent]?.permissionMode ?? settings().permissionMode;
    const answer = await askForPrompt(choice.prompt, {
      agent: choice.agent,
      base: choice.base.label,
      after: dependencies.length,
      permissionMode,
    });
    choice.prompt = answer.text;
    if (answer.kind === 'prompt') {
      if (choice.agent === 'command') {
        choice.argv ??= await askForCommand();
        if (choice.argv === undefined) continue;
      }
      await context.globalState.update(LAST_AGENT_KEY, choice.agent);
      return {
        repository,
        prompt: answer.text,
        agent: choice.agent,
        base: choice.base.revision,
        includeChanges: choice.base.includeChanges,
        permissionMode,
        ...(dependencies.length === 0 ? {} : { dependsOn: dependencies }),
        ...(choice.argv === undefined ? {} : { argv: choice.argv }),
      };
    }
    await choose(options, repository, choice, answer.button).catch(options.onError);
  }
}

/** Lets a person change one part of what they ask for. */
async function choose(
  options: NewSessionOptions,
  repository: string,
  choice: SessionDraft,
  button: vscode.QuickInputButton,
): Promise<void> {
  const { context, supervisor } = options;
  if (button === AGENT_BUTTON) {
    const [agent] =
      (await chooseAgents(agentsOf(options), {
        title: 'New Session · Agent',
        placeholder: 'Which agent should work?',
        many: false,
      })) ?? [];
    choice.agent = agent ?? choice.agent;
    choice.argv = undefined;
  } else if (button === BASE_BUTTON) {
    choice.base = (await chooseBase(supervisor, repository)) ?? choice.base;
  } else if (button === AFTER_BUTTON) {
    choice.after = (await chooseDependencies(supervisor, repository, choice.after)) ?? choice.after;
  } else {
    choice.permissionMode = (await chooseMode()) ?? choice.permissionMode;
    await context.globalState.update(`${PERMISSION_MODE_KEY} ${repository}`, choice.permissionMode);
  }
}

const AGENT_BUTTON: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('robot'), tooltip: 'Choose the Agent' };
const BASE_BUTTON: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('git-branch'),
  tooltip: 'Choose the Base',
};
const AFTER_BUTTON: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('watch'),
  tooltip: 'Start After Other Sessions',
};
const MODE_BUTTON: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('shield'),
  tooltip: 'Choose What It May Do',
};

type PromptAnswer =
  { kind: 'prompt'; text: string } | { kind: 'button'; button: vscode.QuickInputButton; text: string };

async function askForPrompt(
  value: string,
  choice: { agent: string; base: string; after: number; permissionMode: PermissionMode },
): Promise<PromptAnswer> {
  const input = vscode.window.createInputBox();
  input.title = 'New Session';
  input.value = value;
  input.placeholder = 'What should the agent do?';
  const after = choice.after === 0 ? '' : ` after ${choice.after} other session${choice.after === 1 ? '' : 's'}`;
  input.prompt = `${choice.agent} from ${choice.base}${after}, ${MODE_WORDS[choice.permissionMode]}`;
  input.buttons = [AGENT_BUTTON, BASE_BUTTON, AFTER_BUTTON, MODE_BUTTON];
  input.ignoreFocusOut = true; // a prompt that took minutes to write is not lost to a click beside it
  try {
    return await new Promise((resolve, reject) => {
      input.onDidAccept(() => {
        if (input.value.trim() === '') input.validationMessage = 'Say what the agent should do.';
        else resolve({ kind: 'prompt', text: input.value });
      });
      input.onDidChangeValue(() => (input.validationMessage = undefined));
      input.onDidTriggerButton((button) => resolve({ kind: 'button', button, text: input.value }));
      input.onDidHide(() => reject(new CorralError('CANCELLED', 'No session was made.')));
      input.show();
    });
  } finally {
    input.dispose();
  }
}

/** The agent used last; else the first one that is installed; the demo only if none is. */
async function defaultAgent({ context, settings, bundles }: NewSessionOptions): Promise<string> {
  const { agents } = settings();
  const names = listAgents(agents).map(({ name }) => name);
  const last = context.globalState.get<unknown>(LAST_AGENT_KEY);
  if (typeof last === 'string' && names.includes(last)) return last;
  for (const name of names.filter((each) => each !== 'demo' && each !== 'command')) {
    if (
      await resolveAgent(name, { agents, bundles }).then(
        () => true,
        () => false,
      )
    )
      return name;
  }
  return 'demo';
}

async function chooseMode(): Promise<PermissionMode | undefined> {
  const items = PERMISSION_MODES.map((mode) => ({ label: mode, description: MODE_WORDS[mode], mode }));
  return (
    await vscode.window.showQuickPick(items, {
      title: 'New Session · Permissions',
      placeHolder: 'What may the agent do without asking?',
    })
  )?.mode;
}

/** Undefined where nothing was given. */
async function askForCommand(): Promise<string[] | undefined> {
  const line = await vscode.window.showInputBox({
    title: 'New Session · Command',
    prompt:
      'Program and arguments; quotes keep words together. The prompt goes to its standard input, or where {prompt} stands.',
    placeHolder: 'make test',
    ignoreFocusOut: true,
    validateInput: (value) =>
      parseCommandLine(value) === undefined ? 'Write a program, and close every quote.' : undefined,
  });
  return line === undefined ? undefined : parseCommandLine(line);
}

/** What is known of the agents at this moment. */
export function agentsOf({ settings, bundles, supervisor }: NewSessionOptions): DetectionOptions {
  return { agents: settings().agents, bundles, runProcess: supervisor.runProcess };
}

export function rememberedMode(context: vscode.ExtensionContext, repository: string): PermissionMode | undefined {
  const mode = context.globalState.get<unknown>(`${PERMISSION_MODE_KEY} ${repository}`);
  return PERMISSION_MODES.find((each) => each === mode);
}
