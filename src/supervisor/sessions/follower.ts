import * as l10n from '@vscode/l10n';
import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { messageOf } from '../../common/errors';
import { CorralError } from '../../storage/errors';
import type { StorePaths } from '../../storage/paths';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { DoorbellPosition, StoreIndex, SyncResult } from '../../storage/database/storeIndex';
import { Throttle } from '../../common/throttle';
import { Doorbell } from './doorbell';

/** How often `changes.log` is read where it cannot be watched (network disks, no inotify handles left). */
const POLL_MS = 1_000;
/** How often it is read where it is watched, since a watch can fail silently. Each look costs battery. */
const WATCHED_POLL_MS = 5_000;
/** How often a session that nobody looks at is indexed while it grows: ten busy runs announce 500 changes a second. */
const UNWATCHED_INTERVAL_MS = 200;

interface SessionSync {
  running: Promise<SessionFacts | undefined> | undefined;
  /** Starts when the running sync is done, for callers who must see what is on disk now. */
  next: Promise<SessionFacts | undefined> | undefined;
}

export interface FollowerOptions {
  paths: StorePaths;
  index: StoreIndex;
  onSynced: (sessionId: string, result: SyncResult) => void;
  onError: (sessionId: string | undefined, error: unknown) => void;
}

/**
 * Keeps the index up to date with the journals. Changes are announced by live runners, and by `changes.log`, the
 * doorbell to which each process of each window adds the id of a session that it changed.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #sessions = new Map<string, SessionSync>();
  /** One signal for each of those who look at a session's events. */
  readonly #watching = new Map<string, Set<AbortSignal>>();
  readonly #throttles = new Map<string, Throttle>();
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  readonly #doorbell: Doorbell;
  #reading = false;
  #readAgain = false;
  #disposed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#doorbell = new Doorbell(options.paths.changesLog);
  }

  /** Up to where all sessions that the doorbell told of are indexed. */
  get indexed(): DoorbellPosition | undefined {
    return this.#doorbell.indexed;
  }

  /**
   * Starts to listen to the doorbell, and gives the sessions that it told of since `from`. Undefined where that is not
   * known: then all have to be looked at, and `setAllLookedAt` to be called with those that were not indexed.
   */
  async start(from: DoorbellPosition | undefined): Promise<string[] | undefined> {
    const rung = await this.#doorbell.start(from);
    try {
      this.#watcher = watch(this.#options.paths.root, { persistent: false }, (_event, name) => {
        if (name === null || name === 'changes.log') this.#readDoorbell();
      });
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#pollEvery(POLL_MS);
      });
    } catch (error) {
      this.#options.onError(undefined, error);
    }
    this.#pollEvery(this.#watcher === undefined ? POLL_MS : WATCHED_POLL_MS);
    return rung;
  }

  setAllLookedAt(stale: readonly string[]): void {
    this.#doorbell.setWhole(stale);
  }

  /** Indexes the session at once while somebody looks at it, and soon otherwise. */
  markChanged(sessionId: string): void {
    if (this.#disposed) return;
    const onError = (error: unknown): void => this.#options.onError(sessionId, error);
    const index = async (): Promise<unknown> => await this.sync(sessionId);
    if (this.#watching.has(sessionId)) {
      index().catch(onError);
      return;
    }
    const throttle = this.#throttles.get(sessionId) ?? new Throttle(UNWATCHED_INTERVAL_MS, index, onError);
    this.#throttles.set(sessionId, throttle);
    throttle.ask();
  }

  /** Indexes the session without delay until `signal` is aborted. */
  watch(sessionId: string, signal: AbortSignal): void {
    const watching = this.#watching.get(sessionId) ?? new Set();
    if (signal.aborted || watching.has(signal)) return;
    this.#watching.set(sessionId, watching.add(signal));
    const end = (): void => {
      watching.delete(signal);
      if (watching.size === 0) this.#watching.delete(sessionId);
    };
    signal.addEventListener('abort', end, { once: true });
    this.markChanged(sessionId); // for changes that are still delayed
  }

  /**
   * Indexes everything that is in the session's journals at the time of the call. Overlapping calls share the work.
   * @throws STORE_FAILED where some of it cannot be read; what can be is indexed all the same
   */
  sync(sessionId: string): Promise<SessionFacts | undefined> {
    const state = this.#sessions.get(sessionId) ?? { running: undefined, next: undefined };
    this.#sessions.set(sessionId, state);
    if (state.running === undefined) {
      state.running = this.#run(sessionId).finally(() => {
        state.running = undefined;
        if (state.next === undefined) this.#sessions.delete(sessionId);
      });
      return state.running;
    }
    state.next ??= state.running
      .catch(() => undefined) // its caller gets the error
      .then(() => {
        state.next = undefined;
        return this.sync(sessionId);
      });
    return state.next;
  }

  dispose(): void {
    this.#disposed = true;
    this.#watcher?.close();
    clearInterval(this.#poll);
    for (const throttle of this.#throttles.values()) throttle.dispose();
  }

  async #run(sessionId: string): Promise<SessionFacts | undefined> {
    const end = this.#doorbell.beginIndexing(sessionId);
    let isIndexed = false;
    try {
      const facts = await this.#index(sessionId);
      isIndexed = true;
      return facts;
    } finally {
      end(isIndexed);
    }
  }

  async #index(sessionId: string): Promise<SessionFacts | undefined> {
    for (;;) {
      const result = await this.#options.index.sync(sessionId).catch((error: unknown): SyncResult => {
        if (this.#disposed) throw error;
        return { facts: undefined, appended: [], more: false, unreadable: messageOf(error) };
      });
      this.#options.onSynced(sessionId, result);
      if (result.more) continue;
      if (result.unreadable === undefined) return result.facts;
      throw new CorralError(
        'STORE_FAILED',
        l10n.t('This session cannot be read: {reason}', { reason: result.unreadable }),
      );
    }
  }

  #pollEvery(everyMs: number): void {
    clearInterval(this.#poll);
    if (this.#disposed) return;
    this.#poll = setInterval(() => this.#readDoorbell(), everyMs).unref();
  }

  #readDoorbell(): void {
    if (this.#disposed) return;
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    this.#drainDoorbell()
      .catch((error: unknown) => this.#options.onError(undefined, error))
      .finally(() => (this.#reading = false));
  }

  async #drainDoorbell(): Promise<void> {
    while (this.#readAgain) {
      this.#readAgain = false;
      for (const id of await this.#doorbell.read()) this.markChanged(id);
    }
  }
}
