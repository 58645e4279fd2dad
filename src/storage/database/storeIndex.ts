/** What the store's worker answers: the only way from the extension host to the journals' index. Implemented by database/databaseClient.ts. */
import type { EventKind, SessionEvent } from '../events';
import type { SessionFacts } from '../sessionFacts';

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

/** What to look for in a part of one run. */
export interface FindQuery {
  runId: string;
  /** Events `fromSeq`…`toSeq` are looked at: at most `FIND_LIMIT`, so that no other question waits long. */
  fromSeq: number;
  toSeq: number;
  /** In any text of the event, whatever the case of its Latin letters; everything where it is empty. */
  text: string;
  /** Only errors, and tools, turns and runs that did not end well. */
  failed: boolean;
  /** Only calls of the tool with this name, and what came of them. */
  tool?: string;
  /** Only what touched a file with this in its path, whatever the case. */
  file?: string;
  /** Of what is found, only these are listed. */
  kinds?: readonly EventKind[];
}

/** Events that one question can look at. */
export const FIND_LIMIT = 20_000;

export interface FoundEvents {
  /** In ascending order. */
  seqs: number[];
  /** How many there are of each kind, listed or not. */
  counts: Partial<Record<EventKind, number>>;
}

/** What there is to choose from in a part of a run: the most used tools and files, each with its number of events. */
export interface Facets {
  tools: Facet[];
  files: Facet[];
}

/** A tool by its name, or a file by its path. */
export interface Facet {
  name: string;
  count: number;
}

/** Tools, and files, that one answer names. */
export const FACET_LIMIT = 200;

/** Which part of a run to lay out in time. */
export interface DensityQuery {
  runId: string;
  /** Events `fromSeq`…`toSeq` are counted: at most `FIND_LIMIT`. */
  fromSeq: number;
  toSeq: number;
  /** Stretch n is the `stretchMs` milliseconds from `startMs` + n × `stretchMs` on. */
  startMs: number;
  stretchMs: number;
}

/** How many events of a kind there are in a stretch of time; one that would be 0 is not told. */
export interface DensityCount {
  stretch: number;
  kind: EventKind;
  count: number;
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
  /**
   * Reads the session's journals on until a timeline of it can be asked without a wait, in bounded steps: of a long run that nobody looked at, that takes a while.
   * `onProgress` hears the share that was read. Throws the signal's reason once it is aborted.
   */
  catchUp(sessionId: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /** Events in order of (timestamp, seq, id). */
  history(sessionId: string, query: HistoryQuery): Promise<SessionEvent[]>;
  /** Events `fromSeq` and on of one run, in order of `seq`; `seq` is dense, so any position is one key look-up. */
  runEvents(sessionId: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]>;
  findEvents(sessionId: string, query: FindQuery): Promise<FoundEvents>;
  /** The tools and files of events `fromSeq`…`toSeq`, at most `FIND_LIMIT` of them. */
  facets(sessionId: string, part: { runId: string; fromSeq: number; toSeq: number }): Promise<Facets>;
  /** Events per time and kind: what a picture of a run needs, whatever its length. */
  density(sessionId: string, query: DensityQuery): Promise<DensityCount[]>;
  conversation(sessionId: string): Promise<ConversationEntry[]>;
  agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string } | undefined>;
  /** Writes every database that changed since its last checkpoint; a large one only where much of it did. */
  checkpoint(): Promise<void>;
  /** Checkpoints and ends the worker. */
  close(): Promise<void>;
}
