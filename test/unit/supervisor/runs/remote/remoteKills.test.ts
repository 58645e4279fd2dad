import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { bundleFixtures } from '../../../../support/project';
import { Random } from '../../../../support/random';
import { describeIf } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { killDuringChange } from '../../../../support/worktreeChanger';
import { readAll, write } from '../../git/gitFixture';
import { RemoteFixture } from './remoteFixture';

/** `npm run test:worktrees` kills more of them. */
const KILLS = Math.ceil(Number(process.env['CORRAL_WORKTREE_KILLS'] ?? 2) / 2);
const SEED = Number(process.env['CORRAL_KILL_SEED'] ?? 20_261_130);

describeIf(
  process.platform !== 'win32',
  'there is no sh',
  `windows that are killed while they change a worktree on another host (seed ${SEED})`,
  function () {
    this.timeout(120_000 + KILLS * 120_000);
    let fixture: RemoteFixture;
    let bundle = '';
    const random = new Random(SEED);
    before(async () => {
      fixture = await RemoteFixture.create();
      bundle = await bundleFixtures('supervisor/worktreeChanger.ts');
    });
    after(async () => {
      await fixture.end();
      await rm(bundle, { recursive: true });
    });

    /** How long each action takes, learned from those that ended before their kill. */
    const durationMs = { create: 3_000, delete: 3_000, undo: 3_000, erase: 3_000 };

    /** Kills a window's process at a random moment of an action. Resolves with false if the action ended first. */
    async function killDuring(action: keyof typeof durationMs, subject: string): Promise<boolean> {
      const { storageDirectory } = fixture.here;
      const change = { bundle, storageDirectory, action, subject, hosts: fixture.hosts };
      const tookMs = await killDuringChange(change, random.next() * durationMs[action]);
      if (tookMs !== undefined) durationMs[action] = tookMs;
      return tookMs === undefined;
    }

    /** A new window, once the host is connected and what the killed one left is finished. */
    async function recovered(): Promise<Supervisor> {
      const window = fixture.window();
      await window.whenRecovered();
      const isDone = async (): Promise<boolean> =>
        (await window.listSessions()).every(
          ({ state, deleted, runs, checking }) => deleted || (!checking && (state !== 'queued' || runs.length > 0)),
        );
      await waitFor(isDone, { what: 'the end of what was interrupted' });
      return window;
    }

    it(`lose nothing of a session that is deleted and restored, ${KILLS} times each`, async () => {
      const first = fixture.window();
      const { id } = await fixture.completedSession(first, 'edit notes.txt precious');
      await fixture.here.close(first);
      const folder = join(await fixture.farRepository(), '.corral', 'worktrees');
      const worktree = join(folder, (await readdir(folder))[0] ?? '');
      const cuts = { delete: 0, undo: 0 };
      for (let round = 0; Math.min(...Object.values(cuts)) < KILLS; round++) {
        await write(worktree, { 'round.txt': `${round}\n`, 'new/file': 'n\r\n' });
        const files = await readAll(worktree);
        if (await killDuring('delete', id)) cuts.delete++;
        let window = await recovered();
        if (!(await window.getSession(id)).deleted) await window.deleteSession(id);
        await fixture.here.close(window);
        if (await killDuring('undo', id)) cuts.undo++;
        window = await recovered();
        if ((await window.getSession(id)).deleted) await window.undoDelete(id);
        await fixture.here.close(window);
        assert.deepEqual(await readAll(worktree), files, `round ${round}`);
      }
      await fixture.here.repository.git('fsck', '--strict');
      await fixture.here.repository.git('-C', await fixture.farRepository(), 'fsck', '--strict');
    });

    it(`leave no half-made worktree there that nobody knows of, ${KILLS} times`, async () => {
      for (let [round, cuts] = [0, 0]; cuts < KILLS; round++) {
        if (await killDuring('create', fixture.here.repository.path)) cuts++;
        const window = await recovered();
        const sessions = await window.listSessions();
        const far = await fixture.farRepository();
        const there = await readdir(join(far, '.corral', 'worktrees')).catch(() => []);
        const idOf = (name: string): string => name.slice(name.lastIndexOf('-') + 1);
        const begun = sessions.filter(({ runs }) => runs.length > 0).map(({ id }) => id);
        assert.deepEqual(there.map(idOf).sort(), begun.sort(), `round ${round}`);
        for (const { id } of sessions.filter(({ runs }) => runs.length === 0)) {
          assert.deepEqual(await fixture.refsOf(id, far), []);
          assert.deepEqual(await fixture.refsOf(id), []);
        }
        await fixture.here.close(window);
      }
    });

    it(`erase wholly in the end, ${KILLS} times`, async () => {
      for (let cuts = 0; cuts < KILLS;) {
        const first = fixture.window();
        const { id } = await fixture.completedSession(first);
        await first.deleteSession(id);
        await fixture.here.close(first);
        if (await killDuring('erase', id)) cuts++;
        const window = await recovered();
        const isLeft = (await window.listSessions()).some((session) => session.id === id);
        if (isLeft) await window.eraseHistory(id);
        await fixture.here.close(window);
        assert.deepEqual(await fixture.farTraces(id), []);
        assert.deepEqual(await fixture.refsOf(id, await fixture.farRepository()), []);
        assert.deepEqual(await fixture.refsOf(id), []);
      }
    });
  },
);
