import { resolve } from 'node:path';
import { eventId } from '../../../../src/storage/ids';
import type { DraftEvent, SessionEvent } from '../../../../src/storage/events';
import { CorralError } from '../../../../src/storage/errors';
import type { Aside } from '../../../../src/storage/asides';
import { emptySession } from '../../../../src/storage/sessionFacts';
import { foldEvent } from '../../../../src/storage/sessionReducer';
import type { AppendedRange } from '../../../../src/storage/database/storeIndex';
import type {
  AskTimeline,
  ConversationEntry,
  QueryParameters,
  QueryResult,
  TimelineQuery,
} from '../../../../src/storage/timelineQueries';
import type { AgentOffers, MessageOptions, PermissionAnswer, SessionSummary } from '../../../../src/supervisor/api';
import { Emitter } from '../../../../src/common/emitter';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import type { TimelineSource } from '../../../../src/views/timeline/timelineSource';

export const SESSION = 'aaaaaaaaaaaa';
export const RUN = 'bbbbbbbbbbbb';
const START_MS = Date.parse('2026-01-05T09:00:00.000Z');

function rethrow(error: unknown): never {
  throw error;
}

/** A session whose events are in memory; what it tells of them is folded and summarised as for any other. */
export class MemorySource implements TimelineSource {
  readonly calls: unknown[] = [];
  readonly runs = new Map<string, SessionEvent[]>();
  readonly #facts = emptySession(SESSION);
  readonly #changed = new Emitter<{ sessionIds: string[] }>(rethrow);
  readonly #appended = new Emitter<{ sessionId: string; appended: AppendedRange[] }>(rethrow);
  readonly onDidChangeSessions = this.#changed.event;
  readonly onDidAppendEvents = this.#appended.event;
  #nowMs = START_MS;
  lookUps = 0;
  /** Base64, by run, `seq` and index. */
  readonly pictures = new Map<string, string>();
  /** What the next looks at the session fail with, one after the other. */
  readonly failures: Error[] = [];
  /** Sending waits for this. */
  sendable: Promise<void> = Promise.resolve();

  constructor() {
    Object.assign(this.#facts, {
      title: 'A title',
      agent: 'claude',
      worktreePath: resolve('/code/tree'),
      createdAt: new Date(START_MS).toISOString(),
    });
  }

  /** Records an event `afterMs` after the one before. */
  add(draft: DraftEvent, afterMs = 1_000, runId = RUN, ordinal = 1): SessionEvent {
    this.#nowMs += afterMs;
    const events = this.runs.get(runId) ?? [];
    this.runs.set(runId, events);
    const seq = events.length + 1;
    const event: SessionEvent = {
      ...draft,
      id: eventId(ordinal, seq),
      sessionId: SESSION,
      runId,
      seq,
      timestamp: new Date(this.#nowMs).toISOString(),
    };
    events.push(event);
    foldEvent(this.#facts, event);
    this.#appended.fire({ sessionId: SESSION, appended: [{ runId, fromSeq: seq, toSeq: seq }] });
    this.#changed.fire({ sessionIds: [SESSION] });
    return event;
  }

  addMessages(count: number, afterMs = 1_000): void {
    for (let index = 0; index < count; index++)
      this.add({ kind: 'message', data: { role: 'assistant', text: `message ${String(index + 1)}` } }, afterMs);
  }

  getSession(id: string): Promise<SessionSummary> {
    const failure = this.#takeFailure();
    if (failure !== undefined) return failure;
    if (id !== SESSION) return Promise.reject(new CorralError('SESSION_NOT_FOUND', `There is no session ${id}.`));
    return Promise.resolve(summarize(structuredClone(this.#facts), { checking: false }));
  }

  #takeFailure(): Promise<never> | undefined {
    const failure = this.failures.shift();
    return failure === undefined ? undefined : Promise.reject(failure);
  }

  async eventsOf(runId: string, fromSeq: number, limit: number): Promise<SessionEvent[]> {
    return await this.#query('runEvents', { runId, fromSeq, limit });
  }

  /** Questions beside the work, which the page is given at once. */
  asides: Aside[] = [];
  followAsides(_id: string, _signal: AbortSignal, onAsides: (asides: Aside[]) => void): Promise<void> {
    if (this.asides.length > 0) onAsides(this.asides);
    return Promise.resolve();
  }
  cancelAside(id: string, asideId: string): Promise<void> {
    this.calls.push(['cancelAside', id, asideId]);
    return Promise.resolve();
  }

  timeline(): ReturnType<TimelineSource['timeline']> {
    return Promise.resolve({
      query: this.#query,
      follow: () => Promise.resolve(), // it is all there
      picture: (runId, seq, index) =>
        Promise.resolve(Buffer.from(this.pictures.get(`${runId} ${seq} ${index}`) ?? 'no picture', 'base64')),
      wholeEvent: async (runId, seq) => (await this.eventsOf(runId, seq, 1))[0] ?? rethrow('no such event'),
      payload: (runId, seq, field) => Promise.resolve(`${runId} ${String(seq)} ${field}`),
    });
  }

  answerPermission(id: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    this.calls.push({ id, requestId, answer });
    return Promise.resolve();
  }

  async sendMessage(id: string, text: string, { attachments = [] }: MessageOptions = {}): Promise<void> {
    await this.sendable;
    if (text === 'refused') throw new CorralError('NOT_RUNNING', 'It does not run.');
    this.calls.push({ id, text, ...(attachments.length > 0 && { attachments }) });
  }

  getConversation(): Promise<ConversationEntry[]> {
    const entry = { runId: RUN, timestamp: '' };
    return Promise.resolve([
      { ...entry, role: 'user', content: 'first' },
      { ...entry, role: 'assistant', content: 'answer' },
      { ...entry, role: 'user', content: 'second' },
    ]);
  }

  agentOffers(agent: string): Promise<AgentOffers> {
    return Promise.resolve({ models: [], commands: [{ name: 'review', description: `by ${agent}` }] });
  }

  interrupt(id: string): Promise<void> {
    this.calls.push({ id, interrupted: true });
    return Promise.resolve();
  }

  resume(id: string): Promise<void> {
    this.calls.push({ id, resumed: true });
    return Promise.resolve();
  }

  stop(id: string): Promise<void> {
    this.calls.push({ id });
    return Promise.resolve();
  }

  readonly #query: AskTimeline = (query, parameters) => {
    const answer = this.#answers[query];
    return answer === undefined
      ? Promise.reject(new Error(`No answer to ${query}`))
      : Promise.resolve(answer(parameters));
  };

  /** Of the queries that the tests ask. */
  readonly #answers: { [Q in TimelineQuery]?: (parameters: QueryParameters<Q>) => QueryResult<Q> } = {
    runEvents: ({ runId, fromSeq, limit }) => {
      this.lookUps++;
      return this.#part({ runId, fromSeq, toSeq: Infinity }).slice(0, limit);
    },
    /** Texts and kinds only. */
    findEvents: ({ text, kinds, ...part }) => {
      const found = this.#part(part).filter(({ data }) => JSON.stringify(data).includes(text));
      const counts: QueryResult<'findEvents'>['counts'] = {};
      for (const { kind } of found) counts[kind] = (counts[kind] ?? 0) + 1;
      const listed = found.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
      return { seqs: listed.map(({ seq }) => seq), counts };
    },
    /** Tools only. */
    facets: (part) => {
      const names = this.#part(part).flatMap((event) => (event.kind === 'tool.call' ? event.data.name : []));
      const tools = [...new Set(names)].map((name) => ({ name, count: names.filter((each) => each === name).length }));
      return { tools, files: [] };
    },
    density: ({ startMs, stretchMs, ...part }) =>
      this.#part(part).map(({ kind, timestamp }) => ({
        stretch: Math.floor((Date.parse(timestamp) - startMs) / stretchMs),
        kind,
        count: 1,
      })),
    moment: (part) => {
      const found = this.#part(part).findLast((event) => event.kind === 'snapshot');
      return {
        usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 },
        stopping: false,
        questions: 0,
        edits: 0,
        ...(found?.kind === 'snapshot'
          ? { snapshot: { seq: found.seq, timestamp: found.timestamp, commit: found.data.commit } }
          : {}),
      };
    },
    pauses: ({ minimumMs, ...part }) => {
      const times = this.#part(part).map(({ timestamp }) => Date.parse(timestamp));
      return times.slice(1).flatMap((toMs, index) => {
        const fromMs = times[index] ?? toMs;
        return toMs - fromMs >= minimumMs ? { fromMs, toMs } : [];
      });
    },
  };

  #part({ runId, fromSeq, toSeq }: { runId: string; fromSeq: number; toSeq: number }): SessionEvent[] {
    return (this.runs.get(runId) ?? []).filter(({ seq }) => seq >= fromSeq && seq <= toSeq);
  }
}
