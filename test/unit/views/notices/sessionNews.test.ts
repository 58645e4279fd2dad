import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../src/storage/events';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import { newsOf } from '../../../../src/views/notices/sessionNews';
import { sessionAfter } from '../../storage/sessionAfter';

const NOW_MS = Date.parse('2026-03-01T09:00:00.000Z');
const RUN = 'run1';
const started: DraftEvent = {
  kind: 'run.started',
  data: { ordinal: 1, agent: 'demo', driver: 'demo', argv: ['demo'], cwd: '/', environment: [] },
};
const turn: DraftEvent = { kind: 'turn.started', data: { turn: 1 } };
const asked = (requestId: string): DraftEvent => ({
  kind: 'permission.request',
  data: { requestId, title: 'Run it?', isWhole: true, options: [] },
});
const exited = (outcome: 'completed' | 'failed'): DraftEvent => ({
  kind: 'run.exited',
  data: { exitCode: 0, signal: null, outcome, reason: 'x' },
});
const warned = (used: number): DraftEvent => ({
  kind: 'status',
  data: {
    from: 'running',
    to: 'running',
    reason: '',
    budget: { scope: 'session', unit: 'tokens', used, limit: 1_000 },
  },
});

function after(...events: DraftEvent[]): SessionSummary {
  return summarize(sessionAfter([started, turn, ...events]), { checking: false });
}

const told = (session: SessionSummary, endedRunId?: string): string[] =>
  newsOf(session, NOW_MS, endedRunId).map(({ choice, name }) => `${choice}: ${name}`);

describe('what is new of a session', () => {
  it('is each question, a budget of which most is used, and a usage limit for which it waits', () => {
    assert.deepEqual(told(after()), []);
    assert.deepEqual(told(after(asked('a'), asked('b'))), ['questions: a', 'questions: b']);
    assert.deepEqual(told(after(warned(850))), ['limits: budget session tokens 1000']);
    assert.deepEqual(told(after(warned(1_000), asked('a'))), ['questions: a'], 'a budget that is used up asks');
    const waiting = { ...after(exited('failed')), waitsUntil: new Date(NOW_MS + 1).toISOString() };
    assert.deepEqual(told(waiting), ['limits: limit']);
    assert.deepEqual(told({ ...waiting, waitsUntil: new Date(NOW_MS).toISOString() }), [], 'it is over');
    assert.deepEqual(newsOf(waiting, NOW_MS)[0]?.runId, RUN);
  });

  it('is the budget of a session once over all its runs, and that of a day with each', () => {
    const session = after(warned(850));
    const later = { ...session, currentRunId: 'run2' };
    assert.deepEqual(newsOf(later, NOW_MS), newsOf(session, NOW_MS));
    const ofDay = { ...later, budget: { scope: 'day', unit: 'usd', used: 9, limit: 10 } as const };
    assert.deepEqual(newsOf(ofDay, NOW_MS)[0]?.runId, 'run2');
  });

  it('is its end, where this window saw it, and of no run that is not its last', () => {
    assert.deepEqual(told(after(exited('completed')), RUN), ['ends: end']);
    assert.deepEqual(told(after(exited('failed')), RUN), ['failures: end']);
    assert.deepEqual(told(after(exited('completed'))), [], 'it ended before');
    assert.deepEqual(told(after(exited('completed')), 'a teardown'), []);
    assert.deepEqual(told(after(), RUN), [], 'its summary is of before the end');
    assert.deepEqual(told({ ...after(exited('completed')), restored: true }, RUN), []);
  });

  it('is nothing before the fate of its run is known', () => {
    assert.deepEqual(told(summarize(sessionAfter([started, turn, asked('a')]), { checking: true })), []);
  });
});
