import assert from 'node:assert/strict';
import { mock } from 'node:test';
import * as v from 'valibot';
import { ExtensionHostClient, UnknownOutcomeError } from '../../../../../media/timeline/model/extensionHostClient';
import type { HostListener } from '../../../../../media/timeline/model/extensionHostClient';
import { RUN } from '../../../views/timeline/memorySource';

function unexpected(): never {
  assert.fail('an unexpected call of the listener');
}

/** A listener that must not be called. */
const QUIET: HostListener = {
  sessionChanged: unexpected,
  asidesChanged: unexpected,
  readingOn: unexpected,
  showWanted: unexpected,
  focusWanted: unexpected,
  detailChosen: unexpected,
  messageReturned: unexpected,
  failed: unexpected,
  connectionChanged: unexpected,
};

/** Collects the requests that a client sends. */
class Sent {
  readonly requests: { requestNumber: number; method: string }[] = [];
  readonly post = (message: unknown): void => {
    this.requests.push(v.parse(v.object({ requestNumber: v.number(), method: v.string() }), message));
  };

  numberOf(index: number): number {
    return this.requests.at(index)?.requestNumber ?? -1;
  }
}

describe('ExtensionHostClient', () => {
  it('rejects a request that is not answered in time, and ignores a late answer', async () => {
    const sent = new Sent();
    const connection = new ExtensionHostClient(sent.post, QUIET, { request: 5, ping: 5 });
    await assert.rejects(connection.request('openFile', { path: 'a' }), /did not answer/);
    connection.receive({ type: 'answer', requestNumber: sent.numberOf(0), result: {} });
    assert.equal(sent.requests.length, 1);
  });

  it('waits longer while it is told that the history is being read', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const shares: number[] = [];
      const sent = new Sent();
      const connection = new ExtensionHostClient(
        sent.post,
        { ...QUIET, readingOn: (share) => shares.push(share) },
        { request: 10, ping: 10 },
      );
      const answered = connection.request('openFile', { path: 'a' });
      for (const share of [0.25, 0.5, 0.75]) {
        mock.timers.tick(9);
        connection.receive({ type: 'reading', share });
      }
      mock.timers.tick(9);
      connection.receive({ type: 'answer', requestNumber: sent.numberOf(0), result: {} });
      await answered;
      assert.deepEqual(shares, [0.25, 0.5, 0.75]);
      const lost = connection.request('openFile', { path: 'a' });
      mock.timers.tick(10);
      await assert.rejects(lost, /did not answer/);
    } finally {
      mock.timers.reset();
    }
  });

  it('rejects a request with an invalid answer, and reports other invalid messages', async () => {
    const failures: string[] = [];
    const sent = new Sent();
    const connection = new ExtensionHostClient(sent.post, { ...QUIET, failed: (reason) => failures.push(reason) });
    const request = connection.request('seqAt', { runId: RUN, timeMs: 1 });
    connection.receive({ type: 'answer', requestNumber: sent.numberOf(0), result: { seq: 0 } });
    await assert.rejects(request, /not valid/);
    connection.receive({ type: 'session', session: {} });
    connection.receive('x');
    assert.equal(failures.length, 2);
  });

  it('is lost since the last message when a ping is not answered, and back with the next message', async () => {
    const sent = new Sent();
    const changes: (number | undefined)[] = [];
    const beforeMs = Date.now();
    const connection: ExtensionHostClient = new ExtensionHostClient(
      sent.post,
      { ...QUIET, connectionChanged: () => changes.push(connection.lostSinceMs) },
      { request: 60_000, ping: 5 },
    );
    await Promise.all([connection.ping(), connection.ping()]);
    await connection.ping();
    assert.equal(sent.requests.length, 2, 'one at a time');
    assert.equal(changes.length, 1);
    assert.ok((changes[0] ?? 0) >= beforeMs && (changes[0] ?? Infinity) <= Date.now());
    connection.receive({ type: 'answer', requestNumber: sent.numberOf(1), result: {} });
    assert.deepEqual(changes.slice(1), [undefined], 'a late answer shows that the extension is there');
    const answered = connection.ping();
    connection.receive({ type: 'rejection', requestNumber: sent.numberOf(2), message: 'What?' });
    await answered;
    assert.equal(connection.lostSinceMs, undefined);
  });

  it('waits for actions on the session without a limit, but not without a connection', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const sent = new Sent();
      const connection = new ExtensionHostClient(
        sent.post,
        { ...QUIET, connectionChanged: () => undefined },
        { request: 10, ping: 10 },
      );
      const stopped = connection.request('stop', {});
      const answered = connection.request('send', { text: 'x' });
      mock.timers.tick(1_000);
      connection.receive({ type: 'answer', requestNumber: sent.numberOf(0), result: {} });
      await stopped;
      const lost = connection.ping();
      mock.timers.tick(10);
      await assert.rejects(answered, UnknownOutcomeError);
      await lost;
      assert.notEqual(connection.lostSinceMs, undefined);
    } finally {
      mock.timers.reset();
    }
  });

  it('numbers requests so that answers to an earlier page match none', () => {
    const first = (): number => {
      const sent = new Sent();
      void new ExtensionHostClient(sent.post, QUIET).request('stop', {});
      return sent.numberOf(0);
    };
    // The first number is random in a range so large that two are never close to each other.
    const [one, other] = [first(), first()];
    assert.ok(
      Number.isSafeInteger(one) && Number.isSafeInteger(other) && Math.abs(one - other) > 1,
      `${String(one)} ${String(other)}`,
    );
  });
});
