import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RpcCall } from '../../../../../src/supervisor/agents/driver/jsonRpc';
import { describeRpcError, JsonRpcPeer } from '../../../../../src/supervisor/agents/driver/jsonRpc';

function connect(): { peer: JsonRpcPeer; written: string[]; calls: RpcCall[]; read: (line: string) => string } {
  const written: string[] = [];
  const calls: RpcCall[] = [];
  const peer = new JsonRpcPeer((line) => written.push(line), { jsonrpc: '2.0' });
  return { peer, written, calls, read: (line) => peer.read(line, (call) => calls.push(call)) };
}

describe('a JSON-RPC peer', () => {
  it('settles each request once, with the response of the same id', () => {
    const { peer, written, calls, read } = connect();
    const outcomes: unknown[] = [];
    peer.request('a', { x: 1 }, (outcome) => outcomes.push(['a', outcome]));
    peer.request('b', {}, (outcome) => outcomes.push(['b', outcome]));
    assert.equal(written[0], '{"jsonrpc":"2.0","id":1,"method":"a","params":{"x":1}}\n');
    assert.equal(read('{"id":2,"error":{"code":-1,"message":"no"}}'), '');
    assert.equal(read('{"id":1,"result":7}'), '');
    assert.deepEqual(outcomes, [
      ['b', { error: { code: -1, message: 'no' } }],
      ['a', { result: 7 }],
    ]);
    assert.equal(read('{"id":1,"result":7}'), '{"id":1,"result":7}', 'no request waits for it any more');
    assert.deepEqual(calls, []);
  });

  it('accepts a result only where it fits the schema', () => {
    const { peer, read } = connect();
    const heard: string[] = [];
    for (const line of [
      '{"id":1,"result":"yes"}',
      '{"id":2,"result":4}',
      '{"id":3,"error":{"code":1,"message":"no"}}',
    ]) {
      peer.requestParsed(
        'ask',
        {},
        v.string(),
        (result) => heard.push(result),
        (reason) => heard.push(reason),
      );
      assert.equal(read(line), '');
    }
    assert.deepEqual(heard, ['yes', 'it answered ask with something else than expected', 'no']);
  });

  it('hands on requests and notifications, and returns what is not a message', () => {
    const { calls, read } = connect();
    assert.equal(read('a tool printed this {"id":"r","method":"ask","params":[1]}'), 'a tool printed this ');
    assert.equal(read('{"method":"tell"}'), '');
    assert.deepEqual(calls, [
      { id: 'r', method: 'ask', params: [1] },
      { id: undefined, method: 'tell', params: undefined },
    ]);
    for (const line of ['', 'plain text', '{"neither":1}', '[]']) assert.equal(read(line), line);
  });

  it('describes an error with the words of the model service, and with the cause', () => {
    assert.equal(describeRpcError({ message: 'plain' }), 'plain');
    assert.equal(describeRpcError({ message: '{"error":{"message":"inner"}}' }), 'inner');
    assert.equal(describeRpcError({ message: 'Failed: {"error":{"message":"inner"}}' }), 'Failed: inner');
    assert.equal(describeRpcError({ message: 'outer', data: { details: 'cause' } }), 'outer: cause');
    assert.equal(describeRpcError({ message: 'same', data: { message: 'same' } }), 'same');
  });
});
