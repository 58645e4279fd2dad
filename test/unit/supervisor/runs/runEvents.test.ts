import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture } from '../supervisorFixture';

type Told = { kind: 'start' | 'end' } | { kind: 'events'; fromSeq: number; toSeq: number };

const SESSIONS = 12;
/** More than is read in one step, so that the end is read while events are still to come. */
const LONG_OUTPUT_BYTES = 3_000_000;

describe('events of runs', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('tells the start of many quick runs before all of their events, and the end after the last one (G2)', async () => {
    const window = fixture.window({ changes: { maxConcurrentRuns: 3 } });
    const told = new Map<string, Told[]>();
    const tell = (runId: string, event: Told): void => void told.set(runId, [...(told.get(runId) ?? []), event]);
    window.onDidStartRun(({ runId }) => tell(runId, { kind: 'start' }));
    window.onDidAppendEvents(({ appended }) => {
      for (const { runId, fromSeq, toSeq } of appended) tell(runId, { kind: 'events', fromSeq, toSeq });
    });
    window.onDidEndRun(({ runId }) => tell(runId, { kind: 'end' }));
    const ids: string[] = [];
    for (let n = 0; n < SESSIONS; n++) {
      const bytes = n === 0 ? LONG_OUTPUT_BYTES : 10;
      const argv = [process.execPath, '-e', `process.stdout.write(('x'.repeat(9) + '\\n').repeat(${bytes} / 10))`];
      const request = { repository: fixture.repository.path, prompt: `Run ${n}`, agent: 'command', argv };
      ids.push((await window.createSession(request)).id);
    }
    const ends = (): number => [...told.values()].flat().filter(({ kind }) => kind === 'end').length;
    await waitFor(() => ends() === SESSIONS, { what: 'the end of all runs', limitMs: 110_000 });
    const summaries = await Promise.all(ids.map(async (id) => await window.getSession(id)));
    for (const { runId, eventCount } of summaries.flatMap(({ runs }) => runs)) {
      const events = told.get(runId) ?? [];
      assert.equal(events[0]?.kind, 'start');
      assert.equal(events.at(-1)?.kind, 'end');
      const seqs = events.flatMap((event) => (event.kind === 'events' ? [event] : []));
      assert.deepEqual(
        seqs.map(({ fromSeq }) => fromSeq),
        [1, ...seqs.slice(0, -1).map(({ toSeq }) => toSeq + 1)],
      );
      assert.equal(seqs.at(-1)?.toSeq, eventCount);
      assert.equal(events.length, seqs.length + 2);
    }
  });
});
