import assert from 'node:assert/strict';
import { HostConnection } from '../../../media/hostConnection';
import { RUN } from './memorySource';

function unexpected(): never {
  assert.fail('nothing was to arrive');
}

describe('HostConnection', () => {
  it('ends a request that is never answered, and ignores an answer that is too late', async () => {
    const sent: unknown[] = [];
    const connection = new HostConnection(
      (each) => sent.push(each),
      { sessionChanged: unexpected, showWanted: unexpected, failed: unexpected, connectionChanged: unexpected },
      { request: 5, ping: 5 },
    );
    await assert.rejects(connection.request('stop', {}), /did not answer/);
    connection.receive({ type: 'answer', requestNumber: 1, result: {} });
    assert.equal(sent.length, 1);
  });

  it('rejects an answer of the wrong shape, and reports other messages of the wrong shape', async () => {
    const failures: string[] = [];
    const connection = new HostConnection(() => undefined, {
      sessionChanged: unexpected,
      failed: (reason) => failures.push(reason),
      showWanted: unexpected,
      connectionChanged: unexpected,
    });
    const request = connection.request('seqAt', { runId: RUN, timeMs: 1 });
    connection.receive({ type: 'answer', requestNumber: 1, result: { seq: 0 } });
    await assert.rejects(request, /not valid/);
    connection.receive({ type: 'session', session: {} });
    connection.receive('x');
    assert.equal(failures.length, 2);
  });

  it('is lost when a ping is not answered, since the last word that was heard, and back with the next', async () => {
    const sent: unknown[] = [];
    const changes: (number | undefined)[] = [];
    const beforeMs = Date.now();
    const connection: HostConnection = new HostConnection(
      (each) => sent.push(each),
      { sessionChanged: unexpected, showWanted: unexpected, failed: unexpected, connectionChanged: () => changes.push(connection.lostSinceMs) },
      { request: 60_000, ping: 5 },
    );
    await Promise.all([connection.ping(), connection.ping()]);
    await connection.ping();
    assert.equal(sent.length, 2, 'one at a time');
    assert.equal(changes.length, 1);
    assert.ok((changes[0] ?? 0) >= beforeMs && (changes[0] ?? Infinity) <= Date.now());
    connection.receive({ type: 'answer', requestNumber: 2, result: {} });
    assert.deepEqual(changes.slice(1), [undefined], 'also an answer that is too late is a word');
    const answered = connection.ping();
    connection.receive({ type: 'rejection', requestNumber: 3, message: 'What?' });
    await answered;
    assert.equal(connection.lostSinceMs, undefined);
  });
});
