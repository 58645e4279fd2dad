import assert from 'node:assert/strict';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SearchedRun } from '../../../../src/storage/search/historySearch';
import { searchRuns } from '../../../../src/storage/search/historySearch';
import { newId } from '../../../../src/storage/ids';
import { projectRoot } from '../../../support/project';
import { Random } from '../../../support/random';
import { SAME_TEXTS } from './sameTexts';
import { exited, say, started, StoreFixture } from '../storeFixture';

const threadPath = join(projectRoot, 'dist/searchThread.js');

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
    const run = { sessionId, runId, ordinal, hasEnded: true, lastEventAt };
    runs.push(run);
    return run;
  }

  async function find(text: string, limit = 1_000, signal?: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for await (const event of searchRuns(store.paths, runs, text, { threadPath, limit, signal }))
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

  it('finds the same in every normal form and case, and nothing that is another letter (E5)', async () => {
    const written = SAME_TEXTS.map(({ text }) => text);
    const blob = `${'x'.repeat(1024 * 1024 - 2)}cafe\u0301 in a blob${'y'.repeat(200_000)}`;
    await makeRun(['nothing here', ...written, blob]);
    for (const { text, wanted } of SAME_TEXTS)
      for (const each of wanted) assert.ok((await find(each)).includes(text), `${each} in ${text}`);
    for (const { text, unwanted } of SAME_TEXTS)
      for (const each of unwanted) assert.ok(!(await find(each)).includes(text), `${each} not in ${text}`);
    assert.equal((await find('CAFÉ in a')).length, 1);
    assert.deepEqual(await find('cafe in a'), []);
  });

  it('finds in long lines without looking at any part of them twice, in turns of the event loop (E8)', async () => {
    const words = 'the letter e is everywhere, even here; '.repeat(1_500);
    await makeRun(Array.from({ length: 60 }, (_, number) => `${words} ${number}`));
    const long = Array.from({ length: 3 }, () => JSON.stringify({ lines: words.repeat(3).split(' ') }));
    await makeRun(long);
    let turns = 0;
    let isSearching = true;
    const count = (): void => {
      turns++;
      if (isSearching) setImmediate(count);
    };
    setImmediate(count);
    assert.equal((await find('e', 5_000)).length, 60 + 3 + 4, 'with the starts and ends of both runs');
    isSearching = false;
    assert.ok(turns > 3, `${turns} turns`);
  });

  it('passes over a line that is longer than any writer makes (E8)', async () => {
    const run = await makeRun(['first needle', 'second needle']);
    const path = store.paths.session(run.sessionId).run(run.runId).events;
    const [start = '', ...rest] = (await readFile(path, 'utf8')).split('\n');
    for (const size of [3, 5, 12]) {
      const long = 'needle '.repeat((size * 1024 * 1024) / 7);
      await writeFile(path, [start, long, ...rest].join('\n'));
      assert.deepEqual(await find('needle'), ['second needle', 'first needle'], `${size} MiB`);
      await writeFile(path, [start, ...rest, long].join('\n'));
      assert.deepEqual(await find('needle'), ['second needle', 'first needle'], `${size} MiB, torn`);
    }
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

  it('finds what stands only at the end of a text of 12 MB', async () => {
    await makeRun([`${'A line of a long output.\n'.repeat(500_000)}the needle`]);
    assert.equal((await find('THE NEEDLE')).length, 1);
    assert.deepEqual(await find('the needless'), []);
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
      { sessionId: a, runId: runIds[0], ordinal: 1, hasEnded: false, lastEventAt },
      { sessionId: b, runId: runIds[1], ordinal: 1, hasEnded: false, lastEventAt },
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

  describe('with filters', () => {
    /** Makes the run long enough for a filter. */
    const filler = (random: Random): string =>
      Array.from({ length: 14_000 }, () => random.pick(['alpha', 'beta', 'gamma', 'delta', 'Omega', 'x1'])).join(' ');

    const filterOf = (run: SearchedRun): string => store.paths.session(run.sessionId).run(run.runId).filter;

    /** Replaces `old` in the run's journal by as many bytes, with the line's checksum made anew. */
    async function replaceInPlace(run: SearchedRun, old: string, text: string): Promise<void> {
      assert.equal(old.length, text.length);
      const path = store.paths.session(run.sessionId).run(run.runId).events;
      const lines = (await readFile(path, 'utf8')).split('\n');
      const changed = lines.map((line) => {
        if (!line.includes(old)) return line;
        const body = line.replace(old, text).replace(/,"crc":"[0-9a-f]{8}"\}$/, '');
        return `${body},"crc":"${crc32(body).toString(16).padStart(8, '0')}"}`;
      });
      await writeFile(path, changed.join('\n'));
    }

    it('passes over a run whose filter lacks the phrase, but for a filter that is old, damaged or missing', async () => {
      const run = await makeRun([filler(new Random(1)), 'the secret word']);
      assert.deepEqual(await find('secret word'), ['the secret word']);
      const written = await readFile(filterOf(run));

      await replaceInPlace(run, 'secret', 'hidden');
      assert.deepEqual(await find('hidden word'), [], 'the filter is asked');
      assert.deepEqual(await find('hid'), ['the hidden word'], 'a short phrase has no grams');

      await writeFile(filterOf(run), written.with(written.length >> 1, (written[written.length >> 1] ?? 0) ^ 1));
      assert.deepEqual(await find('hidden word'), ['the hidden word'], 'damaged');
      await writeFile(filterOf(run), written);
      await replaceInPlace(run, 'the hidden', 'the secret');
      await appendFile(store.paths.session(run.sessionId).run(run.runId).events, '\n');
      await replaceInPlace(run, 'the secret', 'the hidden');
      assert.deepEqual(await find('hidden word'), ['the hidden word'], 'of another length');
      await rm(filterOf(run));
      assert.deepEqual(await find('hidden word'), ['the hidden word'], 'missing');
    });

    it('finds the same with filters as without, whatever the text and the phrase are', async () => {
      const random = new Random(5);
      const odd = SAME_TEXTS.map(({ text }) => text);
      for (let run = 0; run < 6; run++)
        await makeRun([filler(random), ...(run % 2 === 0 ? odd : []), `${filler(random)} "quoted"\n${run} end`]);
      const text = `${filler(random)} "quoted"\n3 end`;
      const phrases = [...SAME_TEXTS.flatMap(({ wanted }) => wanted), 'ted"\n3 e', 'Omega x1 omega'];
      for (let count = 0; count < 40; count++) {
        const start = random.below(text.length - 40);
        phrases.push(text.slice(start, start + 1 + random.below(39)));
      }
      const without: string[][] = [];
      for (const run of runs) run.hasEnded = false;
      for (const phrase of phrases) without.push(await find(phrase));
      for (const run of runs) run.hasEnded = true;
      // The first search makes the filters, which all others find.
      for (const [index, phrase] of [...phrases.entries(), [0, phrases[0] ?? ''] as const])
        assert.deepEqual(await find(phrase), without[index], phrase);
      assert.ok((await readFile(filterOf(runs[0] as SearchedRun))).length > 0);
    });
  });
});
