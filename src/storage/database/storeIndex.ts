/** What the store's worker answers: the only way from the extension host to the journals' index. Implemented by database/databaseClient.ts. */
import type { SessionFacts } from '../sessionFacts';
import type { QueryParameters, QueryResult, TimelineQuery } from '../timelineQueries';

/** Events `fromSeq`…`toSeq` of a run, both included, are now in the index. */
export interface AppendedRange {
  runId: string;
  fromSeq: number;
  toSeq: number;
}

export interface SyncResult {
  /** Undefined where the session's folder holds nothing readable yet. */
  facts: SessionFacts | undefined;
  appended: AppendedRange[];
  /** There is more to read than one bounded step took: call again. */
  more: boolean;
}

export interface StoreIndex {
  /** Every session of the catalog, as last indexed: cheap, reads no journal. */
  listSessions(): Promise<SessionFacts[]>;
  /** Ids of all session folders whose journals are not indexed to their end (a full scan; run after the first paint). */
  findStale(): Promise<string[]>;
  /** Reads the session's journals on from where the index stands, in one bounded step. */
  sync(sessionId: string): Promise<SyncResult>;
  /**
   * Reads the session's journals on until a timeline of it can be asked without a wait, in bounded steps: of a long run that nobody looked at, that takes a while.
   * `onProgress` hears the share that was read. Throws the signal's reason once it is aborted.
   */
  catchUp(sessionId: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /** Answers once the timeline is at its journals' ends. Throws what the query's declaration says, and TIMEOUT. */
  query<Q extends TimelineQuery>(sessionId: string, query: Q, parameters: QueryParameters<Q>): Promise<QueryResult<Q>>;
  agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string } | undefined>;
  /** Writes every database that changed since its last checkpoint; a large one only where much of it did. */
  checkpoint(): Promise<void>;
  /** Checkpoints and ends the worker. */
  close(): Promise<void>;
}
