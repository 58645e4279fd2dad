import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { SessionSummary } from '../../src/supervisor/api';
import type { Supervisor } from '../../src/supervisor/supervisor';

/** What a phase cost the window's process, with its threads. */
export interface PhaseCost {
  seconds: number;
  /** Of one core, 1 for all of it. */
  coreShare: number;
  /** How long the window's thread did not answer, at worst and in 99 of 100 looks. */
  worstDelayMs: number;
  p99DelayMs: number;
  memoryMb: number;
}

/** Measures the process in which the window is. */
export class WindowWatch {
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 10 });
  /** How old the newest event of a row was when the window told of it, in milliseconds. */
  #rowAges: number[] = [];
  /** The sessions that are followed, as the window told of them last. */
  readonly #rows = new Map<string, SessionSummary | undefined>();

  constructor(window: Supervisor, followedIds: readonly string[]) {
    for (const id of followedIds) this.#rows.set(id, undefined);
    this.#delay.enable();
    window.onDidChangeSessions(({ sessionIds }) => {
      for (const id of sessionIds) if (this.#rows.has(id)) void this.#look(window, id);
    });
  }

  /** Of the sessions that are followed, those of which that is true. */
  rows(isSo: (session: SessionSummary) => boolean): SessionSummary[] {
    return [...this.#rows.values()].filter((session) => session !== undefined && isSo(session)) as SessionSummary[];
  }

  takeRowAges(): number[] {
    const ages = this.#rowAges;
    this.#rowAges = [];
    return ages;
  }

  async measure(work: () => Promise<void>): Promise<PhaseCost> {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    this.#delay.reset();
    await work();
    const { user, system } = process.cpuUsage(before);
    const seconds = (performance.now() - startMs) / 1_000;
    return {
      seconds,
      coreShare: (user + system) / 1e6 / seconds,
      worstDelayMs: this.#delay.max / 1e6,
      p99DelayMs: this.#delay.percentile(99) / 1e6,
      memoryMb: process.memoryUsage().rss / 1024 / 1024,
    };
  }

  async #look(window: Supervisor, id: string): Promise<void> {
    try {
      const session = await window.getSession(id);
      const { lastActivityAt } = session;
      if (lastActivityAt !== this.#rows.get(id)?.lastActivityAt)
        this.#rowAges.push(Date.now() - Date.parse(lastActivityAt));
      this.#rows.set(id, session);
    } catch {
      // The window is being closed.
    }
  }
}
