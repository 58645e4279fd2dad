import assert from 'node:assert/strict';
import { appendFile, truncate, stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { StoreIndex } from '../../../../src/storage/database/storeIndex';
import type { DraftEvent, SessionEvent } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import { encodeRecord } from '../../../../src/storage/journal/journalRecord';
import type { SessionFacts } from '../../../../src/storage/sessionFacts';
import type { DraftSessionRecord } from '../../../../src/storage/sessionRecords';
import { readJournalEvents } from '../../../../src/supervisor/history/journalEvents';
import { exited, say, started, StoreFixture, syncAll } from '../../storage/storeFixture';

const queued = (runId: string, ordinal: number): DraftSessionRecord => ({
  kind: 'run.queued',
  data: { runId, ordinal, prompt: 'x' },
});

describe('events of a session from its journals', () => {
  let store: StoreFixture;
  let index: StoreIndex;
  let sessionId: string;
  beforeEach(async () => {
    store = await StoreFixture.make();
    index = await store.openIndex();
    sessionId = await store.makeSession();
  });
  afterEach(() => store.remove());

  async function makeRun(ordinal: number, events: DraftEvent[]): Promise<string> {
    const runId = newId();
    await store.record(sessionId, queued(runId, ordinal));
    await store.events(sessionId, runId, events);
    return runId;
  }

  async function facts(): Promise<SessionFacts> {
    return (await syncAll(index, sessionId)).facts ?? assert.fail();
  }

  async function early(
    known: SessionFacts,
    runId: string,
    fromSeq: number,
    limit = 30,
  ): Promise<SessionEvent[] | undefined> {
    return await readJournalEvents(store.paths.session(sessionId), known, { runId, fromSeq, limit });
  }

  async function appendLine(runId: string, seq: number, kind: string, data: unknown): Promise<void> {
    const timestamp = '2026-04-01T00:00:00.000Z';
    await appendFile(store.paths.session(sessionId).run(runId).events, encodeRecord({ seq, timestamp, kind, data }));
  }

  it('are those of the index, of each run and everywhere in it', async () => {
    const texts = Array.from({ length: 600 }, (_, number) => say(`${number} \ud800 \u0000 é ${'x'.repeat(number)}`));
    const runIds = [
      await makeRun(1, [started(1), ...texts, exited]),
      await makeRun(2, [started(2), say('short'), exited]),
      await makeRun(3, [started(3), ...texts]), // it is still written
    ];
    await appendLine(runIds[2] ?? '', 602, 'from.the.future', { a: { __proto__: null } });
    const known = await facts();
    for (const runId of runIds)
      for (const fromSeq of [1, 2, 3, 4, 77, 300, 571, 590, 601, 602, 603, 604])
        assert.deepEqual(
          await early(known, runId, fromSeq),
          await index.query(sessionId, 'runEvents', { runId, fromSeq, limit: 30 }),
          `run ${runIds.indexOf(runId)} from ${fromSeq}`,
        );
  });

  it('are left to the index where a record is damaged or doubled, of which the first counts', async () => {
    const runId = await makeRun(1, [started(1), say('first'), say('second')]);
    const before = await facts();
    await appendLine(runId, 2, 'message', { role: 'assistant', text: 'again' });
    assert.equal(await early(before, runId, 2), undefined);
    await appendLine(runId, 4, 'message', { role: 'assistant', text: 'on' });
    assert.equal(await early(await facts(), runId, 4), undefined);
    const [event] = await index.query(sessionId, 'runEvents', { runId, fromSeq: 2, limit: 1 });
    assert.deepEqual(event?.data, { role: 'assistant', text: 'first' });
  });

  it('are left to the index where the journal is shorter than it was', async () => {
    const runId = await makeRun(1, [started(1), say('first'), say('second')]);
    const before = await facts();
    const { events } = store.paths.session(sessionId).run(runId);
    await truncate(events, (await stat(events)).size - 1);
    assert.equal(await early(before, runId, 1), undefined);
  });

  it('are left to the index where two runs have one number, or a run has none', async () => {
    const twins = [await makeRun(1, [started(1)]), await makeRun(1, [started(1)])];
    const unnumbered = newId();
    await store.events(sessionId, unnumbered, [say('no beginning')]);
    const known = await facts();
    for (const runId of [...twins, unnumbered, newId()]) assert.equal(await early(known, runId, 1), undefined);
  });
});
