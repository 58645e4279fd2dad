import { join } from 'node:path';
import { openStoreIndex } from '../../storage/database/storeIndexClient';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { StorePaths } from '../../storage/paths';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { DraftSessionRecord } from '../../storage/sessionRecords';
import { findStore, requireUsable, ringDoorbell, type OpenedStore } from '../../storage/store/store';
import type { FindStaleOptions, StoreIndex, SyncResult } from '../../storage/database/storeIndex';
import { CheckpointTimer } from './checkpointTimer';
import { Follower } from './follower';
import { sessionNotFound } from './sessionErrors';
import { appendSessionRecord } from './sessionJournalWriter';
import type { Log } from '../../common/log';

export interface SessionStoreOptions {
  storageDirectory: string;
  /** How long the index on disk may be out of date, in milliseconds. */
  checkpointEveryMs: number;
  /** The folder of the bundles, with the index's worker. */
  bundles: string;
  log: Log;
  /** Called with what each sync of the index reads. */
  onSynced: (sessionId: string, result: SyncResult) => void;
}

/** Checks a command's precondition and gives the record to append; undefined appends nothing. */
export type Decision = (facts: SessionFacts) => DraftSessionRecord | undefined;

/** The journals of all sessions and their index, which follows them. */
export class SessionStore {
  readonly paths: StorePaths;
  /** The same in every window on this store. Worktrees are locked in its name. */
  readonly storeId: string;
  /** True where a newer version made the store, so that nothing may be written. */
  readonly readOnly: boolean;
  readonly index: StoreIndex;
  /** To be awaited before anything is written; rejects with STORE_FAILED where the disk cannot keep a store. */
  readonly usable: Promise<void>;
  readonly #follower: Follower;
  readonly #checkpoints: CheckpointTimer;
  readonly #log: Log;
  /** Sessions whose timelines are being read into the index, once for each who waits for that. */
  readonly #catchingUp: string[] = [];

  private constructor(store: OpenedStore, index: StoreIndex, usable: Promise<void>, options: SessionStoreOptions) {
    this.paths = store.paths;
    this.storeId = store.storeId;
    this.readOnly = store.readOnly;
    this.usable = usable;
    usable.catch(() => undefined); // whoever writes waits for it, and hears of it
    this.index = index;
    this.#log = options.log;
    this.#checkpoints = new CheckpointTimer(options.checkpointEveryMs, async () => {
      await index.checkpoint(this.#follower.indexed).catch((error: unknown) => {
        options.log.warn(`Saving the index: ${messageOf(error)}`); // nothing is lost: the journals have it
      });
    });
    this.#follower = new Follower({
      paths: store.paths,
      index,
      onSynced: (sessionId, result) => {
        this.#checkpoints.markChanged();
        options.onSynced(sessionId, result);
      },
      onError: (sessionId, error) => {
        options.log.error(`Following ${sessionId ?? 'the doorbell'}: ${messageOf(error)}`);
      },
    });
  }

  /** @throws STORE_FAILED where there can be no store in the folder. */
  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    const opening = findStore(options.storageDirectory);
    const index = await openStoreIndex({
      root: options.storageDirectory,
      workerPath: join(options.bundles, 'storeWorker.js'),
      readOnly: opening.then(({ readOnly }) => readOnly),
    });
    const store = await opening;
    return new SessionStore(store, index, requireUsable(store), options);
  }

  /**
   * Starts to follow changes that other processes make, and gives the sessions that rang since the last checkpoint;
   * undefined where that is not known.
   */
  async listen(): Promise<string[] | undefined> {
    return await this.#follower.start(await this.index.doorbell());
  }

  /** Ids of all sessions whose journals are not indexed to their ends. Slow, but nothing escapes it. */
  async findStale(options?: FindStaleOptions): Promise<string[]> {
    const stale = await this.index.findStale(options);
    this.#follower.setAllLookedAt(stale);
    return stale;
  }

  /** Indexes the session soon. */
  markChanged(sessionId: string): void {
    this.#follower.markChanged(sessionId);
  }

  /** Indexes the session's events without delay until `signal` is aborted. */
  watch(sessionId: string, signal: AbortSignal): void {
    this.#follower.watch(sessionId, signal);
  }

  /** Reads the session's timeline up to its journals' ends; see `StoreIndex.catchUp`. */
  async catchUp(sessionId: string, options: Parameters<StoreIndex['catchUp']>[1]): Promise<void> {
    this.#catchingUp.push(sessionId);
    await this.index.catchUp(sessionId, options).finally(() => {
      this.#catchingUp.splice(this.#catchingUp.indexOf(sessionId), 1);
    });
  }

  /** True while queries about the session's events have to wait. */
  isCatchingUp(sessionId: string): boolean {
    return this.#catchingUp.includes(sessionId);
  }

  /** The session's facts, with everything that is on disk now; undefined where there is no such session. */
  async sync(sessionId: string): Promise<SessionFacts | undefined> {
    return await this.#follower.sync(sessionId);
  }

  /** Writes the first record of a new session. */
  async begin(sessionId: string, draft: DraftSessionRecord): Promise<void> {
    await this.#append(sessionId, () => Promise.resolve(draft));
  }

  /**
   * Appends to the session's journal under its lock. The record is on disk and indexed when this resolves.
   *
   * @throws SESSION_NOT_FOUND, or what `decide` throws.
   */
  async append(sessionId: string, decide: Decision): Promise<void> {
    await this.#append(sessionId, async () => {
      const facts = await this.sync(sessionId);
      if (facts === undefined) throw sessionNotFound(sessionId);
      return decide(facts);
    });
  }

  /** The agent's own session. Throws AGENT_SESSION_NOT_FOUND. */
  async agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string }> {
    const found = await this.index.agentSession(sessionId);
    if (found === undefined)
      throw new CorralError('AGENT_SESSION_NOT_FOUND', l10n.t('The agent has not told the id of its own session yet.'));
    return found;
  }

  async close(): Promise<void> {
    this.#follower.dispose();
    this.#checkpoints.dispose();
    // Without its last checkpoint the next start reads the journals, which have everything.
    await this.index
      .close(this.#follower.indexed)
      .catch((error: unknown) => this.#log.warn(`Saving the index: ${messageOf(error)}`));
  }

  async #append(sessionId: string, decide: () => Promise<DraftSessionRecord | undefined>): Promise<void> {
    if ((await appendSessionRecord(this.paths.session(sessionId), decide)) === undefined) return;
    await ringDoorbell(this.paths, sessionId);
    await this.sync(sessionId);
  }
}
