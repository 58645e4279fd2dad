import { join } from 'node:path';
import { openStoreIndex } from '../../storage/database/storeIndexClient';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { StorePaths } from '../../storage/paths';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { DraftSessionRecord } from '../../storage/sessionRecords';
import { openStore, ringDoorbell } from '../../storage/store/store';
import type { StoreIndex, SyncResult } from '../../storage/database/storeIndex';
import { CheckpointTimer } from './checkpointTimer';
import { Follower } from './follower';
import { appendSessionRecord } from './sessionJournalWriter';
import type { Log } from '../../common/log';

export interface SessionStoreOptions {
  storageDirectory: string;
  /** How long the index may lie behind on disk. */
  checkpointEveryMs: number;
  /** The folder of the bundles, where the index's worker lies. */
  bundles: string;
  log: Log;
  /** Called with everything that the index reads, as it reads it. */
  onSynced: (sessionId: string, result: SyncResult) => void;
}

/** Checks the precondition of a command against all that is on disk, and says what to append; undefined appends nothing. */
export type Decision = (facts: SessionFacts) => DraftSessionRecord | undefined;

/** The journals of all sessions, their index, and what brings the one up to the other. */
export class SessionStore {
  readonly paths: StorePaths;
  /** The same for every window on this store; worktrees carry it. */
  readonly storeId: string;
  /** A newer version made the store: nothing in it may be written. */
  readonly readOnly: boolean;
  readonly index: StoreIndex;
  readonly #follower: Follower;
  readonly #checkpoints: CheckpointTimer;

  private constructor(
    store: { paths: StorePaths; storeId: string; readOnly: boolean },
    index: StoreIndex,
    options: SessionStoreOptions,
  ) {
    this.paths = store.paths;
    this.storeId = store.storeId;
    this.readOnly = store.readOnly;
    this.index = index;
    this.#checkpoints = new CheckpointTimer(options.checkpointEveryMs, async () => {
      await index.checkpoint().catch((error: unknown) => {
        options.log.warn(`Saving the index: ${messageOf(error)}`); // the journals have it all
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

  /** Throws STORE_FAILED where the folder cannot be used. */
  static async open(options: SessionStoreOptions): Promise<SessionStore> {
    const store = await openStore(options.storageDirectory);
    const index = await openStoreIndex({
      root: store.paths.root,
      workerPath: join(options.bundles, 'storeWorker.js'),
      readOnly: store.readOnly,
    });
    return new SessionStore(store, index, options);
  }

  /** Starts to hear of changes that other processes make. */
  async listen(): Promise<void> {
    await this.#follower.start();
  }

  /** Something changed in this session: index it soon. */
  markChanged(sessionId: string): void {
    this.#follower.markChanged(sessionId);
  }

  /** Somebody looks at the session's events until `signal` is aborted: they are indexed as they come. */
  watch(sessionId: string, signal: AbortSignal): void {
    this.#follower.watch(sessionId, signal);
  }

  /** The session's facts with everything that is on disk now; undefined where there is nothing. */
  async sync(sessionId: string): Promise<SessionFacts | undefined> {
    return await this.#follower.sync(sessionId);
  }

  /** Writes the first record of a new session. */
  async begin(sessionId: string, draft: DraftSessionRecord): Promise<void> {
    await this.#append(sessionId, () => Promise.resolve(draft));
  }

  /** Appends to the session's journal under its lock; the record is synced and indexed when this resolves. Throws SESSION_NOT_FOUND, or what `decide` throws. */
  async append(sessionId: string, decide: Decision): Promise<void> {
    await this.#append(sessionId, async () => {
      const facts = await this.sync(sessionId);
      if (facts === undefined) throw new CorralError('SESSION_NOT_FOUND', `There is no session ${sessionId}.`);
      return decide(facts);
    });
  }

  /** The agent's own session that goes on. Throws AGENT_SESSION_NOT_FOUND. */
  async agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string }> {
    const found = await this.index.agentSession(sessionId);
    if (found === undefined)
      throw new CorralError('AGENT_SESSION_NOT_FOUND', 'The agent has not told the id of its own session yet.');
    return found;
  }

  async close(): Promise<void> {
    this.#follower.dispose();
    this.#checkpoints.dispose();
    await this.index.close();
  }

  async #append(sessionId: string, decide: () => Promise<DraftSessionRecord | undefined>): Promise<void> {
    if ((await appendSessionRecord(this.paths.session(sessionId), decide)) === undefined) return;
    await ringDoorbell(this.paths, sessionId);
    await this.sync(sessionId);
  }
}
