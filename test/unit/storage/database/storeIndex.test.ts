import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, stat, unlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { EVENT_KINDS } from '../../../../src/storage/events';
import type { DraftEvent, SessionEvent } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import { CorralError } from '../../../../src/storage/errors';
import { agentSession, exited, listAll, say, started, StoreFixture, historyOf, syncAll } from '../storeFixture';
import { skip } from '../../../support/skip';

const run = promisify(execFile);

/** One of each kind. */
const EVERY_KIND: DraftEvent[] = [
  started(1),
  agentSession('native 1', 'claude'),
  { kind: 'turn.started', data: { turn: 1 } },
  say('do it', 'user'),
  { kind: 'reasoning', data: { text: 'hm' } },
  {
    kind: 'tool.call',
    data: {
      callId: 'c1',
      name: 'Bash',
      title: 'ls',
      input: { command: 'ls', nested: [null, 1.5, 'ü'] },
      category: 'execute',
      locations: [{ path: '/w t/a', line: 3 }],
    },
  },
  {
    kind: 'permission.request',
    data: { requestId: 'p1', title: 'Run ls', options: [{ optionId: 'y', name: 'Yes', kind: 'allow_once' }] },
  },
  { kind: 'permission.answer', data: { requestId: 'p1', outcome: 'allowed', optionId: 'y' } },
  { kind: 'tool.result', data: { callId: 'c1', status: 'ok', output: 'a\nb' } },
  { kind: 'file.change', data: { path: 'a', change: 'modified', addedLines: 1, removedLines: 2 } },
  { kind: 'plan', data: { entries: [{ text: 'first', status: 'pending' }] } },
  { kind: 'usage', data: { inputTokens: 10, outputTokens: 5, costUsd: 0.1 } },
  { kind: 'snapshot', data: { commit: 'c'.repeat(40), tree: 'd'.repeat(40) } },
  { kind: 'output', data: { stream: 'stderr', text: '\u001b[31mred' } },
  { kind: 'error', data: { message: 'try again', retrying: true } },
  { kind: 'status', data: { from: 'running', to: 'running', reason: 'Paused: the disk was full.' } },
  { kind: 'turn.ended', data: { turn: 1, stopReason: 'end_turn', failed: false } },
  exited,
];

describe('store index', () => {
  let store: StoreFixture;
  beforeEach(async () => {
    store = await StoreFixture.make();
  });
  afterEach(() => store.remove());

  it('stores and reads every kind of event', async () => {
    assert.deepEqual([...new Set(EVERY_KIND.map(({ kind }) => kind))].sort(), [...EVENT_KINDS].sort());
    const sessionId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, EVERY_KIND);
    const index = await store.openIndex();
    const { facts, appended } = await syncAll(index, sessionId);
    assert.deepEqual(appended, [{ runId, fromSeq: 1, toSeq: EVERY_KIND.length }]);
    assert.equal(facts?.runs[0]?.eventState, 'completed');
    const events = await historyOf(index, sessionId);
    assert.deepEqual(
      events.map(({ kind, data }) => ({ kind, data })),
      EVERY_KIND,
    );
    assert.deepEqual(
      events.map(({ id }) => id),
      EVERY_KIND.map((_, position) => 2 ** 32 + position + 1),
    );
    assert.ok(events.every((event) => event.sessionId === sessionId && event.runId === runId));
    assert.deepEqual(await index.query(sessionId, 'runEvents', { runId, fromSeq: 3, limit: 2 }), events.slice(2, 4));
    assert.deepEqual(
      await index.query(sessionId, 'history', {
        limit: 2,
        kinds: ['plan', 'usage', 'error'],
        afterId: events[10]?.id ?? 0,
      }),
      [events[11], events[14]],
    );
    await assert.rejects(
      index.query(sessionId, 'history', { limit: 2, afterId: 5 }),
      (error) => error instanceof CorralError && error.code === 'INVALID_ARGUMENT',
    );
  });

  it('pages through several runs in one order', async () => {
    const runIds = [newId(), newId(), newId()];
    const sessionId = await store.makeSession();
    for (const [position, runId] of runIds.entries()) {
      await store.record(sessionId, { kind: 'run.queued', data: { runId, ordinal: position + 1, prompt: 'go' } });
      await store.events(
        sessionId,
        runId,
        [started(position + 1), ...Array.from({ length: 20 }, (_, count) => say(`${position} ${count}`))],
        position === 1,
      );
    }
    const index = await store.openIndex();
    const pages: SessionEvent[] = [];
    for (;;) {
      const last = pages.at(-1);
      const page = await index.query(sessionId, 'history', {
        limit: 7,
        afterId: last?.id,
      });
      pages.push(...page);
      if (page.length < 7) break;
    }
    assert.deepEqual(pages, await historyOf(index, sessionId));
    assert.deepEqual(
      pages.map(({ id }) => id),
      [...pages]
        .sort((a, b) => a.timestamp.localeCompare(b.timestamp) || a.seq - b.seq || a.id - b.id)
        .map(({ id }) => id),
    );
    assert.equal(pages.length, 63);
    assert.deepEqual(
      await index.query(sessionId, 'history', { runId: runIds[1] ?? '', limit: 5, afterId: pages[21]?.id ?? 0 }),
      pages.slice(22, 27),
    );
  });

  it('reads only what is new, also after a checkpoint and a restart', async () => {
    const sessionId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, [started(1), say('one')]);
    const first = await store.openIndex();
    await syncAll(first, sessionId);
    await historyOf(first, sessionId);
    await store.events(sessionId, runId, [say('two'), say('three')]);
    assert.deepEqual((await first.sync(sessionId)).appended, [{ runId, fromSeq: 3, toSeq: 4 }]);
    assert.equal((await historyOf(first, sessionId)).length, 4);
    assert.deepEqual((await first.sync(sessionId)).appended, []);
    await first.close();

    const second = await store.openIndex();
    assert.equal((await listAll(second))[0]?.title, 'Fix it');
    assert.deepEqual(await second.findStale(), []);
    assert.deepEqual((await second.sync(sessionId)).appended, []);
    await store.events(sessionId, runId, [say('four')]);
    assert.deepEqual(await second.findStale(), [sessionId]);
    assert.deepEqual((await second.sync(sessionId)).appended, [{ runId, fromSeq: 5, toSeq: 5 }]);
    assert.equal((await historyOf(second, sessionId)).length, 5);
  });

  it('writes a large timeline again only where much of it is new, and misses nothing for that', async () => {
    const sessionId = await store.makeSession();
    const runId = newId();
    const large = (count: number): DraftEvent[] => Array.from({ length: count }, () => say('x'.repeat(50_000)));
    const path = store.paths.session(sessionId).timeline;
    await store.events(sessionId, runId, [started(1), ...large(200)]);
    const first = await store.openIndex();
    await syncAll(first, sessionId);
    await first.query(sessionId, 'runEvents', { runId, fromSeq: 1, limit: 1 });
    await first.checkpoint();
    // An inode alone is given to another file as soon as it is free.
    const version = async (): Promise<string> =>
      await stat(path, { bigint: true }).then(({ ino, mtimeNs }) => `${ino} ${mtimeNs}`);
    const written = await version();
    await store.events(sessionId, runId, [say('little')]);
    await syncAll(first, sessionId);
    await first.close();
    assert.equal(await version(), written, 'all of it was written again for one event');

    const second = await store.openIndex();
    assert.equal((await second.query(sessionId, 'runEvents', { runId, fromSeq: 202, limit: 1 }))[0]?.kind, 'message');
    await store.events(sessionId, runId, large(40));
    await syncAll(second, sessionId);
    await second.checkpoint();
    assert.notEqual(await version(), written, 'much that is new was not written');
  });

  it('is the same after a rebuild, byte for byte', async () => {
    const sessionId = await store.makeSession({
      kind: 'worktree.created',
      data: { worktreePath: '/w', baseCommit: 'b'.repeat(40) },
    });
    const index = await store.openIndex();
    const runIds = [newId(), newId()];
    for (const [position, runId] of runIds.entries()) {
      await store.record(sessionId, { kind: 'run.queued', data: { runId, ordinal: position + 1, prompt: 'go' } });
      for (const event of EVERY_KIND.slice(1, -1)) {
        if (event.kind === 'agent.session') await store.events(sessionId, runId, [started(position + 1)]);
        await store.events(sessionId, runId, [event]);
        await index.sync(sessionId);
        await historyOf(index, sessionId);
      }
      await store.record(
        sessionId,
        { kind: 'stop.requested', data: { runId, force: false } },
        { kind: 'renamed', data: { title: `T${position}` } },
      );
      await index.sync(sessionId);
    }
    const { facts } = await syncAll(index, sessionId);
    const events = await historyOf(index, sessionId);
    const incremental = await listAll(index);
    await index.close();
    for (const database of await store.databases()) await unlink(database);

    const generated = await store.openIndex();
    assert.deepEqual(await listAll(generated), []);
    assert.deepEqual(await generated.findStale(), [sessionId]);
    await syncAll(generated, sessionId);
    assert.equal(JSON.stringify(await listAll(generated)), JSON.stringify(incremental));
    assert.equal(JSON.stringify(incremental), JSON.stringify([facts]));
    assert.deepEqual(await historyOf(generated, sessionId), events);
  });

  it('knows nothing of what is not there yet', async () => {
    const index = await store.openIndex();
    const sessionId = newId();
    assert.deepEqual(await index.sync(sessionId), { facts: undefined, appended: [], more: false });
    assert.deepEqual(await historyOf(index, sessionId), []);
    await mkdir(store.paths.session(sessionId).root);
    await writeFile(store.paths.session(sessionId).journal, '{"v":1,"seq":1');
    assert.equal((await index.sync(sessionId)).facts, undefined);
    await mkdir(`${store.paths.sessions}/not an id`);
    assert.deepEqual(await index.findStale(), [sessionId]);
  });

  it('indexes in bounded steps, closes timelines that are not used, and opens them again', async () => {
    const sessionIds: string[] = [];
    for (let count = 0; count < 12; count++) {
      const sessionId = await store.makeSession();
      sessionIds.push(sessionId);
      await store.events(sessionId, newId(), [
        started(1),
        ...Array.from({ length: 40 }, () => say('t'.repeat(60_000))),
      ]);
    }
    const index = await store.openIndex();
    const [first = ''] = sessionIds;
    assert.equal((await index.sync(first)).more, true);
    for (let round = 0; round < 2; round++) {
      for (const sessionId of sessionIds) {
        await syncAll(index, sessionId);
        assert.equal((await historyOf(index, sessionId)).length, 41);
      }
    }
    await index.checkpoint();
    assert.equal((await store.databases()).length, 13);
  });

  it('is used by two windows at once, and either checkpoint serves', async () => {
    const sessionId = await store.makeSession();
    const runId = newId();
    const [one, two] = [await store.openIndex(), await store.openIndex()];
    for (let round = 0; round < 5; round++) {
      await store.events(sessionId, runId, [round === 0 ? started(1) : say(`round ${round}`)]);
      for (const index of [one, two]) {
        await syncAll(index, sessionId);
        assert.equal((await historyOf(index, sessionId)).length, round + 1);
      }
      await Promise.all([one.checkpoint(), two.checkpoint(), one.checkpoint()]);
    }
    await Promise.all([one.close(), two.close()]);
    const index = await store.openIndex();
    assert.deepEqual(await index.findStale(), []);
    assert.equal((await historyOf(index, sessionId)).length, 5);
  });

  it('writes nothing where it is read-only', async () => {
    const sessionId = await store.makeSession();
    const index = await store.openIndex({ readOnly: true });
    await syncAll(index, sessionId);
    await index.checkpoint();
    assert.deepEqual(await store.databases(), []);
  });

  it('answers after a close with an error', async () => {
    const index = await store.openIndex();
    await index.close();
    await index.close();
    await assert.rejects(
      index.listSessions(),
      (error) => error instanceof CorralError && error.code === 'STORE_FAILED',
    );
  });

  it('writes checkpoints that the sqlite3 program reads', async function () {
    if (!existsSync('/usr/bin/sqlite3')) {
      skip(this, '/usr/bin/sqlite3 is not installed');
    }
    const sessionId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, EVERY_KIND);
    const index = await store.openIndex();
    await syncAll(index, sessionId);
    await historyOf(index, sessionId);
    await index.close();
    const query = async (database: string, sql: string): Promise<unknown> =>
      JSON.parse((await run('/usr/bin/sqlite3', ['-json', database, sql])).stdout || '[]');
    const { catalog } = store.paths;
    assert.deepEqual(
      await query(catalog, 'SELECT id, state, failure_reason, worktree_path, restored, archived FROM sessions'),
      [{ id: sessionId, state: 'completed', failure_reason: null, worktree_path: '/w t', restored: 0, archived: 0 }],
    );
    assert.deepEqual(await query(catalog, 'SELECT * FROM agent_sessions'), [
      { session_id: sessionId, native_session_id: 'native 1', backend_type: 'claude' },
    ]);
    assert.deepEqual(await query(catalog, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
    const { timeline } = store.paths.session(sessionId);
    assert.deepEqual(await query(timeline, 'SELECT count(*) AS events, max(seq) AS last FROM session_events'), [
      { events: EVERY_KIND.length, last: EVERY_KIND.length },
    ]);
    assert.deepEqual(await query(timeline, 'PRAGMA foreign_key_check'), []);
    const [{ size }, { mode }] = [await stat(store.paths.session(sessionId).run(runId).events), await stat(timeline)];
    assert.deepEqual(await query(timeline, "SELECT offset FROM sources WHERE path LIKE 'runs/%'"), [{ offset: size }]);
    if (process.platform !== 'win32') assert.equal(mode & 0o777, 0o600);
  });
});
