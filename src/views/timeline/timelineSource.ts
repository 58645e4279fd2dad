import type { AppendedRange } from '../../storage/database/storeIndex';
import type { Aside } from '../../storage/asides';
import type { SessionEvent } from '../../storage/events';
import type { AskTimeline, ConversationEntry } from '../../storage/timelineQueries';
import type { Event } from '../../common/disposable';
import type { AgentOffers, MessageOptions, PermissionAnswer, SessionSummary } from '../../supervisor/api';

/** The recorded events of one session. */
export interface RecordedEvents {
  query: AskTimeline;
  /**
   * Settles when all that is recorded can be asked for; `onProgress` hears the share that can, from 0 to 1.
   * Until `signal` is aborted, new events are announced without delay.
   */
  follow(options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void>;
  /** A field of an event as text, whole. */
  payload(runId: string, seq: number, field: string): Promise<string>;
  /** The event with nothing cut, whatever its size. */
  wholeEvent(runId: string, seq: number): Promise<SessionEvent>;
  /** The bytes of one picture of an event. */
  picture(runId: string, seq: number, index: number): Promise<Buffer>;
}

/** What a timeline needs of the supervisor. */
export interface TimelineSource {
  getSession(id: string): Promise<SessionSummary>;
  timeline(id: string): Promise<RecordedEvents>;
  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void>;
  sendMessage(id: string, text: string, options?: MessageOptions): Promise<void>;
  getConversation(id: string): Promise<ConversationEntry[]>;
  agentOffers(agent: string, repository: string): Promise<AgentOffers>;
  interrupt(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  /** Gives the questions beside the work now and each time that they change, until `signal` is aborted. */
  followAsides(id: string, signal: AbortSignal, onAsides: (asides: Aside[]) => void): Promise<void>;
  cancelAside(id: string, asideId: string): Promise<void>;
  readonly onDidChangeSessions: Event<{ sessionIds: string[] }>;
  readonly onDidAppendEvents: Event<{ sessionId: string; appended: AppendedRange[] }>;
}
