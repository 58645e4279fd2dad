import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent, EventKind, RunState } from '../../../src/storage/events';
import { EVENT_KINDS, RUN_STATES } from '../../../src/storage/events';
import type { RunSignal } from '../../../src/storage/runState';
import { nextRunState, RUN_SIGNALS, signalOf } from '../../../src/storage/runState';

const ENDS = 'completed failed stopped killed interrupted crashed lost';

/** The state after each signal, in this order. */
const SIGNALS = `unchanged  started     active      asked       answered    stopping    ${ENDS}`;
const TABLE: Record<RunState, string> = {
  queued: /*  */ `queued      starting    running     waiting     running     stopping    ${ENDS}`,
  starting: /**/ `starting    starting    running     waiting     running     stopping    ${ENDS}`,
  running: /* */ `running     running     running     waiting     running     stopping    ${ENDS}`,
  waiting: /* */ `waiting     waiting     waiting     waiting     running     stopping    ${ENDS}`,
  stopping: /**/ `stopping    stopping    stopping    stopping    stopping    stopping    ${ENDS}`,
  completed: 'completed '.repeat(13),
  failed: 'failed '.repeat(13),
  stopped: 'stopped '.repeat(13),
  killed: 'killed '.repeat(13),
  interrupted: 'interrupted '.repeat(13),
  crashed: 'crashed '.repeat(13),
  lost: 'lost '.repeat(13),
};

const words = (line: string): string[] => line.trim().split(/\s+/);

/** Data of each kind of event, the permission requests that are open after it, and the signal that it is. */
const EVENTS: { [K in EventKind]: [data: (DraftEvent & { kind: K })['data'], openRequests: number, RunSignal][] } = {
  'run.started': [[{ ordinal: 1, agent: 'a', driver: 'd', argv: ['a'], cwd: '/' }, 0, 'started']],
  'agent.session': [[{ nativeSessionId: 'n', backendType: 'claude' }, 0, 'active']],
  'turn.started': [[{ turn: 1 }, 0, 'active']],
  'turn.ended': [[{ turn: 1, stopReason: 'end_turn', failed: false }, 0, 'active']],
  message: [[{ role: 'assistant', text: 'Hello' }, 0, 'active']],
  reasoning: [[{ text: 'Hm' }, 0, 'active']],
  'tool.call': [
    [{ callId: 'c', name: 'Bash', title: 'ls', input: {}, category: 'execute', locations: [] }, 0, 'active'],
  ],
  'tool.result': [[{ callId: 'c', status: 'ok', output: '' }, 0, 'active']],
  'file.change': [[{ path: 'a', change: 'added' }, 0, 'active']],
  plan: [[{ entries: [] }, 0, 'active']],
  'permission.request': [
    [{ requestId: 'p', title: 'ls', options: [] }, 1, 'asked'],
    [{ requestId: 'p', title: 'ls', options: [] }, 2, 'asked'],
  ],
  'permission.answer': [
    [{ requestId: 'p', outcome: 'allowed' }, 0, 'answered'],
    [{ requestId: 'p', outcome: 'withdrawn' }, 0, 'answered'],
    [{ requestId: 'p', outcome: 'denied' }, 1, 'active'],
  ],
  usage: [[{ inputTokens: 1 }, 0, 'active']],
  snapshot: [[{ commit: 'c', tree: 't' }, 0, 'active']],
  output: [[{ stream: 'stdout', text: 'x' }, 1, 'active']],
  error: [[{ message: 'No' }, 0, 'active']],
  status: [
    [{ from: 'running', to: 'stopping', reason: 'Stopped by you' }, 0, 'stopping'],
    [{ from: 'running', to: 'running', reason: 'The output had to wait' }, 0, 'unchanged'],
    [{ from: 'starting', to: 'waiting', reason: 'No other state is taken from it' }, 0, 'unchanged'],
  ],
  'run.exited': words(ENDS).map((outcome) => [
    { outcome: outcome as 'completed', exitCode: 0, signal: null, reason: '' },
    1,
    outcome as RunSignal,
  ]),
};

describe('run state', () => {
  for (const state of RUN_STATES)
    it(`goes from ${state} by each signal to the state of the table`, () => {
      const next = RUN_SIGNALS.map((signal) => nextRunState(state, signal));
      assert.deepEqual(next, words(TABLE[state]));
    });

  it('knows the signals of the table, in its order', () => {
    assert.deepEqual(RUN_SIGNALS, words(SIGNALS));
  });

  for (const kind of EVENT_KINDS)
    it(`takes ${kind} for its signal`, () => {
      for (const [data, openRequests, signal] of EVENTS[kind])
        assert.equal(signalOf({ kind, data } as DraftEvent, openRequests), signal, JSON.stringify(data));
    });
});
