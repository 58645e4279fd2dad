import type { SessionEvent } from '../../storage/events';
import type {
  AppendedRange,
  DensityCount,
  DensityQuery,
  Facets,
  FindQuery,
  FoundEvents,
} from '../../storage/database/storeIndex';
import type { Event } from '../../common/disposable';
import type { PermissionAnswer, SessionSummary } from '../../supervisor/api';

/** What a timeline needs of the supervisor. */
export interface TimelineSource {
  getSession(id: string): Promise<SessionSummary>;
  /**
   * Settles when the session's history is indexed to its end; `onProgress` hears the share that is, from 0 to 1.
   * Until `signal` is aborted, new events are announced without delay.
   */
  follow(id: string, options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /** Events `fromSeq` and on of one run, in order of `seq`. */
  runEvents(id: string, runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]>;
  findEvents(id: string, query: FindQuery): Promise<FoundEvents>;
  facets(id: string, part: { runId: string; fromSeq: number; toSeq: number }): Promise<Facets>;
  density(id: string, query: DensityQuery): Promise<DensityCount[]>;
  /** A field of an event as text, whole. */
  readPayload(id: string, runId: string, seq: number, field: string): Promise<string>;
  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void>;
  sendMessage(id: string, text: string): Promise<void>;
  interrupt(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  readonly onDidChangeSessions: Event<{ sessionIds: string[] }>;
  readonly onDidAppendEvents: Event<{ sessionId: string; appended: AppendedRange[] }>;
}
