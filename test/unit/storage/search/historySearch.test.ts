import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SearchedRun } from '../../../../src/storage/search/historySearch';
import { searchRuns } from '../../../../src/storage/search/historySearch';
import { newId } from '../../../../src/storage/ids';
import { exited, say, started, StoreFixture } from '../storeFixture';

describe('search over history', () => {
  let store: StoreFixture;
  let runs: SearchedRun[];
  beforeEach(async () => {
    store = await StoreFixture.make();
    runs = [];
  });
  afterEach(() => store.remove());

  async function makeRun(texts: string[], sessionId = newId()): Promise<SearchedRun> {
    const runId = newId();
    const ordinal = runs.filter((run) => run.sessionId === sessionId).length + 1;
    await store.events(sessionId, runId, [started(ordinal), ...texts.map((text) => say(text)), exited]);
    const lines = (await readFile(store.paths.session(sessionId).run(runId).events, 'utf8')).trimEnd().split('\n');
    const lastEventAt = /"ts":"([^"]+)"/.exec(lines.at(-1) ?? '')?.[1] ?? '';
    const run = { sessionId, runId, ordinal, lastEventAt };
    runs.push(run);
    return run;
  }

  async function find(text: string, limit = 1_000, signal?: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for await (const event of searchRuns(store.paths, runs, text, { limit, signal }))
      found.push(event.kind === 'message' ? event.data.text : event.kind);
    return found;
  }

  it('finds text in either case, with quotes, newlines and other alphabets, newest first over all runs', async () => {
    const first = await makeRun(['He said “it”', 'one "two\nthree" four', 'ПРИВЕТ мир', '漢字 here']);
    await makeRun(['ONE "TWO\nTHREE" again', 'nothing'], first.sessionId);
    assert.deepEqual(await find('One "Two\nthree"'), ['ONE "TWO\nTHREE" again', 'one "two\nthree" four']);
    assert.deepEqual(await find('привет МИР'), ['ПРИВЕТ мир']);
    assert.deepEqual(await find('漢字'), ['漢字 here']);
    assert.deepEqual(await find('said “IT”'), ['He said “it”']);
    assert.deepEqual(await find('[.*+?^${}()|]\\'), []);
    assert.deepEqual(await find('no such words'), []);
  });

  it('does not take names of fields or of kinds for text', async () => {
    await makeRun(['hello']);
    assert.deepEqual(await find('"role"'), []);
    assert.deepEqual(await find('timestamp'), []);
  });

  it('finds what stands only in a blob, also across the pieces that it is read in', async () => {
    const edge = 1024 * 1024;
    const text = `${'a'.repeat(edge - 5)}NEEDLE "in"\nhay${'b'.repeat(300_000)}`;
    await makeRun(['before', text, 'after']);
    assert.deepEqual((await find('needle "IN"\nhay')).length, 1);
    assert.deepEqual(await find('needle "OUT"'), []);
  });

  it('keeps one order over runs that went on at the same time', async () => {
    const [a, b] = [newId(), newId()];
    const runIds = [newId(), newId()] as const;
    await store.events(a, runIds[0], [started(1), say('match 1')]);
    await store.events(b, runIds[1], [started(1), say('match 2')]);
    await store.events(a, runIds[0], [say('match 3')]);
    await store.events(b, runIds[1], [say('match 4')]);
    const lastEventAt = '2027-01-01T00:00:00.000Z';
    runs = [
      { sessionId: a, runId: runIds[0], ordinal: 1, lastEventAt },
      { sessionId: b, runId: runIds[1], ordinal: 1, lastEventAt },
    ];
    assert.deepEqual(await find('MATCH'), ['match 4', 'match 3', 'match 2', 'match 1']);
  });

  it('reads lines that are longer than what is read at once, and passes over damage and a torn tail', async () => {
    const run = await makeRun(['first needle', 'x'.repeat(60_000), 'second needle']);
    const path = store.paths.session(run.sessionId).run(run.runId).events;
    const content = await readFile(path);
    await writeFile(
      path,
      Buffer.concat([content, Buffer.from('z'.repeat(3_000_000)), Buffer.from('\n'), content.subarray(0, 50)]),
    );
    await appendFile(path, 'needle in a torn tail');
    assert.deepEqual(await find('needle'), ['second needle', 'first needle']);
  });

  it('stops at its limit, and when it is told to', async () => {
    await makeRun(Array.from({ length: 100 }, (_, number) => `needle ${number}`));
    assert.deepEqual(await find('needle', 2), ['needle 99', 'needle 98']);
    const abort = new AbortController();
    abort.abort();
    assert.deepEqual(await find('needle', 10, abort.signal), []);
  });
});
