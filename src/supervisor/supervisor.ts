import * as l10n from '@vscode/l10n';
import { CorralError } from '../storage/errors';
import { messageOf } from '../common/errors';
import type { SessionEvent } from '../storage/events';
import { isId } from '../storage/ids';
import type { ConversationEntry } from '../storage/timelineQueries';
import type { CorralApi, GoneQuestion, HistoryPage, PermissionAnswer, SessionRequest, SessionSummary } from './api';
import type { Disposable, Event } from '../common/disposable';
import { Emitter } from '../common/emitter';
import { runWithExecaOf } from '../common/processes/execaBundle';
import type { RunProcess } from '../common/processes/runProcess';
import { Git } from './git/git';
import type { HistoryArchive, HistorySearchQuery } from './history/historyArchive';
import { readHistoryPage, type HistoryPageQuery } from './history/historyPage';
import type { ExportFormat } from './history/sessionExport';
import { SessionTimeline } from './history/sessionTimeline';
import type { NativeSessions } from './imports/nativeSessions';
import type { CommandConsents, WithheldCommand } from './lifecycle/commandConsents';
import { listingOf } from './lifecycle/listing';
import type { WorktreeControl } from './lifecycle/worktreeControl';
import type { WorktreeInventory } from './lifecycle/worktreeInventory';
import { withDefaults, type SupervisorOptions } from './options';
import { openParts, type Parts } from './parts';
import type { RunProcesses } from './runs/runProcesses';
import type { TerminalCommand } from './runs/terminalCommand';
import { requirePrompt, requireWritable, sessionNotFound } from './sessions/sessionErrors';
import { SessionModel } from './sessions/sessionModel';
import { StartUp } from './startUp';
import { publishOnce } from '../storage/journal/publishedFile';
import { querySystemWith } from './system/systemQuery';

/** Corral without VS Code: everything that can be done with the sessions of one store. Any number may share a store. */
export class Supervisor implements CorralApi, Disposable {
  readonly version = 1;
  /** How this process runs programs to their end. */
  readonly runProcess: RunProcess;
  readonly git: Git;
  readonly #options: Required<SupervisorOptions>;
  readonly #model: SessionModel;
  readonly #withheld: Emitter<WithheldCommand>;
  readonly #parts: Promise<Parts>;
  readonly #startUp: StartUp;

  constructor(options: SupervisorOptions) {
    this.#options = withDefaults(options);
    const { log, bundles } = this.#options;
    this.runProcess = runWithExecaOf(bundles);
    querySystemWith(this.runProcess);
    this.git = new Git(this.runProcess);
    const onListenerError = (error: unknown): void => log.error(`A listener failed: ${messageOf(error)}`);
    this.#model = new SessionModel(onListenerError);
    this.#withheld = new Emitter(onListenerError);
    this.#parts = openParts({
      ...this.#options,
      model: this.#model,
      git: this.git,
      runProcess: this.runProcess,
      withheld: this.#withheld,
    });
    this.#startUp = new StartUp(this.#parts, { ...this.#options, onListenerError });
  }

  get onDidChangeSessions(): CorralApi['onDidChangeSessions'] {
    return this.#model.changed.event;
  }
  get onDidStartRun(): CorralApi['onDidStartRun'] {
    return this.#model.runStarted.event;
  }
  get onDidAppendEvents(): CorralApi['onDidAppendEvents'] {
    return this.#model.eventsAppended.event;
  }
  get onDidEndRun(): CorralApi['onDidEndRun'] {
    return this.#model.runEnded.event;
  }
  get onDidCompleteRecovery(): CorralApi['onDidCompleteRecovery'] {
    return this.#startUp.recovered.event;
  }

  /** A command that the workspace names was not run, because nobody has answered for it. */
  get onDidWithholdCommand(): Event<WithheldCommand> {
    return this.#withheld.event;
  }

  /** Start-up has read so many of the sessions that changed since the last checkpoint. */
  get onDidScan(): Event<{ read: number; all: number }> {
    return this.#startUp.scanned.event;
  }

  /** Resolves when the list is known; sessions with an open run are `checking` at first. Throws STORE_FAILED. */
  async whenReady(): Promise<void> {
    await this.#startUp.listed;
  }

  /** Resolves when every journal has been read and the fate of every open run is known. Throws STORE_FAILED. */
  async whenRecovered(): Promise<void> {
    await this.#startUp.complete;
  }

  async createSession(request: SessionRequest): Promise<SessionSummary> {
    requirePrompt(request.prompt);
    const { creator, runControl, model } = await this.#writable();
    const id = await creator.create(request, async (sessionId) => await runControl.enqueue(sessionId, request.prompt));
    await creator.startOrDiscard(id, async () => await runControl.startQueued(id));
    return model.summary(id);
  }

  async listSessions(filter: { repository?: string; archived?: boolean } = {}): Promise<SessionSummary[]> {
    return (await this.#startUp.listed).model.list(await listingOf(filter));
  }

  async getSession(id: string): Promise<SessionSummary> {
    return (await this.#known(id)).model.summary(id);
  }

  async listSessionHistory(id: string, query: HistoryPageQuery = {}): Promise<HistoryPage> {
    const { store } = await this.#known(id);
    return await readHistoryPage(store.index, id, query);
  }

  /** The recorded events of the session. Throws SESSION_NOT_FOUND. */
  async timeline(id: string): Promise<SessionTimeline> {
    return new SessionTimeline((await this.#known(id)).store, id);
  }

  async *searchHistory(
    text: string,
    query: HistorySearchQuery = {},
  ): AsyncGenerator<{ sessionId: string; event: SessionEvent }> {
    yield* (await this.archive()).search(text, query);
  }

  async exportSession(id: string, format: ExportFormat, target: string): Promise<void> {
    await (await this.#known(id)).archive.export(id, format, target);
  }

  /** Erases everything that was recorded of a deleted session. Throws RUNNING, or CONFLICT where it is not deleted. */
  async eraseHistory(id: string): Promise<void> {
    await (await this.#changeable(id)).archive.erase(id);
  }

  /** Everything that was recorded, for checking, measuring and searching. */
  async archive(): Promise<HistoryArchive> {
    return (await this.#startUp.read).archive;
  }

  /** The processes that run for sessions now. */
  async processes(): Promise<RunProcesses> {
    return (await this.#startUp.listed).processes;
  }

  async getConversation(id: string): Promise<ConversationEntry[]> {
    return await (await this.#known(id)).store.index.query(id, 'conversation', {});
  }

  async getAgentSession(id: string): Promise<{ nativeSessionId: string; backendType: string }> {
    return await (await this.#known(id)).store.agentSession(id);
  }

  async sendMessage(id: string, text: string): Promise<void> {
    requirePrompt(text);
    await (await this.#changeable(id)).runControl.send(id, text);
  }

  async answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    await (await this.#changeable(id)).runControl.answerPermission(id, requestId, answer);
  }

  /** True in the one window that shows the notification of a permission request. */
  async claimNotification(id: string, runId: string, requestId: string): Promise<boolean> {
    const { store } = await this.#known(id);
    return await publishOnce(store.paths.session(id).run(runId).notificationClaim(requestId), '');
  }

  async interrupt(id: string): Promise<void> {
    await (await this.#changeable(id)).runControl.interrupt(id);
  }

  async stop(id: string): Promise<void> {
    await (await this.#changeable(id)).runControl.stop(id);
  }

  async kill(id: string): Promise<void> {
    await (await this.#changeable(id)).runControl.kill(id);
  }

  async markAsGone(id: string): Promise<void> {
    await (await this.#changeable(id)).gone.mark(id);
  }

  /** What a person can say to be gone of this session; undefined where there is nothing. */
  async goneQuestion(id: string): Promise<GoneQuestion | undefined> {
    return await (await this.#known(id)).gone.question(id);
  }

  async resume(id: string, text?: string): Promise<void> {
    await (await this.#changeable(id)).runControl.resume(id, text);
  }

  async terminalCommand(id: string): Promise<TerminalCommand> {
    return await (await this.#changeable(id)).runControl.terminalCommand(id);
  }

  async startNow(id: string): Promise<void> {
    await (await this.#changeable(id)).queue.startNow(id);
  }

  async moveInQueue(id: string, position: number): Promise<void> {
    await (await this.#changeable(id)).queue.move(id, position);
  }

  async setDependencies(id: string, dependsOn: string[]): Promise<void> {
    await (await this.#changeable(id)).queue.setDependencies(id, dependsOn);
  }

  async renameSession(id: string, title: string): Promise<void> {
    if (title.trim() === '') throw new CorralError('INVALID_ARGUMENT', l10n.t('Type a title for the session.'));
    const { store } = await this.#writable();
    await store.append(id, () => ({ kind: 'renamed', data: { title: title.trim() } }));
  }

  async archiveSession(id: string, archived: boolean): Promise<void> {
    await (await this.worktree(id)).archive(archived);
  }

  async deleteSession(id: string): Promise<void> {
    await (await this.worktree(id)).delete();
  }

  async undoDelete(id: string): Promise<void> {
    await (await this.worktree(id)).undoDelete();
  }

  async restoreWorktree(id: string): Promise<void> {
    await (await this.worktree(id)).restore();
  }

  /** For commands on this session's worktree. Throws SESSION_NOT_FOUND, UNTRUSTED, STORE_READ_ONLY. */
  async worktree(id: string): Promise<WorktreeControl> {
    return (await this.#changeable(id)).worktree(id);
  }

  /** All worktrees of the store, once interrupted operations had time to finish. Throws UNTRUSTED, STORE_READ_ONLY. */
  async inventory(): Promise<WorktreeInventory> {
    const { inventory } = await this.#writable();
    await this.#startUp.completeOrLate();
    return inventory;
  }

  /** What people said to commands that workspaces name. Throws UNTRUSTED, STORE_READ_ONLY. */
  async consents(): Promise<CommandConsents> {
    return (await this.#writable()).consents;
  }

  /** Sessions that agents had without Corral. Throws UNTRUSTED, STORE_READ_ONLY. */
  async nativeSessions(): Promise<NativeSessions> {
    return (await this.#writable()).nativeSessions;
  }

  /** Closes the store and the connections to runners. Runs go on. */
  async close(): Promise<void> {
    const parts = await this.#parts.catch(() => undefined); // nothing to close where it never opened
    parts?.watcher.dispose();
    parts?.connections.dispose();
    await this.#startUp.settled;
    await parts?.queue.close();
    await parts?.trashPurger.close();
    await parts?.store.close();
    this.#model.dispose();
    this.#withheld.dispose();
    this.#startUp.dispose();
  }

  dispose(): void {
    this.close().catch((error: unknown) => this.#options.log.error(`Closing the store: ${messageOf(error)}`));
  }

  /** For commands, which need a session that may be changed. */
  async #changeable(id: string): Promise<Parts> {
    await this.#writable();
    const parts = await this.#known(id);
    await parts.repositories.refresh(id);
    return parts;
  }

  async #known(id: string): Promise<Parts> {
    const parts = await this.#startUp.listed;
    if (!isId(id)) throw sessionNotFound(id);
    const { model, store } = parts;
    if (!model.has(id)) await store.sync(id); // start-up may not have read it yet
    model.facts(id);
    return parts;
  }

  async #writable(): Promise<Parts> {
    const parts = await this.#startUp.listed;
    requireWritable({ isTrusted: this.#options.isTrusted(), readOnly: parts.store.readOnly });
    return parts;
  }
}
