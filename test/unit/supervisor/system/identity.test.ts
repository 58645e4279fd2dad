import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import { identityOf, liveness, ownIdentity } from '../../../../src/supervisor/system/identity';
import { listTree } from '../../../../src/supervisor/system/processTree';
import { newId } from '../../../../src/storage/ids';
import { waitFor } from '../../../support/wait';
import { skip } from '../../../support/skip';

const forever = ['-e', 'setInterval(() => 0, 1e6)'];

describe('process identity', () => {
  it('knows this process', async () => {
    const own = await ownIdentity();
    assert.equal(own.pid, process.pid);
    assert.notEqual(own.startTime, '');
    assert.deepEqual(await identityOf(process.pid), own);
    assert.equal(await liveness(own), 'alive');
  });

  it('knows that a process has ended, and that another one with its pid is another one', async () => {
    const child = spawn(process.execPath, forever, { stdio: 'ignore' });
    const identity = await identityOf(child.pid ?? 0);
    assert.ok(identity !== undefined);
    assert.equal(await liveness(identity), 'alive');
    assert.equal(await liveness({ ...identity, startTime: `${identity.startTime}0` }), 'dead');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal(await liveness(identity), 'dead');
    assert.equal(await identityOf(identity.pid), undefined);
  });

  it('counts a zombie as dead', async function () {
    if (process.platform !== 'linux') skip(this, 'only /proc tells zombies apart');
    // A shell that starts a child and becomes a program that never asks for it.
    const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const identity = await identityOf(Number(line.toString()));
      if (identity === undefined) return; // it was quicker than this look at it
      await waitFor(async () => (await liveness(identity)) === 'dead', { what: 'the end of the child' });
      assert.equal(await identityOf(identity.pid), undefined);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('calls dead what ran before this boot, and unknown what runs elsewhere; a name of a machine can change (C1)', async () => {
    const own = await ownIdentity();
    assert.equal(await liveness({ ...own, boot: 'before' }), own.boot === '' ? 'alive' : 'dead');
    assert.equal(
      await liveness({ ...own, boot: 'before', pidNamespace: 'another' }),
      own.boot === '' ? 'unknown' : 'dead',
    );
    assert.equal(await liveness({ ...own, host: 'renamed' }), own.boot === '' ? 'unknown' : 'alive');
    assert.equal(await liveness({ ...own, host: 'elsewhere', boot: 'another' }), 'unknown');
    assert.equal(await liveness({ ...own, pidNamespace: 'another' }), 'unknown');
  });

  it('finds who carries a run’s mark, but never itself', async function () {
    if (process.platform !== 'linux') skip(this, 'only /proc shows the environment of a process');
    const runId = newId();
    const child = spawn(process.execPath, forever, { stdio: 'ignore', env: { CORRAL_RUN_ID: runId } });
    try {
      const pids = async (): Promise<number[]> => (await listTree({ runId, agent: undefined })).map(({ pid }) => pid);
      await waitFor(async () => (await pids()).length > 0, { what: 'the marked process' });
      assert.deepEqual(await pids(), [child.pid]);
      const mine = (await listTree({ runId, agent: await ownIdentity() })).map(({ pid }) => pid);
      assert.ok(mine.includes(child.pid ?? 0));
      assert.ok(!mine.includes(process.pid));
    } finally {
      child.kill('SIGKILL');
    }
  });
});
