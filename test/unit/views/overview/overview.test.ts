import assert from 'node:assert/strict';
import { newId } from '../../../../src/storage/ids';
import type { RunSummary, SessionSummary } from '../../../../src/supervisor/api';
import { overviewOf } from '../../../../src/views/overview/overview';
import { MAX_LANES } from '../../../../src/protocol/overviewProtocol';
import { MemorySource, SESSION } from '../timeline/memorySource';

const NOW_MS = Date.parse('2026-03-10T12:00:00.000Z');
const HOUR_MS = 3_600_000;
const ago = (hours: number): string => new Date(NOW_MS - hours * HOUR_MS).toISOString();

function usage(inputTokens: number, costUsd = 0): RunSummary['usage'] {
  return { inputTokens, outputTokens: 1, cachedTokens: 2, costUsd };
}

describe('the overview', () => {
  let base: SessionSummary;
  before(async () => {
    base = await new MemorySource().getSession(SESSION);
  });

  function session(change: Partial<SessionSummary>, ...runs: Partial<RunSummary>[]): SessionSummary {
    const made = runs.map((run, index): RunSummary => ({
      runId: newId(),
      agent: change.agent ?? base.agent,
      ordinal: index + 1,
      state: 'completed',
      eventCount: 5,
      turns: 1,
      usage: usage(10),
      ...run,
    }));
    const currentRunId = made.at(-1)?.runId;
    return {
      ...base,
      id: newId(),
      status: 'Completed',
      state: 'completed',
      runs: made,
      ...(currentRunId !== undefined && { currentRunId }),
      ...change,
    };
  }

  it('shows what ran in the time, the latest first, and what became of each run', () => {
    const running = session(
      { title: 'a', status: 'Running', state: 'running', lastActivityAt: ago(0) },
      { state: 'failed', startedAt: ago(30), endedAt: ago(29) },
      { state: 'running', startedAt: ago(2) },
    );
    const asking = session(
      { title: 'b', status: 'Running', state: 'waiting', needsInput: true, since: ago(1), lastActivityAt: ago(1) },
      { state: 'waiting', startedAt: ago(3) },
    );
    const cutOff = session(
      { title: 'c', status: 'Running', state: 'running', restored: true, since: ago(5), lastActivityAt: ago(6) },
      { state: 'running', startedAt: ago(8), lastEventAt: ago(7) },
    );
    const stopped = session(
      { title: 'd', status: 'Failed', state: 'stopped', lastActivityAt: ago(10) },
      { state: 'stopped', startedAt: ago(12), endedAt: ago(10) },
    );
    const old = session({ title: 'e', lastActivityAt: ago(40) }, { startedAt: ago(50), endedAt: ago(40) });
    const queued = session(
      { title: 'f', status: 'Starting', state: 'queued', queuePosition: 1, lastActivityAt: ago(0) },
      { state: 'queued' },
    );
    const overview = overviewOf([old, stopped, cutOff, asking, running, queued], 1, 'UTC', NOW_MS);
    assert.deepEqual(
      overview.lanes.map(({ title, runs }) => [
        title,
        ...runs.map(({ look, startMs, endMs }) => [look, (NOW_MS - startMs) / HOUR_MS, (NOW_MS - endMs) / HOUR_MS]),
      ]),
      [
        ['a', ['running', 2, 0]],
        ['b', ['waiting', 3, 0]],
        ['c', ['cutOff', 8, 7]],
        ['d', ['stopped', 12, 10]],
      ],
    );
    assert.deepEqual(overview.counts, { running: 1, completed: 0, failed: 0, stopped: 1 });
    assert.deepEqual(
      overview.needsYou.map(({ sessionId }) => sessionId),
      [cutOff.id, asking.id],
    );
    const week = overviewOf([running, old], 7, 'UTC', NOW_MS);
    assert.deepEqual(
      week.lanes.map(({ title, runs }) => [title, runs.map(({ look }) => look)]),
      [
        ['a', ['failed', 'running']],
        ['e', ['completed']],
      ],
    );
  });

  it('sums tokens and cost by the day on which a run started, where the reader is', () => {
    const late = { startedAt: '2026-03-08T23:30:00.000Z', endedAt: '2026-03-09T02:00:00.000Z' };
    const sessions = [
      session(
        { agent: 'claude' },
        { ...late, usage: usage(100, 0.5) },
        { startedAt: '2026-03-09T08:00:00.000Z', endedAt: '2026-03-09T09:00:00.000Z', usage: usage(7, 0.25) },
      ),
      session({ agent: 'codex' }, { ...late, usage: usage(30) }),
      session({ agent: 'claude' }, { ...late, usage: usage(1, 1) }),
    ];
    const sums = (timeZone: string): unknown[] =>
      overviewOf(sessions, 7, timeZone, NOW_MS).usage.map(({ day, agent, inputTokens, outputTokens, costUsd }) => [
        day,
        agent,
        inputTokens,
        outputTokens,
        costUsd,
      ]);
    assert.deepEqual(sums('UTC'), [
      ['2026-03-08', 'claude', 101, 2, 1.5],
      ['2026-03-08', 'codex', 30, 1, 0],
      ['2026-03-09', 'claude', 7, 1, 0.25],
    ]);
    assert.deepEqual(sums('Europe/Paris'), [
      ['2026-03-09', 'claude', 108, 3, 1.75],
      ['2026-03-09', 'codex', 30, 1, 0],
    ]);
  });

  it('draws a bounded number of sessions, counts the others, and sums over all', () => {
    const many = Array.from({ length: MAX_LANES + 3 }, () => session({}, { startedAt: ago(3), endedAt: ago(2) }));
    const overview = overviewOf(many, 1, 'UTC', NOW_MS);
    assert.deepEqual(
      [overview.lanes.length, overview.hiddenLanes, overview.counts.completed],
      [MAX_LANES, 3, MAX_LANES + 3],
    );
    assert.equal(overview.usage[0]?.inputTokens, (MAX_LANES + 3) * 10);
  });

  it('has nothing to show where nothing ran', () => {
    const { lanes, usage: days, needsYou } = overviewOf([], 30, 'UTC', NOW_MS);
    assert.deepEqual([lanes, days, needsYou], [[], [], []]);
  });
});
