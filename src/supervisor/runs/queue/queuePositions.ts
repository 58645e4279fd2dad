import { setTimeout as delay } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import type { Disposable } from '../../../common/disposable';
import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import { currentRun, isOpen, isQueued, queueRank, restorationOf, sessionState } from '../../../storage/sessionState';
import { requireSession } from '../../sessions/sessionErrors';
import type { SessionModel } from '../../sessions/sessionModel';
import type { SessionStore } from '../../sessions/sessionStore';
import type { SupervisorSettings } from '../../settings';
import { limitEnd, type LimitSituation } from '../limits/limitHold';
import {
  hostHold,
  isSubmitted,
  noRuns,
  queueHold,
  runsInPlaceOf,
  sessionHold,
  type QueueHosts,
  type QueueSituation,
  type StartedRuns,
} from './queueHolds';

/** Of the extension host's time, a queue of thousands takes one part in so many. */
const TIME_SHARE = 5;
/** A pass that took less is followed at once by the next one. */
const SHORT_PASS_MS = 5;
/** For what no record tells: free memory, trust, a window that was killed while it started runs. */
const REFRESH_INTERVAL_MS = 2_000;

export interface QueuePositionsOptions {
  model: SessionModel;
  settings: () => SupervisorSettings;
  hosts: QueueHosts;
  isTrusted: () => boolean;
  log: Log;
  /** See `SupervisorOptions`. */
  limitStaggerMs: number;
  /** Called when nothing holds one of the queued sessions. */
  onStartable: () => void;
}

export interface QueuedSession {
  sessionId: string;
  /** The run to start. */
  run: RunFacts;
  /** See `queueRank`. */
  rank: number;
}

/** Tells the model, which shows it, where each queued session stands and what holds it, as far as this window knows. */
export class QueuePositions implements Disposable {
  readonly #options: QueuePositionsOptions;
  readonly #subscription: Disposable;
  readonly #queuedIds = new Set<string>();
  readonly #runningIds = new Set<string>();
  /** See `LimitSituation`. */
  readonly #limitWaits = new Map<string, RunFacts>();
  /** Session id → the facts that matter to the queue, as JSON, so that its other changes cost nothing. */
  readonly #known = new Map<string, string>();
  #isStuck = false;
  #isRefreshing = false;
  #isStale = false;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: QueuePositionsOptions) {
    this.#options = options;
    this.#subscription = options.model.changed.event(({ sessionIds }) => this.#readSessions(sessionIds));
    this.#readSessions(options.model.ids());
  }

  get isEmpty(): boolean {
    return this.#queuedIds.size === 0;
  }

  /** True where a run that is queued now would start at once, as far as this window knows. */
  get hasRoom(): boolean {
    const { model, settings } = this.#options;
    const here = [...this.#runningIds].filter((id) => model.find(id)?.host === undefined);
    return this.isEmpty && here.length < settings().maxConcurrentRuns;
  }

  /** First the session that starts next. */
  order(): QueuedSession[] {
    const queued = [...this.#queuedIds].flatMap((sessionId) => {
      const facts = this.#options.model.find(sessionId);
      const run = facts === undefined ? undefined : queuedRun(facts);
      const isOurs = run !== undefined && !isSubmitted(this.#options.model.live(sessionId), run.runId);
      return isOurs ? [{ sessionId, run, rank: queueRank(run) }] : [];
    });
    return queued.sort((a, b) => a.rank - b.rank || (a.run.runId < b.run.runId ? -1 : 1));
  }

  /** What holds sessions that wait for a usage limit. */
  limits({ here, onHosts }: StartedRuns): LimitSituation {
    const { limitStaggerMs: staggerMs } = this.#options;
    const startedIds = new Set([here, ...onHosts.values()].flatMap((runs) => [...runs.startedIds]));
    return { nowMs: Date.now(), staggerMs, waits: this.#limitWaits, startedIds };
  }

  /** The rank with which the session stands at `position`; 1 is the next to start. */
  rankAt(position: number, { sessionId, run }: Pick<QueuedSession, 'sessionId' | 'run'>): number {
    const ranks = this.order()
      .filter((each) => each.sessionId !== sessionId)
      .map((each) => each.rank);
    const index = Math.min(Math.max(Math.round(position) - 1, 0), ranks.length);
    const after = ranks[index];
    // Of those that have the same rank, it goes before all.
    const before = after === undefined ? ranks.at(-1) : ranks.slice(0, index).findLast((rank) => rank < after);
    return after === undefined ? (before ?? queueRank(run)) + 1 : ((before ?? after - 2) + after) / 2;
  }

  /** Whether somebody of whom nothing can be told holds the queue's lock. */
  setStuck(isStuck: boolean): void {
    if (this.#isStuck === isStuck) return;
    this.#isStuck = isStuck;
    this.refresh();
  }

  /** Finds out all positions again, soon. */
  refresh(): void {
    this.#isStale = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    this.#refreshNow()
      .catch((error: unknown) => this.#options.log.error(`The queue: ${messageOf(error)}`))
      .finally(() => {
        this.#isRefreshing = false;
        if (this.#isStale) this.refresh();
      });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    clearTimeout(this.#timer);
  }

  #readSessions(sessionIds: readonly string[]): void {
    const changed = sessionIds.filter((id) => this.#readSession(id));
    if (changed.length > 0 && this.#queuedIds.size > 0) this.refresh();
  }

  /** False where nothing changed that matters to the queue. */
  #readSession(sessionId: string): boolean {
    const facts = this.#options.model.find(sessionId);
    const run = facts === undefined ? undefined : currentRun(facts);
    const known = facts === undefined ? '' : relevantFacts(facts, run);
    if (this.#known.get(sessionId) === known) return false;
    this.#known.set(sessionId, known);
    const isInQueue = facts !== undefined && queuedRun(facts) !== undefined;
    if (isInQueue) this.#queuedIds.add(sessionId);
    else if (this.#queuedIds.delete(sessionId)) this.#options.model.setQueuePosition(sessionId, undefined);
    if (run?.waitsFor === undefined) this.#limitWaits.delete(sessionId);
    else this.#limitWaits.set(sessionId, run);
    if (run !== undefined && isOpen(run) && !isInQueue) this.#runningIds.add(sessionId);
    else this.#runningIds.delete(sessionId);
    return true;
  }

  /** As far as the journals tell. */
  #started(): StartedRuns {
    const { model } = this.#options;
    const started = noRuns();
    for (const id of this.#runningIds) {
      const facts = model.facts(id);
      const run = currentRun(facts);
      if (model.live(id).maybeGone === true || run?.waitingFor !== undefined) continue;
      const runs = runsInPlaceOf(facts, started);
      runs.startedIds.add(id);
      if (awaitsPerson(run)) runs.waitingCount++;
    }
    return started;
  }

  async #refreshNow(): Promise<void> {
    const { settings, hosts, isTrusted, onStartable } = this.#options;
    while (this.#isStale) {
      this.#isStale = false;
      const situation = { ...this.#started(), settings: settings(), hosts, isTrusted: isTrusted() };
      const holdOfAll = await queueHold(situation);
      if (this.#isDisposed) return;
      const startMs = performance.now();
      if (this.#place(situation, holdOfAll)) onStartable();
      const tookMs = performance.now() - startMs;
      // Each session that starts moves all others, and thousands may start one after the other.
      if (tookMs > SHORT_PASS_MS) await delay(tookMs * (TIME_SHARE - 1));
    }
    clearTimeout(this.#timer);
    if (this.#queuedIds.size === 0 || this.#isDisposed) return;
    this.#timer = setTimeout(() => this.refresh(), REFRESH_INTERVAL_MS).unref();
  }

  /** True where nothing holds one of the queued sessions. */
  #place(situation: QueueSituation, holdOfAll: string | undefined): boolean {
    const { model } = this.#options;
    const limits = this.limits(situation);
    const order = this.order();
    const ours = new Set(order.map(({ sessionId }) => sessionId));
    const hostHolds = new Map<string, string | undefined>();
    let isStartable = false;
    for (const id of this.#queuedIds) if (!ours.has(id)) model.setQueuePosition(id, undefined);
    for (const [index, { sessionId }] of order.entries()) {
      const facts = model.facts(sessionId);
      const host = facts.host?.name;
      if (host !== undefined && !hostHolds.has(host)) hostHolds.set(host, hostHold(host, situation));
      const placeHold = host === undefined ? holdOfAll : hostHolds.get(host);
      const heldBy = sessionHold(facts, (id) => model.find(id), limits) ?? placeHold;
      const limitEndMs = limitEnd(facts, limits);
      isStartable ||= heldBy === undefined;
      const reason = this.#isStuck ? l10n.t('a window that does not answer holds the queue') : heldBy;
      model.setQueuePosition(sessionId, {
        queuePosition: index + 1,
        ...(reason === undefined ? {} : { heldBy: reason }),
        ...(limitEndMs === undefined ? {} : { waitsUntil: new Date(limitEndMs).toISOString() }),
        ...(currentRun(facts)?.waitsFor?.asks === true ? { asksAboutLimit: true } : {}),
        ...(this.#isStuck ? { maybeGone: true } : {}),
      });
    }
    return isStartable;
  }
}

/** Whether a run that was started can go on only when a person has answered. */
export function awaitsPerson(run: RunFacts | undefined): boolean {
  return run !== undefined && run.pendingPermissions.length > 0;
}

/** The session's run that waits in the queue. */
export function queuedRun(facts: SessionFacts): RunFacts | undefined {
  const run = currentRun(facts);
  return run !== undefined && isQueued(run) ? run : undefined;
}

/** @throws CorralError SESSION_NOT_FOUND, CONFLICT where it is not queued */
export async function requireQueued(
  store: SessionStore,
  sessionId: string,
): Promise<{ facts: SessionFacts; run: RunFacts }> {
  const facts = await requireSession(store, sessionId);
  const run = queuedRun(facts);
  if (run === undefined) throw new CorralError('CONFLICT', l10n.t('This session is not waiting in the queue.'));
  return { facts, run };
}

function relevantFacts(facts: SessionFacts, run: RunFacts | undefined): string {
  return JSON.stringify([
    sessionState(facts),
    run?.runId,
    facts.title,
    facts.dependsOn,
    run?.rank,
    run?.waitingFor,
    run && restorationOf(run),
  ]);
}
