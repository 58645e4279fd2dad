/** What the store's worker answers: the only way from the extension host to the journals' index. Implemented by database/databaseClient.ts. */
import type { SessionEvent } from './events';
import type { SessionFacts } from './sessionFacts';

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

export interface HistoryQuery {
  runId?: string;
  /** Key of the last event of the page before: its `id`. */
  afterId?: number;
  /** At most 1,000. */
  limit: number;
  kinds?: readonly string[];
}

export interface ConversationEntry {
  runId: string;
  role: string;
  content: string;
  timestamp: string;
}

export interface StoreIndex {
  /** Every session of the catalog, as last indexed: cheap, reads no journal. */
  listSessions(): Promise<SessionFacts[]>;
  /** Ids of all session folders whose journals are not indexed to their end (a full scan; run after the first paint). */
  findStale(): Promise<string[]>;
  /** Reads the session's journals on from where the index stands, in one bounded step. */
  sync(sessionId: string): Promise<SyncResult>;
  /** Events in order of (timestamp, seq, id). */
  history(sessionId: string, query: HistoryQuery): Promise<SessionEvent[]>;
  /** Events `fromSeq` and on of one run, in order of `seq`; `seq` is dense, so any position is one key look-up. */
  runEvents(sessionId: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]>;
  conversation(sessionId: string): Promise<ConversationEntry[]>;
  agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string } | undefined>;
  /** Writes every database that changed since its last checkpoint. */
  checkpoint(): Promise<void>;
  /** Checkpoints and ends the worker. */
  close(): Promise<void>;
}
