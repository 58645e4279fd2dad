import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import initSqlJs from 'sql.js';
import type { SqlJsStatic } from 'sql.js';
import * as v from 'valibot';
import { Catalog, parseFacts } from '../../../../src/storage/database/catalog';
import { createDatabase, loadCheckpoint, writeCheckpoint } from '../../../../src/storage/database/checkpoint';
import type { Connection } from '../../../../src/storage/database/connection';
import { DatabaseFile } from '../../../../src/storage/database/databaseFile';
import { CATALOG_SCHEMA, TIMELINE_SCHEMA } from '../../../../src/storage/database/schema';
import { Timeline } from '../../../../src/storage/database/timeline';
import { MAX_EVENTS_PER_QUERY } from '../../../../src/storage/timelineQueries';
import { TimelineReader } from '../../../../src/storage/database/timelineReader';
import { newId } from '../../../../src/storage/ids';
import { emptySession } from '../../../../src/storage/sessionFacts';
import { foldRecord, runOf } from '../../../../src/storage/sessionReducer';
import { projectRoot } from '../../../support/project';
import type { DraftEvent, NumberedEvent } from '../../../../src/storage/events';
import { CREATED, say } from '../storeFixture';

const TIME = '2026-03-01T08:00:00.000Z';

function readerOf(connection: Connection, timeline: Timeline): TimelineReader {
  return new TimelineReader(connection, timeline.sessionId, () => Promise.reject(new Error('no blob')));
}

describe('databases', () => {
  let engine: SqlJsStatic;
  let folder: string;
  let path: string;
  before(async () => {
    const wasm = await readFile(join(projectRoot, 'dist/sql-wasm.wasm'));
    engine = await initSqlJs({ wasmBinary: new Uint8Array(wasm).buffer });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral database '));
    path = join(folder, 'timeline.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('refuse an orphan, also after an export and a reload', async () => {
    const timeline = createDatabase(engine, TIMELINE_SCHEMA);
    const catalog = createDatabase(engine, CATALOG_SCHEMA);
    const refuse = (): void => {
      assert.throws(
        () =>
          timeline.transaction(() =>
            new Timeline(timeline, 'nobody').saveEvents('norun', 1, [{ seq: 1, timestamp: TIME, draft: say('x') }]),
          ),
        /FOREIGN KEY/,
      );
      assert.throws(
        () => new Catalog(catalog).saveAgentSession('nobody', { nativeSessionId: 'n', backendType: 'claude' }),
        /FOREIGN KEY/,
      );
    };
    refuse();
    const bytes = timeline.export();
    catalog.export();
    refuse();
    await writeCheckpoint(path, bytes, TIMELINE_SCHEMA, []);
    const reloaded = await loadCheckpoint(engine, path, TIMELINE_SCHEMA);
    assert.ok(reloaded !== undefined);
    assert.throws(
      () => new Timeline(reloaded, 'nobody').saveEvents('norun', 1, [{ seq: 1, timestamp: TIME, draft: say('x') }]),
      /FOREIGN KEY/,
    );
    for (const connection of [timeline, catalog, reloaded]) connection.close();
  });

  it('take a transaction as a whole or not at all', () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const timeline = new Timeline(connection, newId());
    assert.throws(() =>
      connection.transaction(() => {
        timeline.saveSession();
        throw new Error('half-way');
      }),
    );
    assert.deepEqual(connection.rows('SELECT count(*) FROM session', v.tuple([v.number()])), [[0]]);
    connection.transaction(() => timeline.saveSession());
    connection.close();
  });

  it('keep the order of five messages of one instant, and each only once', async () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const timeline = new Timeline(connection, newId());
    const texts = ['e', 'd', 'c', 'b', 'a'];
    for (let round = 0; round < 2; round++) {
      connection.transaction(() => {
        timeline.saveSession();
        const ordinal = timeline.saveRun('run', 1);
        for (const [position, text] of texts.entries())
          timeline.saveEvents('run', ordinal, [{ seq: position + 1, timestamp: TIME, draft: say(text, 'user') }]);
      });
    }
    const reader = readerOf(connection, timeline);
    assert.deepEqual(
      (await reader.conversation()).map(({ content }) => content),
      texts,
    );
    connection.close();
  });

  it('keep the texts of many events apart, whatever they hold', () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const timeline = new Timeline(connection, newId());
    const text = (seq: number): string => ['é', '🐑🐑', '"\\', '', '\u2028\n'][seq % 5]?.repeat(seq % 7) ?? '';
    const events = Array.from({ length: 47 }, (_, index): NumberedEvent => {
      const seq = index + 1;
      const timestamp = new Date(Date.parse(TIME) + seq).toISOString();
      const draft: DraftEvent =
        seq % 3 === 0
          ? { kind: 'output', data: { stream: 'stdout', text: text(seq) } }
          : { kind: 'reasoning', data: { text: text(seq) } };
      return seq % 2 === 0
        ? { seq, timestamp, draft }
        : { seq, timestamp, draft, json: Buffer.from(JSON.stringify(draft.data)) };
    });
    connection.transaction(() => {
      timeline.saveSession();
      timeline.saveEvents('run', timeline.saveRun('run', 2 ** 21 - 1), events);
    });
    const row = v.tuple([v.number(), v.string(), v.string(), v.string(), v.string()]);
    assert.deepEqual(
      connection.rows('SELECT id, timestamp, kind, data, typeof(id) FROM session_events ORDER BY seq', row),
      events.map(({ seq, timestamp, draft: { kind, data } }) => [
        (2 ** 21 - 1) * 2 ** 32 + seq,
        timestamp,
        kind,
        JSON.stringify(data),
        'integer',
      ]),
    );
    connection.close();
  });

  it('answer what is asked about very many events for the first of them only', () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const timeline = new Timeline(connection, newId());
    connection.transaction(() => {
      timeline.saveSession();
      const ordinal = timeline.saveRun('run', 1);
      for (const seq of [1, MAX_EVENTS_PER_QUERY, MAX_EVENTS_PER_QUERY + 1])
        timeline.saveEvents('run', ordinal, [{ seq, timestamp: TIME, draft: say('x', 'user') }]);
    });
    const reader = readerOf(connection, timeline);
    const part = { runId: 'run', fromSeq: 1, toSeq: 1e9 };
    const found = reader.findEvents({ ...part, text: '', failed: false, tool: '', file: '' });
    assert.deepEqual(found, { seqs: [1, MAX_EVENTS_PER_QUERY], counts: { message: 2 } });
    const density = reader.density({ ...part, startMs: Date.parse(TIME), stretchMs: 1 });
    assert.deepEqual(density, [{ stretch: 0, kind: 'message', count: 2 }]);
    connection.close();
  });

  it('keep runs apart that claim one ordinal, or none', () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const timeline = new Timeline(connection, newId());
    connection.transaction(() => {
      timeline.saveSession();
      assert.equal(timeline.saveRun('one', 1), 1);
      assert.equal(timeline.saveRun('one', undefined), 1);
      const others = [timeline.saveRun('two', 1), timeline.saveRun('three', undefined)];
      assert.ok(others.every((ordinal) => ordinal >= 2 ** 20 && ordinal < 2 ** 21));
      assert.equal(new Set(others).size, 2);
    });
    connection.close();
  });

  it('do not take each other for their own, nor anything else', async () => {
    const catalog = createDatabase(engine, CATALOG_SCHEMA);
    await writeCheckpoint(path, catalog.export(), TIMELINE_SCHEMA, []);
    assert.equal(await loadCheckpoint(engine, path, TIMELINE_SCHEMA), undefined);
    await writeFile(path, new engine.Database().export());
    assert.equal(await loadCheckpoint(engine, path, TIMELINE_SCHEMA), undefined);
    catalog.close();
  });

  it('use the order index for a page', () => {
    const connection = createDatabase(engine, TIMELINE_SCHEMA);
    const plan = connection.rows(
      "EXPLAIN QUERY PLAN SELECT id FROM session_events WHERE session_id = 's' AND (timestamp, seq, id) > ('t', 1, 2) ORDER BY timestamp, seq, id LIMIT 5",
      v.tuple([v.number(), v.number(), v.number(), v.string()]),
    );
    assert.match(
      plan.map((row) => row[3]).join('\n'),
      /^SEARCH session_events USING (COVERING )?INDEX session_events_order/,
    );
    assert.doesNotMatch(plan.map((row) => row[3]).join('\n'), /TEMP B-TREE/);
    connection.close();
  });

  it('are saved only where something changed, and again where saving failed', async () => {
    const file = await DatabaseFile.open({ engine, path, schema: TIMELINE_SCHEMA, readOnly: false });
    assert.equal(
      file.snapshot((source) => source),
      undefined,
    );
    file.connection.transaction(() => {
      file.connection.run('INSERT INTO session (id) VALUES (?)', 's');
      file.sources.save('s', 'session.jsonl', { offset: 10, fingerprint: 'f' });
    });
    const failing = file.snapshot(() => folder); // a folder cannot be opened for writing
    assert.ok(failing !== undefined);
    await assert.rejects(failing());
    assert.ok(file.isChanged);
    const synced: string[] = [];
    const write = file.snapshot((source) => {
      synced.push(source);
      return join(folder, 'gone');
    });
    await write?.();
    assert.deepEqual(synced, ['s/session.jsonl']);
    assert.ok(!file.isChanged);
    const reopened = await DatabaseFile.open({ engine, path, schema: TIMELINE_SCHEMA, readOnly: false });
    assert.deepEqual(reopened.sources.position('s', 'session.jsonl'), { offset: 10, fingerprint: 'f' });
    file.close();
    reopened.close();
  });

  it('keep facts whatever the titles hold, and none that this version cannot read', () => {
    const connection = createDatabase(engine, CATALOG_SCHEMA);
    const catalog = new Catalog(connection);
    const facts = emptySession(newId());
    foldRecord(facts, { ...CREATED, seq: 1, timestamp: TIME });
    facts.title = `'"; DROP TABLE sessions; -- \u0000 \ud83d\ude00`;
    runOf(facts, 'run').nativeSessionId = 'n';
    connection.transaction(() => catalog.save(facts, new Set(['run'])));
    assert.deepEqual(catalog.facts(facts.sessionId), facts);
    connection.transaction(() => connection.run('UPDATE sessions SET facts = ?', '{"sessionId":1}'));
    assert.equal(catalog.facts(facts.sessionId), undefined);
    assert.equal(parseFacts('{'), undefined);
    catalog.erase(facts.sessionId);
    assert.deepEqual(catalog.sessionIds(), []);
    assert.equal(catalog.agentSession(facts.sessionId), undefined);
    connection.close();
  });
});
