import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { processesOf } from '../../../../support/processes';
import { bundleFixtures } from '../../../../support/project';
import { Random } from '../../../../support/random';
import { describeIf } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { killDuringChange } from '../../../../support/worktreeChanger';
import { until } from '../../supervisorFixture';
import { RemoteFixture } from './remoteFixture';

/** `npm run test:worktrees` kills more of them. */
const KILLS = Math.ceil(Number(process.env['CORRAL_WORKTREE_KILLS'] ?? 2) / 2);
const SEED = Number(process.env['CORRAL_KILL_SEED'] ?? 20_261_130);
/** A window at work on what is killed here takes about so long. */
const WINDOW_MS = 2_500;

const isAway = ({ host }: SessionSummary): boolean => host?.state === 'unreachable';

describeIf(
  process.platform !== 'win32',
  'there is no sh',
  `a session that is forgotten while its host is away (seed ${SEED})`,
  function () {
    this.timeout(120_000 + KILLS * 120_000);
    let fixture: RemoteFixture;
    let window: Supervisor;
    let bundle = '';
    const random = new Random(SEED);
    before(async () => {
      fixture = await RemoteFixture.create();
      bundle = await bundleFixtures('supervisor/worktreeChanger.ts');
      window = fixture.window();
    });
    after(async () => {
      await fixture.end();
      await rm(bundle, { recursive: true });
    });

    /** Kills a window at a random moment of its work. */
    async function killDuring(action: 'forget' | 'finish' | 'eraseHere', subject: string): Promise<void> {
      const { storageDirectory } = fixture.here;
      const change = { bundle, storageDirectory, action, subject, hosts: fixture.hosts };
      await killDuringChange(change, random.next() * WINDOW_MS);
    }

    const placesThere = async (id: string): Promise<string[]> => {
      const traces = await fixture.farTraces(id);
      return ['worktrees', 'trash'].filter((place) =>
        traces.some((path) => path.includes(`.corral/${place}/`) && path.endsWith(id)),
      );
    };
    const records = async (id: string, kind: string): Promise<number> => {
      const path = join(fixture.here.storageDirectory, 'sessions', id, 'session.jsonl');
      return (await readFile(path, 'utf8')).split(`"kind":"${kind}"`).length - 1;
    };
    const isFinished = async (id: string): Promise<boolean> => (await placesThere(id)).length === 0;
    const runners = async (): Promise<number> =>
      (await processesOf(fixture.home)).filter(({ command }) => command.includes('runner.js')).length;
    const goAway = async (id: string): Promise<void> => {
      await fixture.cut({ isDown: true });
      await until(window, id, isAway, 'the cut');
    };

    it('is deleted there once that is back, in whichever window, and can be undone after that', async () => {
      const { id } = await fixture.completedSession(window);
      await goAway(id);
      await assert.rejects(window.deleteSession(id), { code: 'HOST_UNREACHABLE' });
      await window.deleteSession(id, { forgetHere: true });
      const forgotten = await window.getSession(id);
      assert.deepEqual([forgotten.deleted, forgotten.host?.remains], [true, true]);
      assert.deepEqual(await placesThere(id), ['worktrees']);
      await fixture.here.close(window);
      await fixture.comeBack();
      window = fixture.window();
      await waitFor(async () => await isFinished(id), { what: 'its deletion there' });
      const deleted = await until(window, id, ({ host }) => host?.remains === undefined, 'the record of that');
      assert.equal(deleted.deleted, true);
      await window.undoDelete(id);
      assert.deepEqual(await placesThere(id), ['worktrees']);
      assert.equal((await window.getSession(id)).deleted, false);
    });

    it('while it runs, whose run is stopped then, and whose last work is kept', async () => {
      const { id } = await fixture.session(window, { prompt: 'slow 20 20ms; edit late.txt late; slow 3000 20ms' });
      await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 35, 'its work');
      await goAway(id);
      await window.deleteSession(id, { forgetHere: true });
      assert.equal((await window.getSession(id)).state, 'stopping');
      assert.equal(await runners(), 1, 'nobody could tell the run there');
      await fixture.comeBack();
      await waitFor(async () => await isFinished(id), { what: 'its deletion there' });
      const session = await until(window, id, ({ host }) => host?.remains === undefined, 'the record of that');
      assert.deepEqual([session.state, session.deleted], ['stopped', true]);
      assert.equal(await runners(), 0);
      await window.undoDelete(id);
      const { changes } = await (await window.worktree(id)).changes();
      assert.deepEqual(
        changes.map(({ path }) => path),
        ['late.txt'],
      );
    });

    it('is as before there where that is undone before', async () => {
      const { id } = await fixture.completedSession(window);
      await goAway(id);
      await window.deleteSession(id, { forgetHere: true });
      await window.undoDelete(id);
      const { deleted, host } = await window.getSession(id);
      assert.deepEqual([deleted, host?.remains], [false, undefined]);
      await fixture.comeBack();
      await until(window, id, (now) => now.host?.state === 'connected', 'the host');
      await window.sendMessage(id, 'edit more.txt again');
      await until(window, id, ({ status, runs }) => status === 'Completed' && runs.length === 2, 'its next run');
      assert.equal(await records(id, 'deleted'), 0);
      assert.deepEqual(await placesThere(id), ['worktrees']);
    });

    it('is deleted there once where two windows see it come back', async () => {
      const { id } = await fixture.completedSession(window);
      await goAway(id);
      await window.deleteSession(id, { forgetHere: true });
      const other = fixture.window();
      await other.whenRecovered();
      assert.equal((await other.getSession(id)).host?.remains, true);
      const before = fixture.here.logged.length;
      await fixture.comeBack();
      await waitFor(async () => await isFinished(id), { what: 'its deletion there' });
      for (const each of [window, other])
        await until(each, id, ({ host }) => host?.remains === undefined && host?.state === 'connected', 'each window');
      assert.equal(await records(id, 'deleted'), 1);
      assert.deepEqual(
        fixture.here.logged.slice(before).filter((line) => line.startsWith('error')),
        [],
      );
      await fixture.here.close(other);
    });

    it('also where its host is in the setting no more', async () => {
      const { id } = await fixture.completedSession(window);
      await fixture.here.close(window);
      window = fixture.here.window();
      await assert.rejects(window.deleteSession(id), { code: 'HOST_UNKNOWN' });
      await window.deleteSession(id, { forgetHere: true });
      assert.equal((await window.getSession(id)).host?.remains, true);
      await fixture.here.close(window);
      window = fixture.window();
      await waitFor(async () => await isFinished(id), { what: 'its deletion there' });
    });

    const isErased = async (id: string): Promise<boolean> => (await fixture.farTraces(id)).length === 0;

    it('is erased there too once that is back, where its history was erased here', async () => {
      const [running, deleted] = [
        await fixture.session(window, { prompt: 'edit late.txt late; slow 3000 20ms' }),
        await fixture.completedSession(window),
      ];
      await until(window, running.id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 15, 'its work');
      await window.deleteSession(deleted.id);
      await goAway(running.id);
      await assert.rejects(window.eraseHistory(running.id, { forgetHere: true }), { code: 'RUNNING' });
      await window.deleteSession(running.id, { forgetHere: true });
      for (const { id } of [running, deleted]) {
        await assert.rejects(window.eraseHistory(id), { code: 'HOST_UNREACHABLE' });
        await window.eraseHistory(id, { forgetHere: true });
        await assert.rejects(window.getSession(id), { code: 'SESSION_NOT_FOUND' });
        assert.deepEqual(await fixture.refsOf(id), []);
        assert.equal(await isErased(id), false);
      }
      assert.equal(await runners(), 1);
      await fixture.here.close(window);
      await fixture.comeBack();
      window = fixture.window();
      const remains = join(fixture.here.storageDirectory, 'remains');
      await waitFor(async () => (await readdir(remains)).length === 0, { what: 'the end of both there' });
      const far = await fixture.farRepository();
      for (const { id } of [running, deleted]) {
        assert.deepEqual(await fixture.farTraces(id), []);
        assert.deepEqual([...(await fixture.refsOf(id, far)), ...(await fixture.refsOf(id))], []);
      }
      assert.equal(await runners(), 0);
    });

    it(`lets no killed window leave it half forgotten or half deleted, ${KILLS} times each`, async () => {
      for (let round = 0; round < KILLS; round++) {
        const { id } = await fixture.session(window, { prompt: 'edit late.txt late; slow 3000 20ms' });
        await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 15, 'its work');
        await goAway(id);
        await fixture.here.close(window);
        await killDuring('forget', id);
        window = fixture.window();
        await window.whenRecovered();
        const { deleted } = await window.getSession(id);
        if (!deleted) await window.deleteSession(id, { forgetHere: true });
        assert.equal((await window.getSession(id)).host?.remains, true);
        await fixture.here.close(window);
        await fixture.comeBack();
        await killDuring('finish', id);
        window = fixture.window();
        await waitFor(async () => await isFinished(id), { what: `its deletion there, round ${round}` });
        await until(window, id, ({ host }) => host?.remains === undefined, 'the record of that');
        assert.equal(await records(id, 'deleted'), 1);
        assert.equal(await runners(), 0);
        await window.undoDelete(id);
        assert.deepEqual(await placesThere(id), ['worktrees']);
      }
    });

    it(`lets no killed window leave it half erased, ${KILLS} times each`, async () => {
      for (let round = 0; round < KILLS; round++) {
        const { id } = await fixture.completedSession(window);
        await goAway(id);
        await window.deleteSession(id, { forgetHere: true });
        await fixture.here.close(window);
        await killDuring('eraseHere', id);
        window = fixture.window();
        await window.whenRecovered();
        const isLeft = (await window.listSessions()).some((session) => session.id === id);
        if (isLeft) await window.eraseHistory(id, { forgetHere: true });
        await fixture.here.close(window);
        await fixture.comeBack();
        await killDuring('finish', id);
        window = fixture.window();
        await waitFor(async () => await isErased(id), { what: `the end of it there, round ${round}` });
        await waitFor(async () => (await fixture.refsOf(id)).length === 0, {
          what: `the end of its refs, round ${round}`,
        });
      }
    });
  },
);
