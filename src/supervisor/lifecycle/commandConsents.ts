import type { Emitter } from '../../common/emitter';
import { listAsked, recordAsked, type AskedCommand } from '../../storage/store/askedConsents';
import { listConsents, readConsent, recordConsent, type AnsweredCommand } from '../../storage/store/consents';
import type { NamedCommand, WorktreeCommandUse } from '../../storage/namedCommand';
import { listTextsToAllow } from '../git/filters/textsToAllow';
import type { Git } from '../git/git';
import { pathToText } from '../git/pathBytes';
import { findRepository, type Repository } from '../git/repository';
import { listIncludedFiles } from '../git/worktrees/includedFiles';
import type { SessionStore } from '../sessions/sessionStore';
import type { WorktreeSettings } from '../settings';

/** A command that was not run for a session, because nobody on this machine has said anything to it. */
export interface WithheldCommand extends NamedCommand {
  sessionId: string;
}

export interface CommandConsentsOptions {
  git: Git;
  store: SessionStore;
  worktreeSettings: (repository: string) => WorktreeSettings;
  withheld: Emitter<WithheldCommand>;
}

/** Whether commands that come with a repository may run here: a person is asked once for each exact command. */
export class CommandConsents {
  readonly #options: CommandConsentsOptions;

  constructor(options: CommandConsentsOptions) {
    this.#options = options;
  }

  /** True where a person allowed exactly this command. Where nobody was asked, `withheld` tells of it. */
  async isAllowed(sessionId: string, command: NamedCommand): Promise<boolean> {
    const answer = await readConsent(this.#options.store.paths, command);
    if (answer === undefined) this.#options.withheld.fire({ ...command, sessionId });
    return answer === true;
  }

  /** The command that the workspace names for worktrees of this folder's repository; undefined where it names none. */
  async commandFor(folder: string, use: WorktreeCommandUse): Promise<NamedCommand | undefined> {
    const { mainWorktree } = await findRepository(this.#options.git, folder);
    const settings = this.#options.worktreeSettings(mainWorktree);
    const command = commandOf(settings, use);
    if (command.length === 0 || !settings.workspaceCommands.includes(use)) return undefined;
    return { repository: mainWorktree, use, command: [...command] };
  }

  /** The ignored files of this folder's repository that go to sessions on the host; undefined where there are none. */
  async includedFor(folder: string, host: string): Promise<NamedCommand | undefined> {
    const repository = await findRepository(this.#options.git, folder);
    const { worktreesInclude } = this.#options.worktreeSettings(repository.mainWorktree);
    const paths = await listIncludedFiles(repository, worktreesInclude);
    return paths.length === 0 ? undefined : includedFiles(repository, host, paths);
  }

  /** The filters of git that files of this folder's repository name, and that need consent to run. */
  async filtersFor(folder: string): Promise<NamedCommand[]> {
    const repository = await findRepository(this.#options.git, folder);
    const texts = await listTextsToAllow(repository);
    return texts.map((text) => ({ repository: repository.mainWorktree, use: 'filter', command: [text] }));
  }

  /** What a person is asked before agents start, message or stop sessions of this folder's repository. */
  async agentsIn(folder: string): Promise<NamedCommand> {
    const { mainWorktree } = await findRepository(this.#options.git, folder);
    return { repository: mainWorktree, use: 'agents', command: [] };
  }

  /** Keeps what a person said: `tree` where an agent in a session reaches only those that it started. */
  async answerForAgents({ repository }: NamedCommand, answer: 'none' | 'tree' | 'all'): Promise<void> {
    await this.record(reachOfAgents(repository), answer === 'all');
    await this.record({ repository, use: 'agents', command: [] }, answer !== 'none');
  }

  /** True where agents in sessions of the repository reach all others of it. */
  async reachesAll(repository: string): Promise<boolean> {
    const allowed = await Promise.all([
      this.answer({ repository, use: 'agents', command: [] }),
      this.answer(reachOfAgents(repository)),
    ]);
    return allowed.every((answer) => answer === true);
  }

  /** An agent met the question unanswered: windows ask it, in this name. */
  async ask(command: NamedCommand, client: string): Promise<void> {
    await recordAsked(this.#options.store.paths, command, client);
  }

  /** What agents wait for: questions that nobody has answered. */
  async asked(): Promise<AskedCommand[]> {
    const asked = await listAsked(this.#options.store.paths);
    const answers = await Promise.all(asked.map(async (command) => await this.answer(command)));
    return asked.filter((_command, index) => answers[index] === undefined);
  }

  /** Undefined where nobody has answered for exactly this command. */
  async answer(command: NamedCommand): Promise<boolean | undefined> {
    return await readConsent(this.#options.store.paths, command);
  }

  async record(command: NamedCommand, isAllowed: boolean): Promise<void> {
    await recordConsent(this.#options.store.paths, command, isAllowed);
  }

  async list(): Promise<AnsweredCommand[]> {
    return await listConsents(this.#options.store.paths);
  }
}

/** What is asked before files go to a host. `paths` are bytes. */
export function includedFiles(
  { mainWorktree }: Pick<Repository, 'mainWorktree'>,
  host: string,
  paths: readonly string[],
): NamedCommand {
  return { repository: mainWorktree, use: 'include', command: [host, ...paths.map(pathToText).sort()] };
}

function reachOfAgents(repository: string): NamedCommand {
  return { repository, use: 'agents', command: ['all'] };
}

function commandOf({ setupCommand, teardownCommand }: WorktreeSettings, use: WorktreeCommandUse): readonly string[] {
  return use === 'setup' ? setupCommand : teardownCommand;
}
