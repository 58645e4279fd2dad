/** kill -9 of two windows, and of their git, at random moments while they make, move, take and remove spares. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { ageUnfinishedRecords, auditSpares } from '../support/git/spareAudit';
import { processesOf, sendSignal } from '../support/processes';
import { waitFor } from '../support/wait';
import type { Scenario } from './scenario';
import { TortureFixture } from './tortureFixture';
import type { WindowProcess } from './window/windowProcess';

const KILLS_PER_STORE = 8;
const WINDOWS = 2;
/** The windows are killed within so many actions of theirs, and then at most so much later. */
const MAX_ACTIONS = 7;
const MAX_DELAY_MS = 500;
/** Being started is an action as well: then it is removed what an earlier window left. */
const ACTIONS = ['prepare', 'prepare', 'create', 'create', 'clear'] as const;
type Action = 'start' | (typeof ACTIONS)[number];

/** A window at work, and what it is doing now. */
class Worker {
  readonly window: WindowProcess;
  action: Action = 'start';
  doneCount = 0;
  created = 0;
  /** Resolves when the window was killed. */
  readonly ended: Promise<void>;

  constructor(fixture: TortureFixture, next: () => Action) {
    this.window = fixture.open();
    this.ended = this.#work(fixture.repository.path, next).catch((error: unknown) => {
      if (!this.window.isKilled) throw error;
    });
    this.ended.catch(() => undefined); // awaited once all are killed
  }

  async #work(repository: string, next: () => Action): Promise<void> {
    await this.window.recovered;
    for (;;) {
      this.doneCount++;
      this.action = next();
      if (this.action === 'create') {
        await this.window.call({ method: 'create', repository, argv: [process.execPath, '-e', ''] });
        this.created++;
      } else if (this.action === 'prepare') await this.window.call({ method: 'prepare', repository });
      else await this.window.call({ method: 'clearSpares' });
    }
  }
}

async function gitPids({ repository }: TortureFixture): Promise<number[]> {
  return (await processesOf(repository.path)).filter(({ command }) => /\bgit\b/.test(command)).map(({ pid }) => pid);
}

/** Kills the windows at random moments; a git that outlives them goes on, or is killed as well. */
async function killAll(fixture: TortureFixture, workers: readonly Worker[], isGitKilled: boolean): Promise<void> {
  await Promise.all(workers.map(async ({ window }) => await window.kill()));
  if (isGitKilled) for (const pid of await gitPids(fixture)) sendSignal(pid, 'SIGKILL');
  await waitFor(async () => (await gitPids(fixture)).length === 0, { what: 'the end of the windows’ git' });
  await Promise.all(workers.map(async ({ ended }) => await ended));
}

export const spares: Scenario = async ({ random, rounds, say }) => {
  const killed: Partial<Record<Action, number>> = {};
  let [created, left] = [0, 0];
  for (let done = 0; done < rounds;) {
    const fixture = await TortureFixture.create();
    const { paths, repository } = fixture;
    try {
      let commits = 0;
      const commit = async (): Promise<unknown> =>
        await repository.commit('Another', { 'count.txt': `${++commits}\n`, [`file ${commits % 5}`]: `${commits}\n` });
      await commit();
      for (let kill = 0; kill < KILLS_PER_STORE && done < rounds; kill++, done++) {
        const workers = Array.from({ length: WINDOWS }, () => new Worker(fixture, () => random.pick(ACTIONS)));
        const actions = random.below(MAX_ACTIONS);
        await Promise.race([
          waitFor(() => workers.some(({ doneCount }) => doneCount >= actions), { what: 'the actions of a window' }),
          ...workers.map(async ({ ended }) => await ended),
        ]);
        if (random.next() < 0.5) await commit();
        await delay(random.below(MAX_DELAY_MS)); // the random moment is what is tested
        for (const { action } of workers) killed[action] = (killed[action] ?? 0) + 1;
        await killAll(fixture, workers, random.next() < 0.5);
        created += workers.reduce((sum, worker) => sum + worker.created, 0);
        await ageUnfinishedRecords(paths);
        const window = fixture.open();
        await window.call({ method: 'settle' });
        left += await auditSpares(paths, repository, await window.call({ method: 'list' }));
        await window.close();
      }
      const last = fixture.open();
      await last.call({ method: 'settle' });
      await last.call({ method: 'prepare', repository: repository.path });
      assert.equal(await auditSpares(paths, repository, await last.call({ method: 'list' })), 1);
      await last.call({ method: 'clearSpares' });
      await fixture.untilEnded(last);
      for (const { id } of await last.call({ method: 'list' })) await last.call({ method: 'delete', sessionId: id });
      assert.equal(await auditSpares(paths, repository, await last.call({ method: 'list' })), 0);
      await last.close();
      await repository.git('fsck', '--strict');
      await fixture.checkNoProcessLeft();
    } finally {
      await fixture.remove();
    }
    say(`${done} of ${rounds} rounds`);
  }
  const counts = Object.entries(killed).map(([action, count]) => `${count} at ${action}`);
  return `${rounds * WINDOWS} windows killed (${counts.sort().join(', ')}), ${created} sessions made, ${left} spares found afterwards: none left over, none given twice, no worktree, entry or ref without an owner`;
};
