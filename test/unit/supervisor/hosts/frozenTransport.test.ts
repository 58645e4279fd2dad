import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'mocha';
import { sendSignal } from '../../../support/processes';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { CARRIED, script, TestHost } from './hostFixture';

const FOREVER = 'console.log("up"); setInterval(() => undefined, 1e6)';
const LIMIT_MS = 180_000;

describeIf(process.platform !== 'win32', 'there is no sh', 'a link to another host that stands still', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await TestHost.connect(CARRIED);
    const running = host.connection.start(script(FOREVER, host.path('forever')));
    await new Promise((resolve) => running.stdout.once('data', resolve));
  });
  afterEach(async () => await host.close());

  it('is unreachable, and there again when it goes on', async () => {
    const pid = await host.serverPid();
    sendSignal(pid, 'SIGSTOP');
    const state = await host.reached('unreachable');
    assert.ok(state.kind === 'unreachable' && state.retryAtMs === undefined);
    sendSignal(pid, 'SIGCONT');
    await host.reached('connected');
    assert.equal((await host.running('forever')).length, 1);
  });

  it('ends what runs on the host after half a minute, and is made anew', async () => {
    const carriers = await host.carriers();
    assert.equal(carriers.length, 2);
    for (const pid of carriers) sendSignal(pid, 'SIGSTOP');
    await waitFor(async () => (await host.running('forever')).length === 0, { what: 'its end', limitMs: LIMIT_MS });
    await waitFor(() => host.states.filter(({ kind }) => kind === 'connected').length === 2, {
      what: 'the next link',
      limitMs: LIMIT_MS,
    });
    assert.equal((await host.connection.run(['true'])).exitCode, 0);
  });
});
