import assert from 'node:assert/strict';
import { it } from 'mocha';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { describeIf } from '../../../../support/skip';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

/** Answers each request on the session's first port with its path. */
const SERVER = `require('node:http')
  .createServer((request, response) => response.end('from there: ' + request.url))
  .listen(Number(process.env.CORRAL_PORT), 'localhost', () => console.log('IT LISTENS'.toLowerCase()))`;

describeIf(process.platform !== 'win32', 'there is no sh', 'a port of a session on another host', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote((made) => {
    ({ fixture, window } = made);
  });

  it('is reached here until nobody needs it, also after the connection was lost', async () => {
    const serving = { agent: 'command', prompt: 'Serve', argv: [process.execPath, '-e', SERVER] };
    const [{ id }, other] = [await fixture.session(window, serving), await fixture.session(window, serving)];
    await fixture.eventWith(window, id, 'it listens');
    const { port } = await window.getSession(id);
    assert.ok(port !== undefined && port !== (await window.getSession(other.id)).port);
    const forwarded = await window.forwardPort(id, port);
    assert.deepEqual([forwarded.sessionId, forwarded.port], [id, port]);
    assert.notEqual(forwarded.localPort, port, 'the host is this machine, where that port is taken');
    assert.equal(await window.forwardPort(id, port), forwarded);
    const ask = async (path: string): Promise<string> =>
      await (await fetch(`http://127.0.0.1:${String(forwarded.localPort)}${path}`, { keepalive: false })).text();
    assert.deepEqual(await Promise.all([ask('/one'), ask('/two')]), ['from there: /one', 'from there: /two']);

    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await fixture.comeBack();
    await until(window, id, ({ host }) => host?.state === 'connected', 'the connection');
    assert.equal(await ask('/three'), 'from there: /three');

    const unused = await window.forwardPort(id, port + 1);
    await assert.rejects(fetch(`http://127.0.0.1:${String(unused.localPort)}/`));
    forwarded.dispose();
    await assert.rejects(ask('/four'));
    for (const each of [id, other.id]) await window.kill(each);
  });

  it('is no matter of a session of this computer, and has a number', async () => {
    const { path } = fixture.here.repository;
    const { id } = await window.createSession({ repository: path, agent: 'demo', prompt: 'edit notes.txt hello' });
    const there = await fixture.completedSession(window);
    for (const [session, port] of [
      [id, 8_080],
      [there.id, 0],
      [there.id, 70_000],
      [there.id, 1.5],
    ] as const)
      await assert.rejects(window.forwardPort(session, port), { code: 'INVALID_ARGUMENT' });
  });
});
