import { CorralError } from '../storage/errors';
import { messageOf } from '../common/errors';
import type { SessionEvent } from '../storage/events';
import { isId, newId } from '../storage/ids';
import type { SessionRecordData } from '../storage/sessionRecords';
import type {
  ConversationEntry,
  DensityCount,
  DensityQuery,
  Facets,
  FindQuery,
  FoundEvents,
} from '../storage/database/storeIndex';
import type { CorralApi, HistoryPage, PermissionAnswer, SessionRequest, SessionSummary } from './api';
import type { Disposable, Event } from '../common/disposable';
import { pathOf } from '../common/folderPath';
import { Git } from './git/git';
import type { HistorySearchQuery } from './history/historyArchive';
import { HistoryArchive } from './history/historyArchive';
import type { HistoryPageQuery } from './history/historyPage';
import { HISTORY_PAGE_LIMIT, readHistoryPage } from './history/historyPage';
import { NativeSessions } from './imports/nativeSessions';
import { publishOnce } from './system/publishedFile';
import { Queue } from './runs/queue';
import { resolveRun } from './runs/recovery';
import { RunControl } from './runs/runControl';
import { RunnerConnections } from './runs/runnerConnections';
import { RunProcesses } from './runs/runProcesses';
import { RunWatcher } from './runs/runWatcher';
import { createSession } from './lifecycle/sessionCreation';
import type { ExportFormat } from './history/sessionExport';
import { SessionModel } from './sessions/sessionModel';
import { SessionStore } from './sessions/sessionStore';
import type { SupervisorSettings } from './settings';
import type { Log } from '../common/log';
import { DEFAULT_SETTINGS } from './settings';
import { StartUp } from './startUp';
import type { TerminalCommand } from './runs/terminalCommand';
import { WorktreeControl } from './lifecycle/worktreeControl';
import { WorktreeInventory } from './lifecycle/worktreeInventory';

/** What a crash in between costs is reading so much of the journals again. */
const CHECKPOINT_EVERY_MS = 30_000;

export interface SupervisorOptions {
  /** The store's root; made where it is not there. */
  storageDirectory: string;
  /** Look after runs that other windows or earlier lives left open. Default true. */
  autoRecover?: boolean;
  /** The folder of Corral's bundles (`runner.js`, `storeWorker.js`, …). Default: where this code lies. */
  bundles?: string;
  settings?: () => SupervisorSettings;
  /** How long the index may lie behind on disk; only the time of the next start depends on it. */
  checkpointEveryMs?: number;
  /** False refuses everything that would start a program. Default true. */
  isTrusted?: () => boolean;
  log?: Log;
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Corral without VS Code: sessions from their first word to their last, over one store. Any number may share it. */
export class Supervisor implements CorralApi, Disposable {
  readonly version = 1;
  readonly git = new Git();
  /** What agents did without Corral. */
  readonly nativeSessions: NativeSessions;
  readonly #options: Required<SupervisorOptions>;
  readonly #model: SessionModel;
  readonly #connections: RunnerConnections;
  readonly #watcher: RunWatcher;
  readonly #store: Promise<SessionStore>;
  readonly #queue: Promise<Queue>;
  readonly #runControl: Promise<RunControl>;
  readonly #worktreeControl: Promise<WorktreeControl>;
  readonly #archive: Promise<HistoryArchive>;
  readonly #startUp: StartUp;

  constructor(options: SupervisorOptions) {
    this.#options = {
      autoRecover: true,
      checkpointEveryMs: CHECKPOINT_EVERY_MS,
      bundles: __dirname,
      settings: () => DEFAULT_SETTINGS,
      isTrusted: () => true,
      log: SILENT,
      ...options,
    };
    const { log, bundles, settings, storageDirectory, checkpointEveryMs } = this.#options;
    const onListenerError = (error: unknown): void => {
      log.error(`A listener failed: ${messageOf(error)}`);
    };
    this.#model = new SessionModel(onListenerError);
    this.#store = SessionStore.open({
      storageDirectory,
      checkpointEveryMs,
      bundles,
      log,
      onSynced: (sessionId, result) => {
        this.#model.apply(sessionId, result);
      },
    });
    this.#connections = new RunnerConnections({
      log,
      onGrowth: (sessionId) =>
        void this.#store.then((store) => {
          store.markChanged(sessionId);
        }),
      onPause: (sessionId, pause) => {
        this.#model.setPaused(sessionId, pause);
      },
      onClosed: (sessionId, runId) => void this.#watcher.look(sessionId, runId),
    });
    this.#watcher = new RunWatcher({
      model: this.#model,
      log,
      resolve: async (sessionId, runId) =>
        await resolveRun({ store: await this.#store, connections: this.#connections, log, settings }, sessionId, runId),
    });
    const runs = { bundles, settings, model: this.#model, connections: this.#connections, watcher: this.#watcher };
    this.#queue = this.#store.then(
      (store) => new Queue({ ...runs, store, git: this.git, isTrusted: this.#options.isTrusted, log }),
    );
    this.#queue.catch(() => undefined); // whoever asks for it hears of it
    this.#runControl = this.#queue.then(async (queue) => new RunControl({ ...runs, queue, store: await this.#store }));
    this.#runControl.catch(() => undefined);
    this.#worktreeControl = this.#runControl.then(
      async (runControl) =>
        new WorktreeControl({ git: this.git, store: await this.#store, model: this.#model, runControl, settings, log }),
    );
    this.#worktreeControl.catch(() => undefined);
    this.nativeSessions = new NativeSessions({
      git: this.git,
      model: this.#model,
      store: async () => await this.#writable(),
      resolving: () => ({ agents: settings().agents, bundles }),
      create: async (...parameters) => await this.#create(...parameters),
    });
    this.#archive = this.#store.then((store) => new HistoryArchive({ store, model: this.#model, git: this.git }));
    this.#archive.catch(() => undefined);
    this.#startUp = new StartUp({
      ...this.#options,
      store: this.#store,
      archive: this.#archive,
      model: this.#model,
      connections: this.#connections,
      watcher: this.#watcher,
      git: this.git,
      onListenerError,
    });
    this.#startUp.read.then(
      async () => (await this.#queue).begin(),
      () => undefined, // start-up says it
    );
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

  /** Start-up has read the journals of so many of the sessions that changed while nobody here looked. */
  get onDidScan(): Event<{ read: number; all: number }> {
    return this.#startUp.scanned.event;
  }

  /** Resolves when the list of sessions is known (where the index is gone: the first of them; unresolved ones are `checking`). Throws STORE_FAILED. */
  async whenReady(): Promise<void> {
    await this.#startUp.listed;
  }

  /** Resolves when every journal was read on to its end and every open run's fate is known. Throws STORE_FAILED. */
  async whenRecovered(): Promise<void> {
    await this.#startUp.complete;
  }

  async createSession(request: SessionRequest): Promise<SessionSummary> {
    if (request.prompt.trim() === '') throw new CorralError('EMPTY_PROMPT', 'Say what the agent should do.');
    const control = await this.#runControl;
    const { id } = await this.#create(request, async (sessionId) => await control.queue(sessionId, request.prompt));
    await control.begin(id);
    return this.#model.summary(id);
  }

  /** `queue` gives the session its first run. */
  async #create(
    request: SessionRequest,
    queue: (sessionId: string) => Promise<void>,
    imported?: SessionRecordData<'created'>['imported'],
  ): Promise<SessionSummary> {
    const store = await this.#writable();
    const sessionId = newId();
    const { bundles, settings } = this.#options;
    const takenPorts = (): Set<number> => new Set(this.#model.ids().flatMap((id) => this.#model.facts(id).port ?? []));
    const options = { git: this.git, store, bundles, settings, takenPorts, queue: async () => await queue(sessionId) };
    await createSession(options, sessionId, { ...request, repository: pathOf(request.repository) }, imported);
    return this.#model.summary(sessionId);
  }

  async listSessions(filter: { repository?: string; archived?: boolean } = {}): Promise<SessionSummary[]> {
    await this.#startUp.listed;
    const repository = filter.repository === undefined ? undefined : pathOf(filter.repository);
    return this.#model
      .summaries()
      .filter(
        (session) =>
          repository === undefined || session.repository === repository || session.worktreePath === repository,
      )
      .filter((session) => filter.archived === undefined || session.archived === filter.archived)
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  }

  async getSession(id: string): Promise<SessionSummary> {
    await this.#known(id);
    return this.#model.summary(id);
  }

  async listSessionHistory(id: string, query: HistoryPageQuery = {}): Promise<HistoryPage> {
    const { index } = await this.#known(id);
    return await readHistoryPage(index, id, query);
  }

  /** Has the session's history ready to be asked for any part of it, see `StoreIndex.catchUp`, and tells its new events without delay until `signal` is aborted. */
  async follow(id: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void> {
    const store = await this.#known(id);
    store.watch(id, options.signal);
    await store.index.catchUp(id, options);
  }

  /** Events of one run from `fromSeq` on, in order: any moment of a run is one key look-up away. */
  async runEvents(id: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]> {
    return await (await this.#known(id)).index.runEvents(id, runId, fromSeq, Math.min(limit, HISTORY_PAGE_LIMIT));
  }

  /** Where in a part of a run something is: a text, a failure, kinds of events. */
  async findEvents(id: string, query: FindQuery): Promise<FoundEvents> {
    return await (await this.#known(id)).index.findEvents(id, query);
  }

  /** The most used tools and files of a part of a run. */
  async facets(id: string, part: { runId: string; fromSeq: number; toSeq: number }): Promise<Facets> {
    return await (await this.#known(id)).index.facets(id, part);
  }

  /** How many events of each kind there are in each stretch of time of a part of a run. */
  async density(id: string, query: DensityQuery): Promise<DensityCount[]> {
    return await (await this.#known(id)).index.density(id, query);
  }

  /** A field of an event as text, whole, also where the event holds only a preview of it. */
  async readPayload(id: string, runId: string, seq: number, field: string): Promise<string> {
    return await (await this.#known(id)).readPayload(id, runId, seq, field);
  }

  searchHistory(
    text: string,
    query: HistorySearchQuery = {},
  ): AsyncIterable<{ sessionId: string; event: SessionEvent }> {
    const archive = this.archive();
    archive.catch(() => undefined); // whoever reads hears of it
    return (async function* () {
      yield* (await archive).search(text, query);
    })();
  }

  async exportSession(id: string, format: ExportFormat, target: string): Promise<void> {
    await this.#known(id);
    await (await this.#archive).export(id, format, target);
  }

  /** Removes what was recorded of a deleted session, for good. Throws RUNNING or CONFLICT where the session is not deleted. */
  async eraseHistory(id: string): Promise<void> {
    await this.#writable();
    await this.#known(id);
    await (await this.#archive).erase(id);
  }

  /** Everything recorded, to be checked and measured. */
  async archive(): Promise<HistoryArchive> {
    await this.#startUp.read;
    return await this.#archive;
  }

  /** What runs for the sessions at this moment. */
  async processes(): Promise<RunProcesses> {
    await this.#startUp.listed;
    return new RunProcesses(await this.#store, this.#model);
  }

  async getConversation(id: string): Promise<ConversationEntry[]> {
    return await (await this.#known(id)).index.conversation(id);
  }

  async getAgentSession(id: string): Promise<{ nativeSessionId: string; backendType: string }> {
    const { index } = await this.#known(id);
    const found = await index.agentSession(id);
    if (found === undefined)
      throw new CorralError('AGENT_SESSION_NOT_FOUND', 'The agent has not told the id of its own session yet.');
    return found;
  }

  async sendMessage(id: string, text: string): Promise<void> {
    if (text.trim() === '') throw new CorralError('EMPTY_PROMPT', 'Say what the agent should do.');
    await (await this.#control(id)).send(id, text);
  }

  async answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    await (await this.#control(id)).answerPermission(id, requestId, answer);
  }

  /** True for the one window that is to tell people of a question; false where another one does. */
  async claimNotification(id: string, runId: string, requestId: string): Promise<boolean> {
    const { paths } = await this.#known(id);
    return await publishOnce(paths.session(id).run(runId).notificationClaim(requestId), '');
  }

  async interrupt(id: string): Promise<void> {
    await (await this.#control(id)).interrupt(id);
  }

  async stop(id: string): Promise<void> {
    await (await this.#control(id)).stop(id);
  }

  async kill(id: string): Promise<void> {
    await (await this.#control(id)).kill(id);
  }

  async resume(id: string, text?: string): Promise<void> {
    await (await this.#control(id)).resume(id, text);
  }

  async terminalCommand(id: string): Promise<TerminalCommand> {
    return await (await this.#control(id)).terminalCommand(id);
  }

  async startNow(id: string): Promise<void> {
    await (await this.#queueWith(id)).startNow(id);
  }

  async moveInQueue(id: string, position: number): Promise<void> {
    await (await this.#queueWith(id)).move(id, position);
  }

  async setDependencies(id: string, dependsOn: string[]): Promise<void> {
    await (await this.#queueWith(id)).setDependencies(id, dependsOn);
  }

  async renameSession(id: string, title: string): Promise<void> {
    if (title.trim() === '') throw new CorralError('INVALID_ARGUMENT', 'A session needs a title.');
    const store = await this.#writable();
    await store.append(id, () => ({ kind: 'renamed', data: { title: title.trim() } }));
  }

  async archiveSession(id: string, archived: boolean): Promise<void> {
    await (await this.worktrees(id)).archive(id, archived);
  }

  async deleteSession(id: string): Promise<void> {
    await (await this.worktrees(id)).delete(id);
  }

  async undoDelete(id: string): Promise<void> {
    await (await this.worktrees(id)).undoDelete(id);
  }

  async restoreWorktree(id: string): Promise<void> {
    await (await this.worktrees(id)).restore(id);
  }

  /** For commands on the worktree of this session. Throws SESSION_NOT_FOUND, UNTRUSTED, STORE_READ_ONLY. */
  async worktrees(id: string): Promise<WorktreeControl> {
    await this.#control(id);
    return await this.#worktreeControl;
  }

  /** The folders of all sessions on the disk, once start-up has finished what was begun on them. Throws UNTRUSTED, STORE_READ_ONLY. */
  async inventory(): Promise<WorktreeInventory> {
    const store = await this.#writable();
    await this.#startUp.complete;
    const { settings, log } = this.#options;
    return new WorktreeInventory({ git: this.git, store, model: this.#model, settings, log });
  }

  /** Ends what this window holds; runs go on. */
  async close(): Promise<void> {
    this.#watcher.dispose();
    this.#connections.dispose();
    const store = await this.#store.catch(() => undefined);
    await this.#startUp.complete.catch(() => undefined);
    await (await this.#queue.catch(() => undefined))?.close();
    await (await this.#worktreeControl.catch(() => undefined))?.close();
    await store?.close();
    this.#model.dispose();
    this.#startUp.dispose();
  }

  dispose(): void {
    this.close().catch((error: unknown) => this.#options.log.error(`Closing the store: ${messageOf(error)}`));
  }

  /** For commands: the session is known, and may be changed. */
  async #control(id: string): Promise<RunControl> {
    await this.#writable();
    await this.#known(id);
    return await this.#runControl;
  }

  async #queueWith(id: string): Promise<Queue> {
    await this.#control(id);
    return await this.#queue;
  }

  async #known(id: string): Promise<SessionStore> {
    await this.#startUp.listed;
    if (!isId(id)) throw new CorralError('SESSION_NOT_FOUND', 'There is no such session.');
    const store = await this.#store;
    if (!this.#model.has(id)) await store.sync(id); // start-up may not have come to it yet
    this.#model.facts(id);
    return store;
  }

  async #writable(): Promise<SessionStore> {
    await this.#startUp.listed;
    if (!this.#options.isTrusted())
      throw new CorralError('UNTRUSTED', 'This workspace is not trusted, so nothing is started in it.');
    const store = await this.#store;
    if (store.readOnly)
      throw new CorralError(
        'STORE_READ_ONLY',
        'These sessions were written by a newer version of Corral. Update the extension to change them.',
      );
    return store;
  }
}
