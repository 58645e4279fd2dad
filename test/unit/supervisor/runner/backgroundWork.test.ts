import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TOLERANCE_MS } from '../../../../src/supervisor/runner/backgroundWork';
import { identityOf } from '../../../../src/supervisor/system/identity';
import { readDetails } from '../../../../src/supervisor/system/processTable';
import { waitFor } from '../../../support/wait';
import type { TestRun } from './runnerFixture';
import { fixturePath, LIMIT_MS, RunnerFixture } from './runnerFixture';

const HOW = [
  ['tells of it (D1)', 'told'],
  ['says nothing of it, by its processes, of which helpers are not counted (D1)', 'untold'],
] as const;

describe('runner: an agent with work of its own in the background', () => {
  let fixture: RunnerFixture;
  beforeEach(async () => {
    fixture = await RunnerFixture.create();
  });
  afterEach(async () => {
    await fixture.dispose();
  });

  async function pidIn(name: string): Promise<number> {
    return await waitFor(async () => Number(await readFile(join(fixture.cwd, name), 'utf8')) || undefined, {
      what: `the process in ${name}`,
    });
  }

  async function begin(how: string): Promise<{ run: TestRun; pids: number[] }> {
    const run = await fixture.run([process.execPath, fixturePath('backgroundAgent.mjs'), how], { driver: 'claude' });
    await run.launch();
    const helper = await pidIn('helper');
    // So old that no command can have started it.
    const ageMs = async (): Promise<number> => (await readDetails([helper])).get(helper)?.ageMs ?? 0;
    await waitFor(async () => (await ageMs()) > 3 * TOLERANCE_MS, { what: 'the age of the helper' });
    await writeFile(join(fixture.cwd, 'begin'), '');
    await waitFor(async () => (await run.of('tool.call')).length === 1, { what: 'the command' });
    await writeFile(join(fixture.cwd, 'run'), '');
    await waitFor(async () => (await tasksOf(run)).at(-1) === 1, { what: 'the background task' });
    return { run, pids: [helper, await pidIn('command')] };
  }

  for (const [title, how] of HOW)
    it(`goes on until the work has ended, where the agent ${title}`, async () => {
      const { run } = await begin(how);
      const client = await run.connect();
      // The turn is over, and the agent would go at once if its input were closed.
      assert.equal((await run.of('turn.ended')).length, 1);
      await client.request('ping', {}, LIMIT_MS);
      await writeFile(join(fixture.cwd, 'stop'), '');
      assert.deepEqual(await run.end(), { outcome: 'completed', exitCode: 0, signal: null, reason: 'Completed' });
      assert.deepEqual(await tasksOf(run), [1, 0]);
      const said = (await run.of('message')).flatMap(({ role, text }) => (role === 'assistant' ? [text] : []));
      assert.deepEqual(said, how === 'told' ? ['It runs.', 'It has ended, with the input open.'] : ['It runs.']);
      assert.equal((await run.of('turn.ended')).length, how === 'told' ? 2 : 1);
    });

  it('is stopped with all that it started (D1)', async () => {
    const { run, pids } = await begin('told');
    await (await run.connect()).request('stop', {}, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'stopped');
    for (const pid of pids) assert.equal(await identityOf(pid), undefined, `process ${pid} lives`);
  });
});

/** The numbers of background tasks that the run told, in order. */
async function tasksOf(run: TestRun): Promise<number[]> {
  return (await run.of('status')).flatMap(({ backgroundTasks }) => backgroundTasks ?? []);
}
