import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RunOutcome } from '../../../../src/storage/events';
import type { SessionFacts } from '../../../../src/storage/sessionFacts';
import type { DraftSessionRecord, SessionRecordData } from '../../../../src/storage/sessionRecords';
import { foldEvent, foldRecord } from '../../../../src/storage/sessionReducer';
import { emptySession } from '../../../../src/storage/sessionFacts';
import { awaitsJobEnd } from '../../../../src/storage/sessionState';
import { summarize, type LiveFacts } from '../../../../src/supervisor/sessions/summary';

const timestamp = '2026-03-01T08:00:00.000Z';
const created: SessionRecordData<'created.job'> = {
  ...{ title: 'T', prompt: 'P', agent: 'demo', repository: '/r', baseCommit: 'b', worktreePath: '' },
  permissionMode: 'ask',
  host: { name: 'cluster', kind: 'slurm', machineId: 'slurm/c' },
};

/** A session on a cluster whose run ended in that way, where it has begun. */
function sessionOf(outcome?: RunOutcome): SessionFacts {
  const facts = emptySession('s');
  record(facts, { kind: 'created.job', data: created });
  record(facts, { kind: 'run.queued.job', data: { runId: 'r', ordinal: 1, prompt: 'P' } });
  if (outcome === undefined) return facts;
  const data = { outcome, reason: 'By itself', exitCode: null, signal: null };
  foldEvent(facts, { ...{ id: 1, sessionId: 's', runId: 'r', seq: 1, timestamp }, kind: 'run.exited', data });
  return facts;
}

function record(facts: SessionFacts, draft: DraftSessionRecord): void {
  foldRecord(facts, { ...draft, seq: 1, timestamp });
}

function endJob(facts: SessionFacts, state: string): void {
  record(facts, { kind: 'job.ended', data: { runId: 'r', jobId: '12', state, reason: `Slurm: ${state}` } });
}

const live = (job: LiveFacts['job']): LiveFacts => ({
  checking: false,
  ...(job === undefined ? {} : { job }),
});

describe('a run that is a job', () => {
  it('is held by what its scheduler says while it waits', () => {
    const summary = summarize(sessionOf(), live({ runId: 'r', id: '12', state: 'PENDING', reason: 'Resources' }));
    assert.deepEqual([summary.state, summary.heldBy], ['queued', 'Slurm: Resources']);
    assert.deepEqual(summary.host, {
      ...{ name: 'cluster', kind: 'slurm', state: 'idle' },
      job: { id: '12', state: 'PENDING', reason: 'Resources' },
    });
    const begun = summarize(sessionOf(), live({ runId: 'r', id: '12', state: 'RUNNING' }));
    assert.deepEqual([begun.state, begun.heldBy], ['queued', undefined]);
    const other = summarize(sessionOf(), live({ runId: 'another', id: '11', state: 'PENDING' }));
    assert.equal(other.host?.job, undefined);
  });

  const states = ['CANCELLED', 'PREEMPTED', 'TIMEOUT', 'OUT_OF_MEMORY', 'COMPLETED', 'FORGOTTEN'] as const;
  it('ends by the scheduler’s word where its own says less', () => {
    const ends = (outcome: RunOutcome): string[] =>
      states.map((state) => {
        const facts = sessionOf(outcome);
        endJob(facts, state);
        const summary = summarize(facts, live(undefined));
        assert.equal(summary.host?.job?.state, state);
        return `${summary.state}: ${summary.failureReason ?? ''}`;
      });
    const byScheduler = [
      'interrupted: Slurm: CANCELLED',
      'interrupted: Slurm: PREEMPTED',
      'interrupted: Slurm: TIMEOUT',
      'crashed: Slurm: OUT_OF_MEMORY',
    ];
    for (const outcome of ['crashed', 'failed', 'lost'] as const)
      assert.deepEqual(ends(outcome), [...byScheduler, `${outcome}: By itself`, `${outcome}: By itself`]);
    assert.deepEqual(ends('interrupted'), [...byScheduler, 'interrupted: By itself', 'interrupted: Slurm: FORGOTTEN']);
    for (const outcome of ['stopped', 'killed'] as const)
      assert.deepEqual(new Set(ends(outcome)), new Set([`${outcome}: By itself`]));
    assert.deepEqual(new Set(ends('completed')), new Set(['completed: ']));
  });

  it('waits for that word only where it can say more', () => {
    for (const [outcome, isAwaited] of [
      ['interrupted', true],
      ['failed', true],
      ['completed', false],
      ['stopped', false],
    ] as const) {
      const facts = sessionOf(outcome);
      assert.deepEqual(facts.runs.map(awaitsJobEnd), [isAwaited], outcome);
      endJob(facts, 'FORGOTTEN');
      assert.deepEqual(facts.runs.map(awaitsJobEnd), [false]);
    }
    assert.deepEqual(sessionOf().runs.map(awaitsJobEnd), [false]);
  });
});
