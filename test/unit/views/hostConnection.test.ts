import assert from 'node:assert/strict';
import { mock } from 'node:test';
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
      { sessionChanged: unexpected, readingOn: unexpected, showWanted: unexpected, failed: unexpected, connectionChanged: unexpected },
      { request: 5, ping: 5 },
    );
    await assert.rejects(connection.request('stop', {}), /did not answer/);
    connection.receive({ type: 'answer', requestNumber: 1, result: {} });
    assert.equal(sent.length, 1);
  });

  it('waits for longer than for a lost answer while it hears that the history is read', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const shares: number[] = [];
      const connection = new HostConnection(
        () => undefined,
        { sessionChanged: unexpected, readingOn: (share) => shares.push(share), showWanted: unexpected, failed: unexpected, connectionChanged: unexpected },
        { request: 10, ping: 10 },
      );
      const answered = connection.request('stop', {});
      for (const share of [0.25, 0.5, 0.75]) {
        mock.timers.tick(9);
        connection.receive({ type: 'reading', share });
      }
      mock.timers.tick(9);
      connection.receive({ type: 'answer', requestNumber: 1, result: {} });
      await answered;
      assert.deepEqual(shares, [0.25, 0.5, 0.75]);
      const lost = connection.request('stop', {});
      mock.timers.tick(10);
      await assert.rejects(lost, /did not answer/);
    } finally {
      mock.timers.reset();
    }
  });

  it('rejects an answer of the wrong shape, and reports other messages of the wrong shape', async () => {
    const failures: string[] = [];
    const connection = new HostConnection(() => undefined, {
      sessionChanged: unexpected,
      readingOn: unexpected,
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
      {
        sessionChanged: unexpected,
        readingOn: unexpected,
        showWanted: unexpected,
        failed: unexpected,
        connectionChanged: () => changes.push(connection.lostSinceMs),
      },
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
