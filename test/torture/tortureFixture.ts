/** A store, a repository and the windows on them: what a scenario breaks, and where it looks for what was lost. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isId } from '../../src/storage/ids';
import { StorePaths } from '../../src/storage/paths';
import { endProcessesOf, processesOf } from '../support/processes';
import { TestRepository } from '../support/repository';
import { waitFor } from '../support/wait';
import type { Mark, RunJournal } from './journals';
import { checkDatabases, readRuns } from './journals';
import type { WindowOptions } from './window/windowProtocol';
import { WindowProcess } from './window/windowProcess';

/** For a machine that is several times slower. */
const END_LIMIT_MS = 120_000;

export class TortureFixture {
  readonly paths: StorePaths;
  readonly repository: TestRepository;
  /** Everything that any window was told, by run and number. */
  readonly heard = new Map<string, Map<number, string>>();
  readonly #folder: string;
  readonly #windows = new Set<WindowProcess>();
  #heardCount = 0;

  private constructor(folder: string, store: string, repository: TestRepository) {
    this.#folder = folder;
    this.paths = new StorePaths(store);
    this.repository = repository;
  }

  /** `store` is where the store lies; a folder of its own where absent. */
  static async make(store?: string): Promise<TortureFixture> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-')));
    const root = store ?? join(folder, 'the store');
    await mkdir(root, { recursive: true });
    return new TortureFixture(folder, root, await TestRepository.create());
  }

  get heardCount(): number {
    return this.#heardCount;
  }

  open(options: Partial<WindowOptions> = {}, preload: string[] = []): WindowProcess {
    const window = new WindowProcess(
      { storageDirectory: this.paths.root, ...options },
      (_sessionId, marks) => this.#hear(marks),
      preload,
    );
    this.#windows.add(window);
    return window;
  }

  async sessionIds(): Promise<string[]> {
    return (await readdir(this.paths.sessions)).filter(isId);
  }

  /** Settles when no run is open any more. */
  async untilEnded(window: WindowProcess): Promise<void> {
    await waitFor(async () => (await window.call({ method: 'list' })).every(({ isOpen }) => !isOpen), {
      what: 'the end of all runs',
      limitMs: END_LIMIT_MS,
    });
  }

  /**
   * Throws where the journals, or the window's history, lack an acknowledged event, or have one twice, changed or out of order.
   * Runs may go on meanwhile. Gives the number of events.
   */
  async check(window: WindowProcess): Promise<number> {
    let count = 0;
    const heard = [...this.heard].map(([runId, marks]) => ({ runId, marks: new Map(marks) }));
    const journals = new Map<string, RunJournal>();
    for (const sessionId of await this.sessionIds()) {
      const runs = await readRuns(this.paths, sessionId);
      for (const [runId, journal] of runs) journals.set(runId, journal);
      const written = [...runs.values()].reduce((sum, { marks }) => sum + marks.length, 0);
      // A live run's newest events are on their way into the index.
      const history = await waitFor(
        async () => {
          const marks = await window.call({ method: 'history', sessionId });
          return marks.length >= written && marks;
        },
        { what: `the ${written} events of the journals in the history`, limitMs: END_LIMIT_MS },
      );
      count += history.length;
      for (const [runId, { marks }] of runs) {
        const shown = history.filter((mark) => mark.runId === runId);
        assert.deepEqual(
          shown.slice(0, marks.length),
          marks,
          `the history of run ${runId} is not what its journal says`,
        );
        assert.ok(
          shown.every(({ seq }, index) => seq === index + 1),
          `the history of run ${runId} does not go on by one`,
        );
      }
    }
    for (const { runId, marks } of heard) {
      const journal = journals.get(runId);
      for (const [seq, digest] of marks)
        assert.equal(
          journal?.marks[seq - 1]?.digest,
          digest,
          `event ${seq} of run ${runId} was acknowledged and is lost`,
        );
    }
    return count;
  }

  /** Two windows' and the journals' word on every session, which must be the same; the last of it from an index made anew. */
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

  /** Ends the windows and throws where any process is left that has to do with them. */
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

  #hear(marks: Mark[]): void {
    for (const { runId, seq, digest } of marks) {
      const run = this.heard.get(runId) ?? new Map<number, string>();
      this.heard.set(runId, run.set(seq, digest));
    }
    this.#heardCount += marks.length;
  }
}
