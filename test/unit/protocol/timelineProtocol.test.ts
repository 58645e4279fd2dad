import assert from 'node:assert/strict';
import * as v from 'valibot';
import {
  TIMELINE_REQUESTS,
  hostMessageSchema,
  pageMessageSchema,
  savedStateSchema,
} from '../../../src/protocol/timelineProtocol';

const SESSION = 'aaaaaaaaaaaa';
const RUN = 'bbbbbbbbbbbb';
const event = {
  id: 4294967297,
  sessionId: SESSION,
  runId: RUN,
  seq: 1,
  timestamp: '2026-01-05T09:00:00.000Z',
  kind: 'message',
  data: { role: 'user', text: 'x' },
};

describe('the timeline protocol', () => {
  it('takes each request in its own shape only', () => {
    const request = (method: string, parameters: unknown): unknown => ({
      type: 'request',
      requestNumber: 1,
      method,
      parameters,
    });
    const good = [
      request('ready', {}),
      request('ping', {}),
      request('events', { runId: RUN, fromSeq: 1, limit: 200 }),
      request('event', { runId: RUN, seq: 2 }),
      request('seqAt', { runId: RUN, timeMs: 5 }),
      request('answer', { runId: RUN, requestId: 'r', optionId: 'o' }),
      request('send', { text: 'x' }),
      request('stop', {}),
      request('interrupt', {}),
      request('copyLink', { runId: RUN, seq: 1 }),
      request('showSnapshot', { commit: 'a'.repeat(40) }),
      request('searchHistory', { text: 'x' }),
      request('resume', {}),
      request('openFile', { path: 'a' }),
      request('openPayload', { runId: RUN, seq: 1, field: 'text' }),
      request('copyField', { runId: RUN, seq: 1, field: 'output' }),
    ];
    for (const message of good) assert.ok(v.is(pageMessageSchema, message), JSON.stringify(message));
    const bad = [
      request('events', { runId: RUN, fromSeq: 1.5, limit: 1 }),
      request('events', { runId: RUN, fromSeq: 1, limit: 201 }),
      request('seqAt', { runId: RUN, timeMs: '5' }),
      request('answer', { requestId: 'r', optionId: 'o' }),
      request('searchHistory', { text: '' }),
      request('kill', {}),
      request('toString', {}),
      { ...event },
      { type: 'request', requestNumber: -1, method: 'stop', parameters: {} },
      { type: 'x', requestNumber: 1, method: 'stop', parameters: {} },
      null,
    ];
    for (const message of bad) assert.ok(!v.is(pageMessageSchema, message), JSON.stringify(message));
  });

  it('refuses events whose data has not the shape of their kind', () => {
    const { result } = TIMELINE_REQUESTS.events;
    assert.deepEqual(v.parse(result, { events: [event] }), { events: [event] });
    assert.deepEqual(v.parse(result, { events: [{ ...event, cut: { text: 99 } }] }).events[0]?.cut, { text: 99 });
    for (const wrong of [
      { ...event, data: { role: 'user' } },
      { ...event, data: { role: 'robot', text: '' } },
      { ...event, kind: 'unheard.of' },
      { ...event, kind: '__proto__' },
      { ...event, seq: 0 },
      { ...event, runId: 'x' },
      { ...event, cut: { text: 'x' } },
    ]) {
      assert.ok(!v.is(result, { events: [wrong] }), JSON.stringify(wrong));
    }
  });

  it('takes no other message of the extension', () => {
    assert.ok(v.is(hostMessageSchema, { type: 'failure', message: 'x' }));
    assert.ok(v.is(hostMessageSchema, { type: 'answer', requestNumber: 1, result: {} }));
    for (const wrong of [
      { type: 'session', session: {} },
      { type: 'rejection', requestNumber: 1 },
      { type: 'reading', share: 1.5 },
      { type: 'answer' },
      { type: 'other' },
      'ready',
      undefined,
    ]) {
      assert.ok(!v.is(hostMessageSchema, wrong), JSON.stringify(wrong));
    }
  });

  it('takes no saved state that it did not write', () => {
    assert.ok(v.is(savedStateSchema, { sessionId: SESSION }));
    assert.ok(v.is(savedStateSchema, { sessionId: SESSION, runId: RUN, position: { runId: RUN, seq: 3 }, draft: 'x' }));
    for (const wrong of [
      undefined,
      {},
      { sessionId: '../../etc' },
      { sessionId: SESSION, position: { runId: RUN, seq: 0 } },
      { sessionId: SESSION, position: 5 },
    ]) {
      assert.ok(!v.is(savedStateSchema, wrong), JSON.stringify(wrong));
    }
  });
});
