import { messageOf } from '../../common/errors';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import { currentRun, isOpen, isQueued, queueRank, restorationOf, sessionState } from '../../storage/sessionState';
import type { Disposable } from '../../common/disposable';
import { dependencyHold } from '../sessions/dependencies';
import { readFreeMemory } from '../system/processTable';
import type { SessionModel } from '../sessions/sessionModel';
import type { SupervisorSettings } from '../settings';
import type { Log } from '../../common/log';

/** What no record tells (free memory, trust, a window that was killed while it started runs) is looked at this often while something waits. */
const LOOK_EVERY_MS = 2_000;
const MEBIBYTE = 1024 * 1024;

export interface QueuePositionsOptions {
  model: SessionModel;
  settings: () => SupervisorSettings;
  isTrusted: () => boolean;
  log: Log;
  /** Something waits that nothing holds. */
  onStartable: () => void;
}

/** A session that waits, with the run that is to be started. */
export interface QueuedSession {
  sessionId: string;
  run: RunFacts;
}

/** Which sessions wait, in which order and what for, as far as this window has heard; it tells the model, which shows it. */
export class QueuePositions implements Disposable {
  readonly #options: QueuePositionsOptions;
  readonly #subscription: Disposable;
  readonly #waiting = new Set<string>();
  readonly #underWay = new Set<string>();
  /** What of a session matters to those that wait; other changes cost nothing. */
  readonly #seen = new Map<string, string>();
  #isArranging = false;
  #isChanged = false;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(options: QueuePositionsOptions) {
    this.#options = options;
    this.#subscription = options.model.changed.event(({ sessionIds }) => this.#markChanged(sessionIds));
    this.#markChanged(options.model.ids());
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** First the one that starts next. */
  order(): QueuedSession[] {
    const waiting = [...this.#waiting].flatMap((sessionId) => {
      const run = this.#options.model.has(sessionId) ? queuedRun(this.#options.model.facts(sessionId)) : undefined;
      return run === undefined ? [] : [{ sessionId, run }];
    });
    return waiting.sort((a, b) => queueRank(a.run) - queueRank(b.run) || (a.run.runId < b.run.runId ? -1 : 1));
  }

  /** Why no further run may start beside so many; undefined where there is room. */
  async roomHold(underWay: number): Promise<string | undefined> {
    const { maxConcurrentRuns, minimumFreeMemoryMiB } = this.#options.settings();
    if (underWay >= maxConcurrentRuns) return `${underWay} of ${maxConcurrentRuns} running`;
    // With nothing under way none would ever give memory back.
    if (underWay === 0 || minimumFreeMemoryMiB === 0) return undefined;
    const freeMiB = (await readFreeMemory()) / MEBIBYTE;
    return freeMiB < minimumFreeMemoryMiB
      ? `${Math.round(freeMiB)} MB of memory are free, ${minimumFreeMemoryMiB} MB are kept`
      : undefined;
  }

  /** Why the session must not start before others; undefined where nothing of them holds it. */
  dependencyHold(facts: SessionFacts): string | undefined {
    const { model } = this.#options;
    return dependencyHold(facts, (id) => (model.has(id) ? model.facts(id) : undefined));
  }

  /** Looks at all places again, soon. */
  reschedule(): void {
    this.#isChanged = true;
    if (this.#isArranging) return;
    this.#isArranging = true;
    this.#rescheduleNow()
      .catch((error: unknown) => this.#options.log.error(`The queue: ${messageOf(error)}`))
      .finally(() => {
        this.#isArranging = false;
        if (this.#isChanged) this.reschedule();
      });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#subscription.dispose();
    clearTimeout(this.#timer);
  }

  #markChanged(sessionIds: readonly string[]): void {
    let isNews = false;
    for (const id of sessionIds) {
      const facts = this.#options.model.has(id) ? this.#options.model.facts(id) : undefined;
      const run = facts === undefined ? undefined : currentRun(facts);
      const seen =
        facts === undefined
          ? ''
          : JSON.stringify([
              sessionState(facts),
              run?.runId,
              facts.title,
              facts.dependsOn,
              run?.rank,
              run && restorationOf(run),
            ]);
      if (this.#seen.get(id) === seen) continue;
      this.#seen.set(id, seen);
      isNews = true;
      const waits = run !== undefined && isQueued(run);
      if (waits) this.#waiting.add(id);
      else if (this.#waiting.delete(id)) this.#options.model.setQueuePosition(id, undefined);
      if (run !== undefined && isOpen(run) && !waits) this.#underWay.add(id);
      else this.#underWay.delete(id);
    }
    if (isNews && this.#waiting.size > 0) this.reschedule();
  }

  async #rescheduleNow(): Promise<void> {
    const { model, isTrusted, onStartable } = this.#options;
    let isStartable = false;
    while (this.#isChanged) {
      this.#isChanged = false;
      isStartable = false;
      const roomHold = await this.roomHold(this.#underWay.size);
      if (this.#isDisposed) return;
      for (const [index, { sessionId }] of this.order().entries()) {
        const heldBy =
          this.dependencyHold(model.facts(sessionId)) ??
          roomHold ??
          (isTrusted() ? undefined : 'no window is open whose workspace is trusted');
        isStartable ||= heldBy === undefined;
        model.setQueuePosition(sessionId, { queuePosition: index + 1, ...(heldBy === undefined ? {} : { heldBy }) });
      }
    }
    clearTimeout(this.#timer);
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.reschedule(), LOOK_EVERY_MS).unref();
    if (isStartable) onStartable();
  }
}

/** The session's run that waits for its turn. */
export function queuedRun(facts: SessionFacts): RunFacts | undefined {
  const run = currentRun(facts);
  return run !== undefined && isQueued(run) ? run : undefined;
}
