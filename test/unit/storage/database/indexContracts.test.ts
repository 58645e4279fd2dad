/** What every version has to keep: agent sessions, history, order, and what is known of a restored session. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import initSqlJs from 'sql.js';
import { Catalog } from '../../../../src/storage/database/catalog';
import { createDatabase } from '../../../../src/storage/database/checkpoint';
import { Connection, numberColumn } from '../../../../src/storage/database/connection';
import { CATALOG_SCHEMA, TIMELINE_SCHEMA } from '../../../../src/storage/database/schema';
import { Timeline } from '../../../../src/storage/database/timeline';
import { newId } from '../../../../src/storage/ids';
import { restorationOf } from '../../../../src/storage/sessionState';
import type { SessionFacts } from '../../../../src/storage/sessionFacts';
import type { StoreIndex } from '../../../../src/storage/database/storeIndex';
import { agentSession, listAll, say, started, StoreFixture, syncAll } from '../storeFixture';
import { projectRoot } from '../../../support/project';

/** Each contract is looked at in the index that read the journals, and again after close and reopen. */
const LOOKS = ['at once', 'after close and reopen'] as const;

describe('index contracts', () => {
  let store: StoreFixture;
  let index: StoreIndex;
  beforeEach(async () => {
    store = await StoreFixture.make();
    index = await store.openIndex();
  });
  afterEach(() => store.remove());

  it('refuses a message and an agent session of a session that does not exist, after export and reload as well', async () => {
    const engine = await initSqlJs({
      wasmBinary: new Uint8Array(await readFile(join(projectRoot, 'dist/sql-wasm.wasm'))).buffer,
    });
    const event = { seq: 1, timestamp: '2026-03-01T08:00:00.000Z', draft: say('hello', 'user') };
    let [timeline, catalog] = [createDatabase(engine, TIMELINE_SCHEMA), createDatabase(engine, CATALOG_SCHEMA)];
    for (let round = 0; round < 2; round++) {
      assert.throws(
        () => timeline.transaction(() => new Timeline(timeline, 'nobody').saveEvents('no run', 1, [event])),
        /FOREIGN KEY/,
      );
      assert.throws(
        () =>
          catalog.transaction(() =>
            new Catalog(catalog).saveAgentSession('nobody', { nativeSessionId: 'n', backendType: 'claude' }),
          ),
        /FOREIGN KEY/,
      );
      assert.deepEqual(timeline.rows('SELECT count(*) FROM conversation_history', numberColumn), [0]);
      const images = [timeline.export(), catalog.export()] as const;
      timeline.close();
      catalog.close();
      [timeline, catalog] = [new Connection(engine, images[0]), new Connection(engine, images[1])];
    }
    timeline.close();
    catalog.close();
  });

  for (const look of LOOKS) {
    describe(look, () => {
      const indexed = async (...sessionIds: string[]): Promise<StoreIndex> => {
        for (const sessionId of sessionIds) await syncAll(index, sessionId);
        if (look === 'at once') return index;
        for (const sessionId of sessionIds) await index.query(sessionId, 'conversation', {}); // so that a timeline is written as well
        await index.close();
        index = await store.openIndex();
        return index;
      };

      it('saves and gets an agent session', async () => {
        const sessionId = await store.makeSession();
        await store.events(sessionId, newId(), [started(1), agentSession('native', 'claude')]);
        assert.deepEqual(await (await indexed(sessionId)).agentSession(sessionId), {
          nativeSessionId: 'native',
          backendType: 'claude',
        });
      });

      it('replaces it when it is saved again for the same session', async () => {
        const sessionId = await store.makeSession();
        const runIds = [newId(), newId()];
        await store.events(sessionId, runIds[0] ?? '', [
          started(1),
          agentSession('first', 'claude'),
          agentSession('second', 'claude'),
        ]);
        await syncAll(index, sessionId);
        assert.equal((await index.agentSession(sessionId))?.nativeSessionId, 'second');
        await store.events(sessionId, runIds[1] ?? '', [started(2), agentSession('third', 'codex')]);
        assert.deepEqual(await (await indexed(sessionId)).agentSession(sessionId), {
          nativeSessionId: 'third',
          backendType: 'codex',
        });
      });

      it('finds none for a session without one, or that does not exist', async () => {
        const sessionId = await store.makeSession();
        const opened = await indexed(sessionId);
        assert.equal(await opened.agentSession(sessionId), undefined);
        assert.equal(await opened.agentSession(newId()), undefined);
      });

      for (const backendType of ['claude', 'codex', 'goose']) {
        it(`gives back the backend ${backendType} as it was saved`, async () => {
          const sessionId = await store.makeSession();
          await store.events(sessionId, newId(), [started(1), agentSession(`id of ${backendType}`, backendType)]);
          assert.deepEqual(await (await indexed(sessionId)).agentSession(sessionId), {
            nativeSessionId: `id of ${backendType}`,
            backendType,
          });
        });
      }

      it('saves and gets the conversation, long messages whole', async () => {
        const sessionId = await store.makeSession();
        const runId = newId();
        const long = 'ü'.repeat(100_000);
        await store.events(sessionId, runId, [
          started(1),
          say('hello', 'user'),
          say('not said', 'system'),
          say(long),
          { kind: 'reasoning', data: { text: 'hm' } },
          say('bye'),
        ]);
        const conversation = await (await indexed(sessionId)).query(sessionId, 'conversation', {});
        assert.deepEqual(
          conversation.map(({ role, content }) => ({ role, content })),
          [
            { role: 'user', content: 'hello' },
            { role: 'assistant', content: long },
            { role: 'assistant', content: 'bye' },
          ],
        );
        assert.ok(
          conversation.every((entry) => entry.runId === runId && entry.timestamp.startsWith('2026-03-01T08:0')),
        );
      });

      it('has an empty list for a conversation and a history that are empty', async () => {
        const sessionId = await store.makeSession();
        const opened = await indexed(sessionId);
        for (const id of [sessionId, newId()]) {
          assert.deepEqual(await opened.query(id, 'conversation', {}), []);
          assert.deepEqual(await opened.query(id, 'history', { limit: 10 }), []);
          assert.deepEqual(await opened.query(id, 'runEvents', { runId: newId(), fromSeq: 1, limit: 10 }), []);
        }
      });

      it('keeps the order of five messages of the same instant', async () => {
        const sessionId = await store.makeSession();
        const texts = ['one', 'two', 'three', 'four', 'five'];
        await store.events(sessionId, newId(), [started(1), ...texts.map((text) => say(text, 'user'))], true);
        const conversation = await (await indexed(sessionId)).query(sessionId, 'conversation', {});
        assert.deepEqual(
          conversation.map(({ content }) => content),
          texts,
        );
        assert.equal(new Set(conversation.map(({ timestamp }) => timestamp)).size, 1);
      });

      it('has one order over resumed runs', async () => {
        const sessionId = await store.makeSession();
        const runIds = [newId(), newId(), newId()];
        for (const [position, runId] of runIds.entries()) {
          await store.record(sessionId, {
            kind: 'run.queued',
            data: { runId, ordinal: position + 1, prompt: 'on', ...(position > 0 && { resumes: 'native' }) },
          });
          await store.events(sessionId, runId, [
            started(position + 1),
            say(`in ${position + 1}`, 'user'),
            say(`out ${position + 1}`),
          ]);
        }
        const opened = await indexed(sessionId);
        const events = await opened.query(sessionId, 'history', { limit: 100 });
        assert.deepEqual(
          events.map(({ runId, seq }) => [runId, seq]),
          runIds.flatMap((runId) => [1, 2, 3].map((seq) => [runId, seq])),
        );
        assert.deepEqual(
          (await opened.query(sessionId, 'conversation', {})).map(({ content }) => content),
          ['in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3'],
        );
        const fresh = await (await store.openIndex({ readOnly: true })).query(sessionId, 'history', { limit: 100 });
        assert.deepEqual(fresh, events);
      });

      it('sets what is known of a restored session, keeps them, and the first new event clears them', async () => {
        const restorationIn = (facts: SessionFacts | undefined): unknown =>
          facts?.runs[0] && restorationOf(facts.runs[0]);
        const sessionId = await store.makeSession();
        const runId = newId();
        await store.events(sessionId, runId, [started(1), say('working')]);
        await syncAll(index, sessionId);
        assert.equal(restorationIn((await listAll(index))[0]), undefined);
        await store.record(sessionId, {
          kind: 'run.closed',
          data: {
            runId,
            outcome: 'lost',
            restored: true,
            evidence: 'The machine was started again.',
            afterSeq: 2,
            recoveryHint: 'resume',
          },
        });
        const opened = await indexed(sessionId);
        const [restored] = await listAll(opened);
        assert.deepEqual(restorationIn(restored), {
          restoredAt: restored?.lastActivityAt,
          recoveryHint: 'resume',
          evidence: 'The machine was started again.',
        });
        await store.record(sessionId, { kind: 'renamed', data: { title: 'Still restored' } });
        assert.deepEqual(restorationIn((await syncAll(opened, sessionId)).facts), restorationIn(restored));
        await store.events(sessionId, runId, [say('alive')]);
        assert.equal(restorationIn((await syncAll(opened, sessionId)).facts), undefined);
        assert.equal(restorationIn((await listAll(opened))[0]), undefined);
      });
    });
  }
});
