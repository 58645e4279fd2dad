import { join } from 'node:path';
import { URI } from 'vscode-uri';
import { openStoreIndex } from '../storage/database/databaseClient';
import { CorralError, messageOf } from '../storage/errors';
import { EVENT_KINDS } from '../storage/events';
import type { SessionEvent } from '../storage/events';
import { isId, newId } from '../storage/ids';
import type { StorePaths } from '../storage/paths';
import type { RunFacts, SessionFacts } from '../storage/sessionFacts';
import { currentRun, isOpen } from '../storage/sessionFacts';
import type { DraftSessionRecord } from '../storage/sessionRecords';
import { openStore, ringDoorbell } from '../storage/store';
import type { ConversationEntry, StoreIndex } from '../storage/storeIndex';
import type { CorralApi, Disposable, HistoryPage, RecoveryReport, SessionRequest, SessionSummary } from './api';
import { createSession } from './sessionCreation';
import { Emitter } from './emitter';
import { Follower } from './follower';
import { Git } from './git/git';
import { killRun } from './killing';
import { mapLimited } from './mapLimited';
import { resolveRun } from './recovery';
import { RunLinks } from './runLinks';
import { startRun } from './runStarter';
import { RunWatcher } from './runWatcher';
import { appendSessionRecord } from './sessionJournal';
import { SessionModel } from './sessionModel';
import type { SessionRemovalOptions } from './sessionRemoval';
import { deleteWorktree, undoDelete } from './sessionRemoval';
import type { Log, SupervisorSettings } from './settings';
import { DEFAULT_SETTINGS } from './settings';
import { nativeSession } from './summary';
import { finishWork, isUnfinished } from './unfinishedWork';
import { withWorktreeLock } from './worktreeLock';

/** Sessions looked at side by side at start-up; more would only make the disk seek. */
const START_UP_PARALLEL = 4;
/** Beyond the polite wait: the time that signals, the last output and the journal may take on a busy machine. */
const END_LIMIT_MS = 60_000;
const HISTORY_PAGE_LIMIT = 1_000;

export interface SupervisorOptions {
  /** The store's root; made where it is not there. */
  storageDirectory: string;
  /** Look after runs that other windows or earlier lives left open. Default true. */
  autoRecover?: boolean;
  /** The folder of Corral's bundles (`runner.js`, `storeWorker.js`, …). Default: where this code lies. */
  bundles?: string;
  settings?: () => SupervisorSettings;
  /** False refuses everything that would start a program. Default true. */
  isTrusted?: () => boolean;
  log?: Log;
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Opened {
  paths: StorePaths;
  storeId: string;
  readOnly: boolean;
  index: StoreIndex;
  follower: Follower;
}

/** Corral without VS Code: sessions from their first word to their last, over one store. Any number may share it. */
export class Supervisor implements CorralApi, Disposable {
  readonly version = 1;
  readonly git = new Git();
  readonly #options: Required<SupervisorOptions>;
  readonly #model: SessionModel;
  readonly #links: RunLinks;
  readonly #watcher: RunWatcher;
  readonly #recovered: Emitter<RecoveryReport>;
  readonly #opened: Promise<Opened>;
  readonly #ready: Promise<void>;
  readonly #recovery: Promise<void>;
  #follower: Follower | undefined;
  /** From the end of start-up on: before it, start-up itself looks after open runs, a few at a time. */
  #isWatching = false;

  constructor(options: SupervisorOptions) {
    this.#options = { autoRecover: true, bundles: __dirname, settings: () => DEFAULT_SETTINGS, isTrusted: () => true, log: SILENT, ...options };
    const { log } = this.#options;
    const onListenerError = (error: unknown): void => log.error(`A listener failed: ${messageOf(error)}`);
    this.#model = new SessionModel(onListenerError);
    this.#recovered = new Emitter(onListenerError);
    this.#links = new RunLinks({
      log,
      onGrowth: (sessionId) => this.#follower?.notice(sessionId),
      onClosed: (sessionId, runId) => void this.#watcher.look(sessionId, runId),
    });
    this.#watcher = new RunWatcher({ model: this.#model, log, resolve: async (sessionId, runId) => await this.#resolve(sessionId, runId) });
    this.#model.changed.event(({ sessionIds }) => sessionIds.forEach((id) => this.#watchOpenRuns(id)));
    this.#opened = this.#open();
    const loaded = this.#opened.then(async ({ index }) => this.#model.load(await index.listSessions()));
    const scanned = loaded.then(async () => await this.#scan());
    // A list that is empty because its index is gone is not shown before the journals were looked at.
    this.#ready = loaded.then(async () => (this.#model.ids().length === 0 ? await scanned : undefined));
    this.#recovery = scanned.then(async () => await this.#recover());
    this.#recovery.catch((error: unknown) => log.error(`Start-up: ${messageOf(error)}`));
    this.#ready.catch(() => undefined); // every method that waits for it hears of it
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
    return this.#recovered.event;
  }

  /** Resolves when the list of sessions is known (unresolved ones are `checking`). Throws STORE_FAILED. */
  async whenReady(): Promise<void> {
    await this.#ready;
  }

  async createSession(request: SessionRequest): Promise<SessionSummary> {
    if (request.prompt.trim() === '') throw new CorralError('EMPTY_PROMPT', 'Say what the agent should do.');
    const { paths, storeId } = await this.#writable();
    const sessionId = newId();
    await createSession(
      {
        git: this.git,
        paths,
        storeId,
        bundles: this.#options.bundles,
        settings: this.#options.settings,
        append: async (draft) => await this.#appendFirst(sessionId, draft),
        start: async () => await this.#start(sessionId, request.prompt, undefined),
      },
      sessionId,
      { ...request, repository: pathOf(request.repository) },
    );
    return this.#model.summary(sessionId);
  }

  async listSessions(filter: { repository?: string; archived?: boolean } = {}): Promise<SessionSummary[]> {
    await this.#ready;
    const repository = filter.repository === undefined ? undefined : pathOf(filter.repository);
    return this.#model
      .summaries()
      .filter((session) => repository === undefined || session.repository === repository || session.worktreePath === repository)
      .filter((session) => filter.archived === undefined || session.archived === filter.archived)
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  }

  async getSession(id: string): Promise<SessionSummary> {
    await this.#ready;
    return this.#model.summary(id);
  }

  async listSessionHistory(id: string, query: { runId?: string; after?: string; limit?: number; kinds?: string[] } = {}): Promise<HistoryPage> {
    const { index } = await this.#known(id);
    const limit = query.limit ?? 200;
    if (!Number.isInteger(limit) || limit < 1 || limit > HISTORY_PAGE_LIMIT)
      throw new CorralError('INVALID_ARGUMENT', `A page holds 1 to ${HISTORY_PAGE_LIMIT} events.`);
    const afterId = query.after === undefined ? undefined : Number(query.after);
    if (afterId !== undefined && !Number.isSafeInteger(afterId)) throw new CorralError('INVALID_ARGUMENT', 'Pass the `next` of the page before as `after`.');
    const unknown = query.kinds?.find((kind) => !(EVENT_KINDS as readonly string[]).includes(kind));
    if (unknown !== undefined) throw new CorralError('INVALID_ARGUMENT', `There are no events of the kind ${unknown}.`);
    const events = await index.history(id, {
      limit,
      ...(query.runId === undefined ? {} : { runId: query.runId }),
      ...(afterId === undefined ? {} : { afterId }),
      ...(query.kinds === undefined ? {} : { kinds: query.kinds }),
    });
    const last = events.at(-1);
    return last !== undefined && events.length === limit ? { events, next: String(last.id) } : { events };
  }

  /** Events of one run from `fromSeq` on, in order: any moment of a run is one key look-up away. */
  async runEvents(id: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]> {
    const { index } = await this.#known(id);
    return await index.runEvents(id, runId, fromSeq, Math.min(limit, HISTORY_PAGE_LIMIT));
  }

  async getConversation(id: string): Promise<ConversationEntry[]> {
    const { index } = await this.#known(id);
    return await index.conversation(id);
  }

  async getAgentSession(id: string): Promise<{ nativeSessionId: string; backendType: string }> {
    const { index } = await this.#known(id);
    const found = await index.agentSession(id);
    if (found === undefined) throw new CorralError('AGENT_SESSION_NOT_FOUND', 'The agent has not told the id of its own session yet.');
    return found;
  }

  async sendMessage(id: string, text: string): Promise<void> {
    if (text.trim() === '') throw new CorralError('EMPTY_PROMPT', 'Say what the agent should do.');
    const run = await this.#openRun(id);
    if (run === undefined) {
      await this.resume(id, text);
      return;
    }
    try {
      await this.#links.request(run.runId, 'send', { text });
    } catch (error) {
      // It had just finished: then the message is the next run's.
      if (!(error instanceof CorralError) || error.code !== 'NOT_RUNNING') throw error;
      await this.#untilEnded(id, run.runId);
      await this.resume(id, text);
    }
  }

  async answerPermission(id: string, requestId: string, answer: { optionId: string; message?: string }): Promise<void> {
    const run = await this.#openRun(id);
    if (run === undefined) throw new CorralError('NOT_RUNNING', 'This session is not running, so nobody waits for the answer.');
    await this.#links.request(run.runId, 'answerPermission', {
      requestId,
      optionId: answer.optionId,
      ...(answer.message === undefined ? {} : { message: answer.message }),
    });
    await (await this.#opened).follower.sync(id);
  }

  async interrupt(id: string): Promise<void> {
    await this.#links.request((await this.#requireOpenRun(id)).runId, 'interrupt', {});
  }

  async stop(id: string): Promise<void> {
    await this.#writable();
    const { runId } = await this.#requireOpenRun(id);
    await this.#requestStop(id, runId, false);
    await this.#links.request(runId, 'stop', {});
    await this.#untilEnded(id, runId);
  }

  async kill(id: string): Promise<void> {
    const { paths } = await this.#writable();
    const { runId } = await this.#requireOpenRun(id);
    await this.#requestStop(id, runId, true);
    if (this.#links.has(runId)) await this.#links.request(runId, 'kill', {});
    else await killRun(paths.session(id).run(runId), runId);
    await this.#watcher.look(id, runId);
    await this.#untilEnded(id, runId);
  }

  async resume(id: string, text?: string): Promise<void> {
    await this.#writable();
    if ((await this.#openRun(id)) !== undefined) throw new CorralError('RUNNING', 'This session is running already.');
    const facts = this.#model.facts(id);
    const native = nativeSession(facts)?.nativeSessionId;
    const prompt = text ?? (native === undefined ? (currentRun(facts)?.prompt ?? facts.prompt) : 'Please go on where you were cut off.');
    await this.#start(id, prompt, native);
  }

  async renameSession(id: string, title: string): Promise<void> {
    if (title.trim() === '') throw new CorralError('INVALID_ARGUMENT', 'A session needs a title.');
    await this.#writable();
    await this.#append(id, () => ({ kind: 'renamed', data: { title: title.trim() } }));
  }

  async archiveSession(id: string, archived: boolean): Promise<void> {
    await this.#writable();
    await this.#append(id, (facts) => (facts.archived === archived ? undefined : { kind: 'archived', data: { archived } }));
  }

  async deleteSession(id: string): Promise<void> {
    const { paths } = await this.#writable();
    if ((await this.#openRun(id)) !== undefined) await this.stop(id);
    const options = await this.#removalOptions(id);
    await withWorktreeLock(paths, id, async () => await deleteWorktree(options, this.#model.facts(id)));
  }

  async undoDelete(id: string): Promise<void> {
    const { paths } = await this.#writable();
    await this.#known(id);
    const options = await this.#removalOptions(id);
    await withWorktreeLock(paths, id, async () => await undoDelete(options, this.#model.facts(id)));
  }

  /** Ends what this window holds; runs go on. */
  async close(): Promise<void> {
    this.#isWatching = false;
    this.#watcher.dispose();
    this.#links.dispose();
    this.#follower?.dispose();
    const opened = await this.#opened.catch(() => undefined);
    await this.#recovery.catch(() => undefined);
    await opened?.index.close();
    this.#model.dispose();
    this.#recovered.dispose();
  }

  dispose(): void {
    this.close().catch((error: unknown) => this.#options.log.error(`Closing the store: ${messageOf(error)}`));
  }

  async #open(): Promise<Opened> {
    const { paths, storeId, readOnly } = await openStore(this.#options.storageDirectory);
    const index = await openStoreIndex({ root: paths.root, workerPath: join(this.#options.bundles, 'storeWorker.js'), readOnly });
    const follower = new Follower({
      paths,
      index,
      onSynced: (sessionId, result) => this.#model.apply(sessionId, result),
      onError: (sessionId, error) => this.#options.log.error(`Following ${sessionId ?? 'the doorbell'}: ${messageOf(error)}`),
    });
    this.#follower = follower;
    return { paths, storeId, readOnly, index, follower };
  }

  /** Brings in what was written while nobody here looked. */
  async #scan(): Promise<void> {
    const { follower, index } = await this.#opened;
    await follower.start();
    await mapLimited(await index.findStale(), START_UP_PARALLEL, async (id) => {
      await follower.sync(id).catch((error: unknown) => this.#options.log.error(`Reading session ${id}: ${messageOf(error)}`));
    });
  }

  async #recover(): Promise<void> {
    const report: RecoveryReport = { readopted: [], endedWhileAway: [], unreachable: [], restored: [], failed: [] };
    if (!this.#options.autoRecover || (await this.#opened).readOnly) {
      for (const id of this.#model.ids()) this.#model.setLive(id, { checking: false });
      return;
    }
    const open = this.#model.ids().flatMap((id) =>
      this.#model
        .facts(id)
        .runs.filter(isOpen)
        .map(({ runId }) => ({ id, runId })),
    );
    await mapLimited(open, START_UP_PARALLEL, async ({ id, runId }) => {
      const resolution = await this.#watcher.look(id, runId);
      if (resolution === undefined) report.failed.push(id);
      else if (resolution.kind === 'readopted') report.readopted.push(id);
      else if (resolution.kind === 'ended') report.endedWhileAway.push(id);
      else if (resolution.kind === 'unreachable') report.unreachable.push(id);
      else if (resolution.kind === 'closed') (resolution.restored ? report.restored : report.failed).push(id);
    });
    for (const id of this.#model.ids()) if (this.#model.live(id).checking) this.#model.setLive(id, { checking: false });
    this.#isWatching = true;
    for (const id of this.#model.ids()) this.#watchOpenRuns(id); // what came in meanwhile
    this.#recovered.fire(report);
    if (this.#options.isTrusted()) await mapLimited(this.#model.ids(), START_UP_PARALLEL, async (id) => await this.#finish(id));
  }

  /** Ends what a crash left half done; one bad session never stops another. */
  async #finish(id: string): Promise<void> {
    if (!isUnfinished(this.#model.facts(id))) return;
    const { paths, follower } = await this.#opened;
    try {
      await finishWork({ ...(await this.#removalOptions(id)), paths, sync: async () => await follower.sync(id) }, id);
    } catch (error) {
      this.#options.log.error(`Finishing what was begun on session ${id}: ${messageOf(error)}`);
    }
  }

  async #resolve(sessionId: string, runId: string): ReturnType<typeof resolveRun> {
    const { paths, follower } = await this.#opened;
    const { log, settings } = this.#options;
    return await resolveRun(
      { paths, links: this.#links, log, settings, sync: async (id) => await follower.sync(id), append: async (id, decide) => await this.#append(id, decide) },
      sessionId,
      runId,
    );
  }

  /** Runs that another window started, or that came to light while scanning, get a line of their own here too. */
  #watchOpenRuns(sessionId: string): void {
    if (!this.#isWatching) return;
    for (const run of this.#model.facts(sessionId).runs) {
      if (isOpen(run) && !this.#links.has(run.runId) && !this.#watcher.isWatching(run.runId)) void this.#watcher.look(sessionId, run.runId);
    }
  }

  async #start(sessionId: string, prompt: string, resumes: string | undefined): Promise<void> {
    const { paths } = await this.#opened;
    const { bundles, settings } = this.#options;
    const { bootstrap, claim } = await startRun(
      { paths, bundles, settings, append: async (id, decide) => await this.#append(id, decide) },
      this.#model.facts(sessionId),
      {
        sessionId,
        prompt,
        ...(resumes === undefined ? {} : { resumes }),
      },
    );
    // An agent can end faster than this window connects; then a look finds out how.
    if (claim.state === 'claimed') await this.#links.connect(bootstrap, claim).catch(() => this.#watcher.look(sessionId, bootstrap.runId));
    await (await this.#opened).follower.sync(sessionId);
  }

  async #removalOptions(sessionId: string): Promise<SessionRemovalOptions> {
    const { storeId } = await this.#opened;
    return { git: this.git, storeId, append: async (decide) => await this.#append(sessionId, decide) };
  }

  async #appendFirst(sessionId: string, draft: DraftSessionRecord): Promise<void> {
    const { paths, follower } = await this.#opened;
    await appendSessionRecord(paths.session(sessionId), () => Promise.resolve(draft));
    await ringDoorbell(paths, sessionId);
    await follower.sync(sessionId);
  }

  async #append(sessionId: string, decide: (facts: SessionFacts) => DraftSessionRecord | undefined): Promise<void> {
    const { paths, follower } = await this.#opened;
    const appended = await appendSessionRecord(paths.session(sessionId), async () => {
      const facts = await follower.sync(sessionId);
      if (facts === undefined) throw new CorralError('SESSION_NOT_FOUND', `There is no session ${sessionId}.`);
      return decide(facts);
    });
    if (appended === undefined) return;
    await ringDoorbell(paths, sessionId);
    await follower.sync(sessionId);
  }

  async #requestStop(sessionId: string, runId: string, force: boolean): Promise<void> {
    await this.#append(sessionId, (facts) => {
      const run = facts.runs.find((each) => each.runId === runId);
      return run === undefined || !isOpen(run) || (run.stopRequestedAt !== undefined && !force)
        ? undefined
        : { kind: 'stop.requested', data: { runId, force } };
    });
  }

  async #untilEnded(sessionId: string, runId: string): Promise<void> {
    await this.#model.until(
      sessionId,
      (facts) => facts.runs.every((run) => run.runId !== runId || !isOpen(run)),
      this.#options.settings().stopGraceMs + END_LIMIT_MS,
      'The agent has not ended yet. Wait a little longer, or use Kill Session.',
    );
  }

  /** The session's open run, once it is certain what became of it. */
  async #openRun(id: string): Promise<RunFacts | undefined> {
    await this.#known(id);
    await this.#model.until(
      id,
      (_facts, live) => !live.checking,
      END_LIMIT_MS,
      'It is still being found out what became of this session. Try again in a moment.',
    );
    const run = currentRun(this.#model.facts(id));
    return run !== undefined && isOpen(run) ? run : undefined;
  }

  async #requireOpenRun(id: string): Promise<RunFacts> {
    const run = await this.#openRun(id);
    if (run === undefined) throw new CorralError('NOT_RUNNING', 'This session is not running.');
    return run;
  }

  async #known(id: string): Promise<Opened> {
    await this.#ready;
    if (!isId(id)) throw new CorralError('SESSION_NOT_FOUND', 'There is no such session.');
    this.#model.facts(id);
    return await this.#opened;
  }

  async #writable(): Promise<Opened> {
    await this.#ready;
    if (!this.#options.isTrusted()) throw new CorralError('UNTRUSTED', 'This workspace is not trusted, so nothing is started in it.');
    const opened = await this.#opened;
    if (opened.readOnly)
      throw new CorralError('STORE_READ_ONLY', 'These sessions were written by a newer version of Corral. Update the extension to change them.');
    return opened;
  }
}

/** An absolute path from a path or a URI: other extensions and VS Code speak of folders in URIs. */
function pathOf(folder: string): string {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(folder) ? URI.parse(folder).fsPath : folder;
}
