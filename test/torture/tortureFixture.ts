import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isId } from '../../src/storage/ids';
import { StorePaths } from '../../src/storage/paths';
import { endProcessesOf, processesOf } from '../support/processes';
import { TestRepository } from '../support/repository';
import { waitFor } from '../support/wait';
import type { EventDigest, RunJournal } from './journals';
import { checkDatabases, readRuns } from './journals';
import type { WindowOptions } from './window/windowProtocol';
import { WindowProcess } from './window/windowProcess';

/** Long enough for a machine that is several times slower. */
const END_LIMIT_MS = 120_000;

/** A store, a repository and the windows on them: what a scenario breaks and then checks. */
export class TortureFixture {
  readonly paths: StorePaths;
  readonly repository: TestRepository;
  /** The digest of every event that any window has reported, by run and `seq`. */
  readonly receivedEvents = new Map<string, Map<number, string>>();
  readonly #folder: string;
  readonly #windows = new Set<WindowProcess>();
  #receivedCount = 0;

  private constructor(folder: string, store: string, repository: TestRepository) {
    this.#folder = folder;
    this.paths = new StorePaths(store);
    this.repository = repository;
  }

  /** `store` is the store's folder; by default a temporary one. */
  static async create(store?: string): Promise<TortureFixture> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-')));
    const root = store ?? join(folder, 'the store');
    await mkdir(root, { recursive: true });
    return new TortureFixture(folder, root, await TestRepository.create());
  }

  get receivedCount(): number {
    return this.#receivedCount;
  }

  open(options: Partial<WindowOptions> = {}, preload: string[] = []): WindowProcess {
    const window = new WindowProcess(
      { storageDirectory: this.paths.root, ...options },
      (_sessionId, events) => this.#receive(events),
      preload,
    );
    this.#windows.add(window);
    return window;
  }

  async sessionIds(): Promise<string[]> {
    return (await readdir(this.paths.sessions)).filter(isId);
  }

  /** Resolves when every run has ended. */
  async untilEnded(window: WindowProcess): Promise<void> {
    await waitFor(async () => (await window.call({ method: 'list' })).every(({ isOpen }) => !isOpen), {
      what: 'the end of all runs',
      limitMs: END_LIMIT_MS,
    });
  }

  /**
   * Compares the window's history with the journals, while runs may go on. Resolves with the number of events.
   * @throws if either lacks an acknowledged event, or has one twice, changed or out of order
   */
  async check(window: WindowProcess): Promise<number> {
    let count = 0;
    const received = [...this.receivedEvents].map(([runId, events]) => ({ runId, events: new Map(events) }));
    const journals = new Map<string, RunJournal>();
    for (const sessionId of await this.sessionIds()) {
      const runs = await readRuns(this.paths, sessionId);
      for (const [runId, journal] of runs) journals.set(runId, journal);
      const written = [...runs.values()].reduce((sum, { events }) => sum + events.length, 0);
      // The newest events of a live run may not be in the index yet.
      const history = await waitFor(
        async () => {
          const events = await window.call({ method: 'history', sessionId });
          return events.length >= written && events;
        },
        { what: `the ${written} events of the journals in the history`, limitMs: END_LIMIT_MS },
      );
      count += history.length;
      for (const [runId, { events }] of runs) {
        const shown = history.filter((event) => event.runId === runId);
        assert.deepEqual(shown.slice(0, events.length), events, `the history of run ${runId} differs from its journal`);
        assert.ok(
          shown.every(({ seq }, index) => seq === index + 1),
          `the history of run ${runId} skips or repeats a number`,
        );
      }
    }
    for (const { runId, events } of received) {
      const journal = journals.get(runId);
      for (const [seq, digest] of events)
        assert.equal(
          journal?.events[seq - 1]?.digest,
          digest,
          `event ${seq} of run ${runId} was acknowledged and is lost`,
        );
    }
    return count;
  }

  /**
   * Resolves with the number of events.
   * @throws if the windows differ from each other or from the journals
   */
  async checkAgreement(windows: readonly WindowProcess[]): Promise<number> {
    let count = 0;
    for (const window of windows) count = await this.check(window);
    const lists = await Promise.all(windows.map(async (window) => await window.call({ method: 'list' })));
    for (const list of lists) assert.deepEqual(list, lists[0], 'two windows disagree on the sessions');
    for (const sessionId of await this.sessionIds()) {
      const histories = await Promise.all(
        windows.map(async (window) => await window.call({ method: 'history', sessionId })),
      );
      for (const history of histories) assert.deepEqual(history, histories[0], 'two windows disagree on an order');
    }
    return count;
  }

  async deleteDatabases(): Promise<void> {
    await checkDatabases(this.paths);
    for (const name of await readdir(this.paths.root, { recursive: true }))
      if (name.endsWith('.sqlite')) await rm(join(this.paths.root, name));
  }

  /** Ends the windows. @throws if a process stays that belongs to them */
  async checkNoProcessLeft(): Promise<void> {
    for (const window of this.#windows) await window.kill();
    this.#windows.clear();
    const left = async (): Promise<string[]> =>
      [...(await processesOf(this.paths.root)), ...(await processesOf(this.repository.path))].map(
        ({ command }) => command,
      );
    await waitFor(async () => (await left()).length === 0, { what: 'the end of every process' }).catch(async () =>
      assert.deepEqual(await left(), []),
    );
  }

  async remove(): Promise<void> {
    for (const window of this.#windows) await window.kill();
    await endProcessesOf(this.paths.root);
    await this.repository.remove();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #receive(events: EventDigest[]): void {
    for (const { runId, seq, digest } of events) {
      const run = this.receivedEvents.get(runId) ?? new Map<number, string>();
      this.receivedEvents.set(runId, run.set(seq, digest));
    }
    this.#receivedCount += events.length;
  }
}
