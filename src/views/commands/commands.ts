import { AsyncLocalStorage } from 'node:async_hooks';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { SessionRequest, SessionSummary } from '../../supervisor/api';
import { makeDemoRepository } from '../../supervisor/lifecycle/demoRepository';
import { initializeRepository } from '../../supervisor/git/repository';
import type { Supervisor } from '../../supervisor/supervisor';
import { showError } from '../text/errorMessages';
import { showWarningMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { COMMANDS } from '../text/contributions';
import { askForSession } from './newSession';
import type { SessionDraft } from './newSession';
import { answerOnce, askAndAnswer } from '../sessions/permissionAnswer';
import { inProgress } from '../progress';
import { processCommands } from './processCommands';
import { queueCommands } from './queueCommands';
import { chooseRepository } from '../pickers/repositoryChoice';
import { compareCommands } from './compareCommands';
import { chooseNativeSession } from '../pickers/nativeSessionChoice';
import { ReviewComments } from '../review/reviewComments';
import { reviewCommands } from './reviewCommands';
import { historyCommands } from './historyCommands';
import { chooseSession, isRunning } from '../pickers/sessionChoice';
import type { ChooseSession } from '../pickers/sessionChoice';
import { readSettings, setAgentPath, storageDirectory } from '../settings';
import { snapshotCommands } from './snapshotCommands';
import { manageWorktrees } from './worktreeManager';
import { worktreeCommands } from './worktreeCommands';
import type { EventPlace } from '../../protocol/timelineProtocol';

export interface CommandsOptions {
  context: vscode.ExtensionContext;
  supervisor: Supervisor;
  log: vscode.LogOutputChannel;
  /** The folder of the bundles. */
  bundles: string;
  showTimeline: (sessionId: string, place?: EventPlace) => void;
  /** The session whose row is selected in the tree. */
  selectedSession: () => string | undefined;
  showOverview: () => void;
  reveal: (sessionId: string) => Promise<void>;
}

const always = (): boolean => true;

/** What a command is about, as far as it got: the button that mends its failure acts on that and on nothing else. */
interface CommandContext {
  session?: SessionSummary;
  /** It was asked for and not made yet. */
  request?: SessionRequest;
  /** Where a repository was looked for and not found yet. */
  folder?: string;
}

/** Registers every command. What a command throws is shown to the person, with the button that mends it. */
export function registerCommands(options: CommandsOptions): vscode.Disposable {
  const { context, supervisor, log, bundles } = options;

  const commandContexts = new AsyncLocalStorage<CommandContext>(); // commands overlap: a person waits for none of them
  const onError = (error: unknown): void => void showError(log, 'newSession', error);
  const newSessionOptions = { context, supervisor, settings: readSettings, bundles, onError };
  const create = async (request: SessionRequest): Promise<void> => {
    const commandContext = commandContexts.getStore() ?? {};
    commandContext.request = request;
    const made = await inProgress(async () => await supervisor.createSession(request));
    delete commandContext.request;
    await options.reveal(made.id);
  };
  const startSession = async (repository: string, draft?: Partial<SessionDraft>): Promise<void> =>
    await create(await askForSession(newSessionOptions, repository, draft));
  const chooseTrusted = async (): Promise<string> => {
    requireTrust();
    const commandContext = commandContexts.getStore() ?? {};
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    if (folder !== undefined) commandContext.folder = folder;
    const repository = await chooseRepository(supervisor.git);
    delete commandContext.folder;
    return repository;
  };
  const comments = new ReviewComments(supervisor);
  const chooseAny: ChooseSession = async (argument, title, fits, none) => {
    const session = await chooseSession(supervisor, argument, title, fits, none);
    (commandContexts.getStore() ?? {}).session = session;
    return session;
  };
  const choose: ChooseSession = async (argument, title, fits, none) =>
    await chooseAny(argument, title, (each) => !each.deleted && fits(each), none);
  const chooseAsking = async (argument: unknown): Promise<SessionSummary> =>
    await choose(
      argument,
      'Answer Permission',
      (session) => session.needsInput,
      'No session asks for anything at the moment.',
    );

  const actions: Record<CommandName, (argument: unknown) => Promise<void>> = {
    newSession: async () => await startSession(await chooseTrusted()),
    tryDemo: async () => {
      requireTrust();
      const repository = await makeDemoRepository(supervisor.git, storageDirectory(context));
      await create({
        repository,
        agent: 'demo',
        prompt: 'Show me what Corral does',
        title: 'Demo: a greeting for everyone',
      });
    },
    answerPermission: async (argument) => await askAndAnswer(supervisor, await chooseAsking(argument)),
    allowPermission: async (argument) => await answerOnce(supervisor, await chooseAsking(argument), 'allow_once'),
    denyPermission: async (argument) => await answerOnce(supervisor, await chooseAsking(argument), 'reject_once'),
    openSession: () => {
      const id = options.selectedSession();
      if (id !== undefined) options.showTimeline(id);
      return Promise.resolve();
    },
    replayTimeline: async (argument) => {
      options.showTimeline((await choose(argument, 'Replay Timeline', always, 'There is no session yet.')).id);
    },
    showOverview: () => {
      options.showOverview();
      return Promise.resolve();
    },
    sendMessage: async (argument) => {
      const session = await choose(argument, 'Send Message', always, 'There is no session yet.');
      const text = await vscode.window.showInputBox({
        title: `Send Message · ${session.title}`,
        prompt: isRunning(session)
          ? 'The agent gets it at its next turn.'
          : 'Starts a new run that goes on where the last one ended.',
        ignoreFocusOut: true,
      });
      if (text !== undefined) await supervisor.sendMessage(session.id, text);
    },
    stopSession: async (argument) => {
      const session = await choose(argument, 'Stop Session', isRunning, 'No session is running.');
      await inProgress(async () => await supervisor.stop(session.id));
    },
    killSession: async (argument) => {
      const session = await choose(argument, 'Kill Session', isRunning, 'No session is running.');
      const kill = 'Kill';
      const answer = await showWarningMessage(
        `Kill “${session.title}”?`,
        {
          modal: true,
          detail: 'Its agent and everything that it started end at once. Files and history stay as they are.',
        },
        kill,
      );
      if (answer === kill) await supervisor.kill(session.id);
    },
    resumeSession: async (argument) => {
      const session = await choose(
        argument,
        'Resume Session',
        (each) => !isRunning(each),
        'Every session is running already.',
      );
      await supervisor.resume(session.id);
    },
    importSession: async () => {
      const repository = await chooseTrusted();
      const native = await chooseNativeSession(supervisor, repository);
      const made = await inProgress(async () => await (await supervisor.nativeSessions()).import(repository, native));
      await options.reveal(made.id);
      options.showTimeline(made.id);
    },
    continueInTerminal: async (argument) => {
      const fits = (each: SessionSummary): boolean => !isRunning(each) && each.nativeSessionId !== undefined;
      const session = await choose(
        argument,
        'Continue in Terminal',
        fits,
        'No session has ended that an agent could go on with.',
      );
      const { program, arguments: shellArgs, cwd, environment } = await supervisor.terminalCommand(session.id);
      const name = `${session.agent} · ${session.title}`;
      vscode.window
        .createTerminal({
          name,
          shellPath: program,
          shellArgs,
          cwd,
          env: environment,
          strictEnv: true,
          iconPath: new vscode.ThemeIcon('robot'),
        })
        .show();
    },
    renameSession: async (argument) => {
      const session = await choose(argument, 'Rename Session', always, 'There is no session yet.');
      const title = await vscode.window.showInputBox({
        title: 'Rename Session',
        value: session.title,
        validateInput: (value) => (value.trim() === '' ? 'A session needs a title.' : undefined),
      });
      if (title !== undefined) await supervisor.renameSession(session.id, title);
    },
    ...processCommands(supervisor),
    ...queueCommands(supervisor, choose),
    ...compareCommands({
      ...newSessionOptions,
      supervisor,
      choose: chooseAny,
      chooseRepository: chooseTrusted,
      create,
    }),
    ...reviewCommands({ supervisor, comments, choose: chooseAny, attempt }),
    ...snapshotCommands({ supervisor, choose: chooseAny, attempt, startSession }),
    ...worktreeCommands({ supervisor, choose: chooseAny, reveal: options.reveal, run }),
    manageWorktrees: async () => await manageWorktrees({ supervisor, run, attempt }),
    ...historyCommands({ supervisor, log, showTimeline: options.showTimeline }),
    showLog: () => {
      log.show();
      return Promise.resolve();
    },
  };

  async function run(name: CommandName, argument: unknown): Promise<void> {
    await attempt(name, async () => await actions[name](argument));
  }

  async function attempt(doing: string, action: () => Promise<void>): Promise<void> {
    const commandContext: CommandContext = { ...commandContexts.getStore() };
    try {
      await commandContexts.run(commandContext, action);
    } catch (error) {
      await showError(log, doing, error, fixesFor(error, commandContext));
    }
  }

  /** The buttons that need more than a command: they act on the session, the folder or the request that it failed for. */
  function fixesFor(
    error: unknown,
    { session, request, folder }: CommandContext,
  ): { label: string; run: () => Promise<void> }[] {
    const code = error instanceof CorralError ? error.code : undefined;
    if (code === 'WORKTREE_MISSING' && session !== undefined)
      return [{ label: 'Restore Worktree', run: async () => await run('restoreWorktree', session.id) }];
    if ((code === 'NO_REPOSITORY' || code === 'NO_COMMIT') && folder !== undefined) {
      const label = code === 'NO_REPOSITORY' ? 'Initialize Repository' : 'Make First Commit';
      return [{ label, run: async () => await initializeAndGoOn(folder) }];
    }
    if (request === undefined) return [];
    if (code === 'AGENT_NOT_FOUND') return [{ label: 'Set Path', run: async () => await setPathAndGoOn(request) }];
    // One of several that are compared is not asked for by itself.
    return request.group === undefined
      ? [{ label: 'Edit and Try Again', run: async () => await editAndGoOn(request) }]
      : [];
  }

  async function editAndGoOn(request: SessionRequest): Promise<void> {
    const {
      repository,
      prompt,
      agent,
      base = 'HEAD',
      includeChanges = false,
      dependsOn = [],
      permissionMode,
      argv,
    } = request;
    await attempt('newSession', async () => {
      await startSession(repository, {
        prompt,
        agent,
        base: { label: base, revision: base, includeChanges },
        after: dependsOn,
        permissionMode,
        argv,
      });
    });
  }

  async function initializeAndGoOn(folder: string): Promise<void> {
    await attempt('initializeRepository', async () => {
      await initializeRepository(supervisor.git, folder);
      await actions.newSession(undefined);
    });
  }

  async function setPathAndGoOn(request: SessionRequest): Promise<void> {
    const [file] =
      (await vscode.window.showOpenDialog({
        title: `The Program of ${request.agent}`,
        openLabel: 'Use This Program',
      })) ?? [];
    if (file === undefined) return;
    await attempt('newSession', async () => {
      await setAgentPath(request.agent, file.fsPath);
      await create(request);
    });
  }

  return vscode.Disposable.from(
    comments,
    ...(Object.keys(COMMANDS) as CommandName[]).map((name) =>
      vscode.commands.registerCommand(COMMANDS[name], async (argument: unknown) => await run(name, argument)),
    ),
  );
}

function requireTrust(): void {
  if (!vscode.workspace.isTrusted)
    throw new CorralError('UNTRUSTED', 'This workspace is in Restricted Mode, so Corral starts nothing in it.');
}
