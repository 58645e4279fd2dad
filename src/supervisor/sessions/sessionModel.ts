import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CorralError } from '../../storage/errors';
import type { RunOutcome, UsageTotals } from '../../storage/events';
import { isOutcome } from '../../storage/runState';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import { emptySession } from '../../storage/sessionFacts';
import { isOpen, runState } from '../../storage/sessionState';
import type { AppendedRange, SyncResult } from '../../storage/database/storeIndex';
import type { SessionSummary } from '../api';
import { Emitter } from '../../common/emitter';
import { EventLoopTurn } from '../../common/eventLoopTurn';
import type { Pause } from '../runnerProtocol/protocol';
import type { LiveFacts, QueuePosition } from './summary';
import { sessionNotFound } from './sessionErrors';
import { summarize } from './summary';

/** What `setLive` leaves as it is. */
const KEPT_FACTS = ['repositoryMissing', 'asides', 'host', 'workProblem', 'job'] as const;
type KeptFact = (typeof KEPT_FACTS)[number];

const SETTLED: LiveFacts = { checking: false };

interface Entry {
  facts: SessionFacts;
  live: LiveFacts;
  position: QueuePosition | undefined;
  /** Why some or all of it cannot be read. */
  unreadable?: string | undefined;
  /** Runs that have ended, while more of their events is being read: their end is told after the last one. */
  ended: string[];
}

/** A folder whose sessions are asked for; `commonDirectory` is that of the repository around it. */
export interface ListedPlace {
  folder: string;
  commonDirectory: string | undefined;
}

/** All sessions as this window knows them: what the index holds, and what only live processes tell. */
export class SessionModel {
  readonly #sessions = new Map<string, Entry>();
  /** The ids of the sessions that work, or have worked, on a host, by its name. */
  readonly #onHosts = new Map<string, Set<string>>();
  readonly changed: Emitter<{ sessionIds: string[] }>;
  readonly runStarted: Emitter<{ sessionId: string; runId: string }>;
  readonly eventsAppended: Emitter<{ sessionId: string; appended: AppendedRange[] }>;
  readonly runEnded: Emitter<{ sessionId: string; runId: string; outcome: RunOutcome }>;

  constructor(onListenerError: (error: unknown) => void) {
    this.changed = new Emitter(onListenerError);
    this.runStarted = new Emitter(onListenerError);
    this.eventsAppended = new Emitter(onListenerError);
    this.runEnded = new Emitter(onListenerError);
  }

  /**
   * Adds those sessions of the catalog that are not known yet. One with an open run is `checking` until its fate is
   * known.
   */
  load(sessions: readonly SessionFacts[]): void {
    const added = sessions.filter(({ sessionId }) => !this.#sessions.has(sessionId));
    for (const facts of added) {
      this.#noteHost(facts);
      this.#sessions.set(facts.sessionId, {
        facts,
        live: { checking: facts.runs.some(isOpen) },
        position: undefined,
        ended: [],
      });
    }
    if (added.length > 0) this.changed.fire({ sessionIds: added.map(({ sessionId }) => sessionId) });
  }

  /** Updates a session with what the index just read, and fires the events for what is new. */
  apply(sessionId: string, result: SyncResult): void {
    const before = this.#sessions.get(sessionId);
    if (result.facts === undefined && result.unreadable !== undefined) {
      this.#sessions.set(sessionId, { ...(before ?? unknownSession(sessionId)), unreadable: result.unreadable });
      if (before?.unreadable !== result.unreadable) this.changed.fire({ sessionIds: [sessionId] });
      return;
    }
    if (result.facts === undefined) {
      // Erased, here or by another window.
      if (!result.more && this.#sessions.delete(sessionId)) this.changed.fire({ sessionIds: [sessionId] });
      return;
    }
    const { facts, appended, more } = result;
    this.#noteHost(facts);
    const runsBefore = new Map(before?.facts.runs.map((run) => [run.runId, run]));
    const started = facts.runs.filter((run) => run.startedAt !== undefined && !runsBefore.get(run.runId)?.startedAt);
    const isNewlyEnded = (run: RunFacts): boolean => !isOpen(run) && isOpenOrUnknown(runsBefore.get(run.runId));
    const ended = [...(before?.ended ?? []), ...facts.runs.filter(isNewlyEnded).map(({ runId }) => runId)];
    this.#sessions.set(sessionId, {
      facts,
      live: before?.live ?? SETTLED,
      position: before?.position,
      unreadable: result.unreadable,
      ended: more ? ended : [],
    });
    // It goes on here: what was told of its run there is over.
    if (before?.facts.host !== undefined && facts.host === undefined) this.setLive(sessionId, SETTLED);
    for (const { runId } of started) this.runStarted.fire({ sessionId, runId });
    if (appended.length > 0) this.eventsAppended.fire({ sessionId, appended });
    if (!more) this.#fireEnds(sessionId, facts, ended);
    this.changed.fire({ sessionIds: [sessionId] });
  }

  setLive(sessionId: string, live: Omit<LiveFacts, KeptFact>): void {
    const before = this.live(sessionId);
    const kept = KEPT_FACTS.flatMap((name) => (before[name] === undefined ? [] : [[name, before[name]]]));
    this.#replaceLive(sessionId, { ...live, ...(Object.fromEntries(kept) as Pick<LiveFacts, KeptFact>) });
  }

  /** What questions beside the session's work have used. */
  setAsideUsage(sessionId: string, asides: UsageTotals): void {
    this.#replaceLive(sessionId, { ...this.live(sessionId), asides });
  }

  /** How the session's host is now. */
  setHost(sessionId: string, host: NonNullable<LiveFacts['host']>): void {
    this.#replaceLive(sessionId, { ...this.live(sessionId), host });
  }

  /** Why the session's last work on its host is not here; undefined where it is. */
  setWorkProblem(sessionId: string, workProblem: string | undefined): void {
    const live = { ...this.live(sessionId) };
    if (workProblem === undefined) delete live.workProblem;
    else live.workProblem = workProblem;
    this.#replaceLive(sessionId, live);
  }

  /** How the job of a run of the session is now. */
  setJob(sessionId: string, job: NonNullable<LiveFacts['job']>): void {
    this.#replaceLive(sessionId, { ...this.live(sessionId), job });
  }

  /** Whether the session's repository was not found where it should be. */
  setRepositoryMissing(sessionId: string, isMissing: boolean): void {
    const live = { ...this.live(sessionId) };
    if (isMissing) live.repositoryMissing = true;
    else delete live.repositoryMissing;
    this.#replaceLive(sessionId, live);
  }

  #replaceLive(sessionId: string, live: LiveFacts): void {
    const entry = this.#sessions.get(sessionId);
    if (entry === undefined || isDeepStrictEqual(entry.live, live)) return;
    entry.live = live;
    this.changed.fire({ sessionIds: [sessionId] });
  }

  /** Where the session stands in the queue; undefined where it is not in it. */
  setQueuePosition(sessionId: string, position: QueuePosition | undefined): void {
    const entry = this.#sessions.get(sessionId);
    if (entry === undefined || isDeepStrictEqual(entry.position, position)) return;
    entry.position = position;
    this.changed.fire({ sessionIds: [sessionId] });
  }

  /** A session's runner cannot write at present; null where it can again. */
  setPaused(sessionId: string, pause: Pause | null): void {
    const live = { ...this.live(sessionId) };
    if (pause === null) delete live.paused;
    else live.paused = pause;
    this.setLive(sessionId, live);
  }

  /** Resolves as soon as any session is known. */
  async untilAny(): Promise<void> {
    if (this.#sessions.size > 0) return;
    await new Promise<void>((resolve) => {
      const subscription = this.changed.event(() => {
        if (this.#sessions.size === 0) return;
        subscription.dispose();
        resolve();
      });
    });
  }

  ids(): string[] {
    return [...this.#sessions.keys()];
  }

  /** The sessions that work on the host of this name, or on any host. */
  onHost(name?: string): SessionFacts[] {
    const sessionsOn = (host: string): (SessionFacts | undefined)[] =>
      [...(this.#onHosts.get(host) ?? [])].map((id) => this.find(id)).filter((facts) => facts?.host?.name === host);
    return (name === undefined ? [...this.#onHosts.keys()] : [name]).flatMap(sessionsOn) as SessionFacts[];
  }

  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  /** The session's facts; undefined where there is no such session. */
  find(sessionId: string): SessionFacts | undefined {
    return this.#sessions.get(sessionId)?.facts;
  }

  live(sessionId: string): LiveFacts {
    return this.#sessions.get(sessionId)?.live ?? SETTLED;
  }

  /** Throws SESSION_NOT_FOUND. */
  facts(sessionId: string): SessionFacts {
    const entry = this.#sessions.get(sessionId);
    if (entry === undefined) throw sessionNotFound(sessionId);
    return entry.facts;
  }

  /** Newest first; with `place`, only those of its repository, or the one whose worktree that is. */
  async list({ place, archived }: { place?: ListedPlace; archived?: boolean }): Promise<SessionSummary[]> {
    const entries = [...this.#sessions.values()];
    const isOfSession = place !== undefined && entries.some(({ facts }) => facts.worktreePath === place.folder);
    const listed: SessionSummary[] = [];
    const turn = new EventLoopTurn();
    for (const { facts } of entries) {
      if (place !== undefined && !isListedAt(facts, place, isOfSession)) continue;
      if (archived !== undefined && facts.archived !== archived) continue;
      const entry = this.#sessions.get(facts.sessionId); // it can have been erased meanwhile
      if (entry !== undefined) listed.push(summaryOf(entry));
      if (turn.isOver) await turn.end();
    }
    return listed.sort((a, b) => compare(b.createdAt, a.createdAt) || compare(a.id, b.id));
  }

  summary(sessionId: string): SessionSummary {
    const entry = this.#sessions.get(sessionId);
    if (entry === undefined) throw sessionNotFound(sessionId);
    return summaryOf(entry);
  }

  /** Resolves as soon as `isSo` holds. Throws TIMEOUT with `sentence`. */
  async until(
    sessionId: string,
    isSo: (facts: SessionFacts, live: LiveFacts) => boolean,
    limitMs: number,
    sentence: string,
  ): Promise<void> {
    const now = (): boolean => isSo(this.facts(sessionId), this.live(sessionId));
    if (now()) return;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => finish(() => reject(new CorralError('TIMEOUT', sentence))), limitMs);
      const subscription = this.changed.event(({ sessionIds }) => {
        if (sessionIds.includes(sessionId) && now()) finish(resolve);
      });
      function finish(settle: () => void): void {
        clearTimeout(limit);
        subscription.dispose();
        settle();
      }
    });
  }

  dispose(): void {
    for (const emitter of [this.changed, this.runStarted, this.eventsAppended, this.runEnded]) emitter.dispose();
  }

  #noteHost({ sessionId, host }: SessionFacts): void {
    if (host === undefined) return;
    this.#onHosts.set(host.name, (this.#onHosts.get(host.name) ?? new Set()).add(sessionId));
  }

  #fireEnds(sessionId: string, { runs }: SessionFacts, ended: readonly string[]): void {
    for (const run of runs) {
      // A run that was closed is open again where its runner spoke after all.
      if (!ended.includes(run.runId) || isOpen(run)) continue;
      const state = runState(run);
      this.runEnded.fire({ sessionId, runId: run.runId, outcome: isOutcome(state) ? state : 'lost' });
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isOpenOrUnknown(run: RunFacts | undefined): boolean {
  return run === undefined || isOpen(run);
}

function isListedAt(facts: SessionFacts, { folder, commonDirectory }: ListedPlace, isOfSession: boolean): boolean {
  if (isOfSession) return facts.worktreePath === folder;
  return (
    facts.repository === folder ||
    // Older records do not name the directory, which nearly always is this one.
    (commonDirectory !== undefined && (facts.commonDirectory ?? join(facts.repository, '.git')) === commonDirectory)
  );
}

/** A session of which nothing could be read yet. */
function unknownSession(sessionId: string): Entry {
  return { facts: emptySession(sessionId), live: SETTLED, position: undefined, ended: [] };
}

function summaryOf({ facts, live, position, unreadable }: Entry): SessionSummary {
  return summarize(facts, unreadable === undefined ? live : { ...live, unreadable }, position);
}
