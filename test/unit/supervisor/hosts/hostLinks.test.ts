import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'mocha';
import { sendSignal } from '../../../support/processes';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { CARRIED, script, TestHost } from './hostFixture';

const FOREVER = 'console.log("up"); setInterval(() => undefined, 1e6)';

describeIf(process.platform !== 'win32', 'there is no sh', 'the link to another host', () => {
  let host: TestHost;
  beforeEach(async () => (host = await TestHost.connect()));
  afterEach(async () => await host.close());

  /** A program on the host that runs until it is ended. */
  const startForever = async (on = host): Promise<ReturnType<typeof host.connection.start>> => {
    const running = on.connection.start(script(FOREVER, on.path('forever')));
    await new Promise((resolve) => running.stdout.once('data', resolve));
    return running;
  };

  it('tells what the host printed before its program spoke', () => {
    assert.equal(host.connection.printed, 'Welcome!');
  });

  it('is made anew by itself, and says that the end of a program is not known', async () => {
    const running = await startForever();
    process.kill(await host.serverPid(), 'SIGKILL');
    await assert.rejects(running.ended, { code: 'HOST_UNREACHABLE' });
    const state = await host.reached('unreachable');
    assert.ok(state.kind === 'unreachable' && (state.retryAtMs ?? 0) > Date.now() - 60_000);
    await assert.rejects(host.connection.run(['true']), { code: 'HOST_UNREACHABLE', message: /“test”/ });
    await host.reached('connected');
    assert.deepEqual(
      host.states.map(({ kind }) => kind),
      ['connecting', 'connected', 'unreachable', 'connecting', 'connected'],
    );
    assert.equal((await host.connection.run(['true'])).exitCode, 0);
  });

  it('takes with it what runs there when it is closed', async () => {
    await startForever();
    host.connection.close();
    await waitFor(async () => (await host.running('')).length === 0, { what: 'the end of all' });
  });

  it('takes with it what runs there when what leads to it is killed, and is made anew', async () => {
    const other = await TestHost.connect(CARRIED);
    try {
      const running = await startForever(other);
      for (const pid of await other.carriers()) sendSignal(pid, 'SIGKILL');
      await assert.rejects(running.ended, { code: 'HOST_UNREACHABLE' });
      await waitFor(async () => (await other.running('forever')).length === 0, { what: 'its end' });
      await other.reached('connected');
    } finally {
      await other.close();
    }
  });

  it('is made anew at once where somebody needs it, while what led to the last one does not end', async () => {
    const other = await TestHost.connect('"$@"; exec sleep 60 >&- 2>&-');
    try {
      const running = await startForever(other);
      process.kill(await other.serverPid(), 'SIGKILL');
      await assert.rejects(running.ended, { code: 'HOST_UNREACHABLE' });
      assert.equal((await other.connection.reconnectNow()).kind, 'connected');
      assert.equal((await other.connection.run(['true'])).exitCode, 0);
    } finally {
      await other.close();
    }
  });

  it('tells what was printed where none comes about, and since when', async () => {
    const other = await TestHost.make();
    try {
      other.entry = 'echo "No such container: dev" >&2; exit 1';
      const state = await other.connection.reconnectNow();
      assert.ok(state.kind === 'unreachable');
      assert.match(state.error.message, /“test”.*No such container: dev/);
      await assert.rejects(other.connection.probe('git'), { code: 'HOST_UNREACHABLE', message: state.error.message });
      other.entry = 'echo "It is asleep" >&2; exit 1';
      const second = await other.connection.reconnectNow();
      assert.ok(second.kind === 'unreachable');
      assert.match(second.error.message, /It is asleep/);
      assert.equal(second.sinceMs, state.sinceMs);
    } finally {
      await other.close();
    }
  });

  it('ends when the host prints into it', async () => {
    const other = await TestHost.connect('(sleep 2; echo "You have new mail") & exec "$@"');
    try {
      const state = await other.reached('unreachable');
      assert.ok(state.kind === 'unreachable');
      assert.match(state.error.message, /unknown kind/);
    } finally {
      await other.close();
    }
  });
});
