import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import type { SessionFacts } from '../../../../../src/storage/sessionFacts';
import { foldEvent, foldRecord } from '../../../../../src/storage/sessionReducer';
import type { DraftSessionRecord } from '../../../../../src/storage/sessionRecords';
import { nextRequest } from '../../../../../src/supervisor/runs/prompts/nextRequest';
import { sessionAfter } from '../../../storage/sessionAfter';

const timestamp = '2026-03-01T08:00:00.000Z';
const host = { name: 'far', kind: 'ssh', machineId: 'm' } as const;
const moved = (more: object = {}): DraftSessionRecord => ({
  kind: 'moved.to.host',
  data: { host, path: '/w', repository: '/r', port: 4000, ...more },
});
const back = (more: object = {}): DraftSessionRecord => ({
  kind: 'continued.here',
  data: { worktreePath: '/w', port: 4000, ...more },
});
const carried = { nativeSessionId: 'n' };

const session: DraftEvent = { kind: 'agent.session', data: { nativeSessionId: 'n', backendType: 'claude' } };

function after(...records: DraftSessionRecord[]): SessionFacts {
  const facts = sessionAfter([session]);
  records.forEach((record, index) => foldRecord(facts, { ...record, seq: index + 1, timestamp }));
  return facts;
}

const asked = async (facts: SessionFacts): Promise<{ prompt: string; resumes?: string }> =>
  await nextRequest(
    facts,
    async () => await Promise.resolve([{ runId: 'run1', role: 'user', content: 'Do it', timestamp: '' }]),
    'Go on',
    [],
  );

describe('the next request to an agent whose session went on elsewhere', () => {
  it('resumes its own session wherever that went along', async () => {
    for (const records of [
      [moved(carried)],
      [moved(carried), back(carried)],
      [moved(carried), back(carried), moved(carried)],
      [moved(carried), moved({ ...carried, host: { ...host, name: 'farther' } })],
    ])
      assert.deepEqual(await asked(after(...records)), { prompt: 'Go on', resumes: 'n', attachments: [] });
  });

  it('tells the story where it did not, as where older versions recorded nothing of that', async () => {
    for (const records of [
      [moved()],
      [moved(carried), back()],
      [moved(), back(carried), moved()],
      [moved({ nativeSessionId: 'of another agent' })],
    ]) {
      const { prompt, resumes } = await asked(after(...records));
      assert.match(prompt, /User: Do it[^]*Go on$/);
      assert.equal(resumes, undefined);
    }
  });

  it('tells the story where the agent could not resume at the new place', async () => {
    const facts = after(moved(carried));
    foldRecord(facts, {
      kind: 'run.queued.remote',
      data: { runId: 'run2', ordinal: 2, prompt: 'Go on', resumes: 'n' },
      seq: 2,
      timestamp,
    });
    const refusal: DraftEvent[] = [
      { kind: 'turn.started', data: { turn: 1 } },
      { kind: 'run.exited', data: { outcome: 'failed', exitCode: 1, signal: null, reason: 'No such session' } },
    ];
    refusal.forEach((event, index) =>
      foldEvent(facts, { ...event, id: index, sessionId: 's', runId: 'run2', seq: index + 1, timestamp }),
    );
    const { prompt, resumes } = await asked(facts);
    assert.match(prompt, /User: Do it[^]*Go on$/);
    assert.equal(resumes, undefined);
  });
});
