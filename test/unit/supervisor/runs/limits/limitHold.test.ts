import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RunFacts, SessionFacts } from '../../../../../src/storage/sessionFacts';
import { emptyRun, emptySession } from '../../../../../src/storage/sessionFacts';
import type { LimitWait } from '../../../../../src/storage/sessionRecords';
import { limitEnd, limitHold } from '../../../../../src/supervisor/runs/limits/limitHold';
import { waitAfter } from '../../../../../src/supervisor/runs/limits/limitWait';

const NOW_MS = new Date(2026, 2, 1, 8).getTime();
const MINUTE_MS = 60_000;
const iso = (minutes: number): string => new Date(NOW_MS + minutes * MINUTE_MS).toISOString();

function waiting(
  id: string,
  minutes: number,
  run: Partial<RunFacts> = {},
  more: Partial<LimitWait> = {},
): SessionFacts {
  const waitsFor = { notBefore: iso(minutes), account: 'claude', attempt: 1, ...more };
  return { ...emptySession(id), runs: [{ ...emptyRun(`run of ${id}`), queuedAt: iso(-9), waitsFor, ...run }] };
}

function holdOf(facts: SessionFacts, others: SessionFacts[] = [], startedIds: string[] = [], nowMs = NOW_MS): unknown {
  const waits = new Map([facts, ...others].flatMap(({ sessionId, runs: [run] }) => (run ? [[sessionId, run]] : [])));
  return limitHold(facts, { nowMs, staggerMs: 10_000, waits, startedIds: new Set(startedIds) });
}

const FOLLOWS = 'the usage limit is over; another session of this account starts first';

describe('a session that waits for a usage limit', () => {
  it('says until when, and with which day, and goes on then', () => {
    const clock = new Date(NOW_MS + 90 * MINUTE_MS).toLocaleTimeString(undefined, {
      hour: '2-digit',
      minute: '2-digit',
    });
    assert.equal(holdOf(waiting('a', 90)), `waits for the usage limit until ${clock}`);
    assert.match(String(holdOf(waiting('a', 3 * 24 * 60))), /until \S.*4.*, /);
    assert.equal(holdOf(waiting('a', 0)), undefined);
    assert.equal(holdOf(waiting('a', -600)), undefined, 'no window was open then');
    assert.equal(holdOf(emptySession('a')), undefined);
  });

  it('waits no longer than a limit can last, whatever became of the clock', () => {
    assert.equal(holdOf(waiting('a', 40 * 24 * 60)), undefined);
  });

  it('lets one of its account go first and follows at a distance, while another account does not mind', () => {
    const [own, sibling] = [waiting('a', -1), waiting('b', -1)];
    assert.equal(holdOf(own, [sibling]), undefined, 'the first');
    assert.equal(holdOf(own, [sibling], ['b']), FOLLOWS, 'it is being started');
    const started = (ageMs: number): SessionFacts =>
      waiting('b', -1, { eventState: 'running', startedAt: new Date(NOW_MS - ageMs).toISOString() });
    assert.equal(holdOf(own, [started(9_999)], ['b']), FOLLOWS);
    assert.equal(holdOf(own, [started(10_000)], ['b']), undefined);
    assert.equal(holdOf(own, [started(-10_000)], ['b']), undefined, 'the clock was set back');
    for (const more of [{ account: 'claude-work' }, { window: 'seven_day' }])
      assert.equal(holdOf(own, [waiting('b', -1, {}, more)], ['b']), undefined);
  });

  it('waits on with the first one that was refused again, and not with one that was refused before', () => {
    const own = waiting('a', -1);
    const limits = (other: SessionFacts): number | undefined => {
      const waits = new Map([own, other].flatMap(({ sessionId, runs: [run] }) => (run ? [[sessionId, run]] : [])));
      return limitEnd(own, { nowMs: NOW_MS, staggerMs: 10_000, waits, startedIds: new Set() });
    };
    assert.equal(limits(waiting('b', 30, { queuedAt: iso(0) })), NOW_MS + 30 * MINUTE_MS);
    assert.equal(limits(waiting('b', 30, { queuedAt: iso(-10) })), NOW_MS - MINUTE_MS);
    assert.equal(limits(waiting('b', 30, { queuedAt: iso(0) }, { account: 'codex' })), NOW_MS - MINUTE_MS);
  });
});

describe('the wait for a usage limit', () => {
  const after = (run: Partial<RunFacts>): LimitWait | undefined =>
    waitAfter({ ...emptyRun('r'), limit: {}, ...run }, 'claude', NOW_MS);

  it('lasts until the reset', () => {
    assert.deepEqual(after({ limit: { resetsAt: iso(90), window: 'five_hour' } }), {
      notBefore: iso(90),
      account: 'claude',
      attempt: 1,
      window: 'five_hour',
    });
  });

  it('is tried again at growing distances where no end is known or it is over, and is given up at last', () => {
    const minutes: unknown[] = [];
    let wait: LimitWait | undefined;
    for (let index = 0; index < 12; index++) {
      const resetsAt = index % 2 === 0 ? {} : { resetsAt: iso(index === 1 ? -5 : 50 * 24 * 60) };
      wait = after({ limit: resetsAt, ...(wait === undefined ? {} : { waitsFor: wait }) });
      minutes.push(wait === undefined ? 'given up' : (Date.parse(wait.notBefore) - NOW_MS) / MINUTE_MS);
    }
    assert.deepEqual(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
    assert.ok(wait);
    assert.equal(after({ waitsFor: wait }), undefined);
    const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: 0, costUsd: 0 };
    assert.equal(after({ waitsFor: wait, usage })?.attempt, 1, 'it has worked in between');
  });
});
