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

export interface StoreIndex {
  /** Every session as last indexed. Cheap: reads no journal. */
  listSessions(): Promise<SessionFacts[]>;
  /** Ids of all sessions whose journals are not indexed to their ends. Slow: looks at the length of every journal. */
  findStale(): Promise<string[]>;
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
  /** Writes the databases that changed since their last checkpoint; a large one only if much of it did. */
  checkpoint(): Promise<void>;
  /** Checkpoints and ends the worker. */
  close(): Promise<void>;
}
