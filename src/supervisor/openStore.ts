import { messageOf } from '../common/errors';
import { isId } from '../storage/ids';
import { isOpen, isQueued } from '../storage/sessionState';
import type { CorralApi, SessionSummary } from './api';
import type { Disposable, Event } from '../common/disposable';
import { Emitter } from '../common/emitter';
import { runWithExecaOf } from '../common/processes/execaBundle';
import type { DetectionOptions } from './agents/agentDetection';
import type { RunProcess } from '../common/processes/runProcess';
import { Git } from './git/git';
import { Hosts } from './hosts/hosts';
import type { HostSummary, HostTestReport } from './hosts/hostsApi';
import type { WithheldCommand } from './lifecycle/commandConsents';
import { keepSettings } from './lifecycle/keptSettings';
import { withDefaults, type SupervisorOptions } from './options';
import { openParts, type Parts } from './parts';
import { requireWritable, sessionNotFound } from './sessions/sessionErrors';
import { SessionModel } from './sessions/sessionModel';
import { StartUp } from './startUp';
import { querySystemWith } from './system/systemQuery';

/** Opens a store with all its parts, follows what happens in it, and closes it. */
export class OpenStore implements Disposable {
  /** How this process runs programs to their end. */
  readonly runProcess: RunProcess;
  readonly git: Git;
  readonly hosts: Hosts;
  protected readonly options: Required<SupervisorOptions>;
  readonly #model: SessionModel;
  readonly #withheld: Emitter<WithheldCommand>;
  readonly #parts: Promise<Parts>;
  protected readonly startUp: StartUp;

  constructor(options: SupervisorOptions) {
    this.options = withDefaults(options);
    const { log, bundles } = this.options;
    this.runProcess = runWithExecaOf(bundles);
    querySystemWith(this.runProcess);
    this.git = new Git(this.runProcess);
    const onListenerError = (error: unknown): void => log.error(`A listener failed: ${messageOf(error)}`);
    this.#model = new SessionModel(onListenerError);
    this.#withheld = new Emitter(onListenerError);
    this.hosts = new Hosts({ ...this.options, onListenerError });
    this.#parts = openParts({
      ...this.options,
      model: this.#model,
      git: this.git,
      hosts: this.hosts,
      runProcess: this.runProcess,
      withheld: this.#withheld,
    });
    this.startUp = new StartUp(this.#parts, { ...this.options, onListenerError });
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
    return this.startUp.recovered.event;
  }

  get onDidChangeHosts(): CorralApi['onDidChangeHosts'] {
    return this.hosts.changed.event;
  }

  /** A command that the workspace names was not run, because nobody has answered for it. */
  get onDidWithholdCommand(): Event<WithheldCommand> {
    return this.#withheld.event;
  }

  /** Start-up has read so many of the sessions that changed since the last checkpoint. */
  get onDidScan(): Event<{ read: number; all: number }> {
    return this.startUp.scanned.event;
  }

  /** The sessions to begin a list with: the newest, and all that have not ended. Throws STORE_FAILED. */
  async newestSessions(): Promise<SessionSummary[]> {
    return await (await this.startUp.newest).model.list({});
  }

  /** Resolves when the list is known; sessions with an open run are `checking` at first. Throws STORE_FAILED. */
  async whenReady(): Promise<void> {
    await this.startUp.listed;
  }

  /** Resolves when every journal has been read and the fate of every open run is known. Throws STORE_FAILED. */
  async whenRecovered(): Promise<void> {
    await this.startUp.looked;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the API's
  async listHosts(): Promise<HostSummary[]> {
    return this.hosts.list();
  }

  async testHost(name: string): Promise<HostTestReport> {
    return await this.hosts.test(name);
  }

  /**
   * Keeps this window's settings for agents that start sessions in the folder's repository without a window, where a
   * person has allowed that. Throws UNTRUSTED, STORE_READ_ONLY, or as `findRepository`.
   */
  async keepSettings(folder: string): Promise<void> {
    const { consents, store } = await this.writable();
    const command = await consents.agentsIn(folder);
    if ((await consents.answer(command)) !== true) return;
    const { settings, worktreeSettings } = this.options;
    await keepSettings(store.paths, settings(), command.repository, worktreeSettings(command.repository));
  }

  /** Closes the store and the connections to runners. Runs go on. */
  async close(): Promise<void> {
    const parts = await this.#parts.catch(() => undefined); // nothing to close where it never opened
    parts?.limitWaits.dispose();
    parts?.watcher.dispose();
    parts?.remoteRuns.dispose();
    parts?.remoteSessions.dispose();
    this.hosts.dispose(); // what waits for one ends by that
    parts?.asides.dispose();
    parts?.connections.dispose();
    this.startUp.stopLooking();
    await this.startUp.settled;
    await this.startUp.untilFinished();
    await parts?.queue.close();
    await parts?.remoteRuns.mirrors.close();
    await parts?.launcher.close();
    await parts?.spares.close();
    await parts?.trashPurger.close();
    await parts?.store.close();
    this.#model.dispose();
    this.#withheld.dispose();
    this.startUp.dispose();
  }

  dispose(): void {
    this.close().catch((error: unknown) => this.options.log.error(`Closing the store: ${messageOf(error)}`));
  }

  /** For commands, which need a session that may be changed. */
  protected async changeable(id: string): Promise<Parts> {
    await this.writable();
    const parts = await this.known(id);
    await parts.repositories.refresh(id);
    // Otherwise start-up has connected to it, or will.
    if (!this.options.autoRecover)
      for (const { runId } of parts.model.facts(id).runs.filter((run) => isOpen(run) && !isQueued(run)))
        if (!parts.connections.has(runId)) await parts.watcher.check(id, runId);
    return parts;
  }

  /** Does not wait for the whole list, so that a restored timeline or a link shows an old session at once. */
  protected async known(id: string): Promise<Parts> {
    const parts = await this.startUp.newest;
    if (!isId(id)) throw sessionNotFound(id);
    const { model, store } = parts;
    // Start-up may not have come to it yet.
    const facts = model.has(id) ? undefined : await store.index.readSession(id);
    if (facts !== undefined) model.load([facts]);
    if (!model.has(id)) await store.sync(id);
    model.facts(id);
    return parts;
  }

  protected async writable(): Promise<Parts> {
    const parts = await this.startUp.listed;
    requireWritable({ isTrusted: this.options.isTrusted(), readOnly: parts.store.readOnly });
    return parts;
  }

  /** What finding and asking agents takes. */
  protected resolving(): DetectionOptions {
    const { settings, bundles } = this.options;
    return { agents: settings().agents, bundles, runProcess: this.runProcess };
  }
}
