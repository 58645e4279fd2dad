/** The index of the journals, as the extension host sees it. `storeIndexClient.ts` implements it. */
import type { SessionFacts } from '../sessionFacts';
import type { QueryParameters, QueryResult, TimelineQuery } from '../timelineQueries';

/** New events of a run: `fromSeq` to `toSeq`, both included. */
export interface AppendedRange {
  runId: string;
  fromSeq: number;
  toSeq: number;
}

export interface SyncResult {
  /** Undefined while nothing of the session can be read. */
  facts: SessionFacts | undefined;
  appended: AppendedRange[];
  /** One step was not enough: call again. */
  more: boolean;
  /** Why some or all of the session cannot be read; absent where all can. */
  unreadable?: string;
}

/** Where a session stands in the order of all, newest first. */
export interface SessionKey {
  createdAt: string;
  sessionId: string;
}

export interface SessionPage {
  sessions: SessionFacts[];
  /** Sessions that another version of Corral indexed: they have to be read from their journals. */
  outdatedIds: string[];
  /** Where the next page begins; absent after the last one. */
  next?: SessionKey;
}

/** A place in `changes.log`. */
export interface DoorbellPosition {
  /** The log's first bytes as Latin-1, by which another log is noticed. */
  head: string;
  /** In bytes. */
  offset: number;
}

export interface FindStaleOptions {
  /** So long the worker is left to others between two steps. */
  pauseMs?: number;
  signal?: AbortSignal;
}

export interface StoreIndex {
  /**
   * Sessions as last indexed, newest first, a page at a time, without reading a journal. The first page also has the
   * older sessions that have not ended, so a session can come twice.
   */
  listSessions(after?: SessionKey): Promise<SessionPage>;
  /** One session as last indexed; undefined where it is not, or was by another version. */
  readSession(sessionId: string): Promise<SessionFacts | undefined>;
  /**
   * Ids of all sessions whose journals are not indexed to their ends. Slow: looks at the length of every journal.
   * @throws the signal's reason once it is aborted
   */
  findStale(options?: FindStaleOptions): Promise<string[]>;
  /** Up to where all sessions that the doorbell told of were indexed, as of the last checkpoint. */
  doorbell(): Promise<DoorbellPosition | undefined>;
  /** Indexes what is new in the session's journals, in one bounded step. */
  sync(sessionId: string): Promise<SyncResult>;
  /**
   * Reads the session's timeline up to its journals' ends, so that the next query need not wait.
   * `onProgress` hears the share that was read, from 0 to 1.
   * @throws the signal's reason once it is aborted
   */
  catchUp(sessionId: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /**
   * Answers once the timeline is at its journals' ends.
   * @throws TIMEOUT, STORE_FAILED, and what the query declares
   */
  query<Q extends TimelineQuery>(sessionId: string, query: Q, parameters: QueryParameters<Q>): Promise<QueryResult<Q>>;
  /** The agent's own session, under which it can go on; undefined while it is not known. */
  agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string } | undefined>;
  /**
   * Writes the databases that changed since their last checkpoint; a large one only if much of it did.
   * Whoever rang before `doorbell` must have been indexed.
   */
  checkpoint(doorbell?: DoorbellPosition): Promise<void>;
  /** Checkpoints and ends the worker. */
  close(doorbell?: DoorbellPosition): Promise<void>;
}
