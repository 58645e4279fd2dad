import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { NumberedEvent } from '../../../../src/storage/events';
import { readJournalPage } from '../../../../src/storage/journal/journalPage';
import { JOURNAL_START, readJournal } from '../../../../src/storage/journal/journalReader';
import { encodeRecord } from '../../../../src/storage/journal/journalRecord';
import type { JournalRecord } from '../../../../src/storage/journal/journalRecord';
import { numberedEvent } from '../../../../src/storage/journal/numberedEvent';

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

function record(seq: number, length = 400): JournalRecord {
  const text = `${seq} ${'äb"\\c'.repeat(length / 5)}`;
  return { seq, timestamp: new Date(START_MS + seq).toISOString(), kind: 'reasoning', data: { text } };
}

function records(count: number, lengthOf: (seq: number) => number = () => 400): JournalRecord[] {
  return Array.from({ length: count }, (_, index) => record(index + 1, lengthOf(index + 1)));
}

describe('a page of a journal', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-page-'));
    path = join(folder, 'events.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(...lines: (JournalRecord | string)[]): Promise<void> {
    await writeFile(
      path,
      Buffer.concat(lines.map((line) => (typeof line === 'string' ? Buffer.from(line) : encodeRecord(line)))),
    );
  }

  async function page(fromSeq: number, eventCount: number, limit = 50): Promise<number[] | undefined> {
    return (await readJournalPage(path, { fromSeq, limit, eventCount }))?.map(({ seq }) => seq);
  }

  /** Overwrites one byte in the line of a record. */
  async function damage(seq: number): Promise<void> {
    const offset = (await readFile(path)).indexOf(`"seq":${seq},`);
    const file = await open(path, 'r+');
    await file.write('#', offset + 30);
    await file.close();
  }

  async function allOf(): Promise<NumberedEvent[]> {
    return (await readJournal(path, JOURNAL_START, Infinity)).records.map(numberedEvent);
  }

  it('is what reading all of it gives, wherever it begins and however long its lines are', async () => {
    const count = 3_000;
    // Some lines are longer than a chunk, and some seqs are missing.
    await write(
      ...records(count, (seq) => (seq % 701 === 0 ? 150_000 : (seq * 37) % 900)).filter(({ seq }) => seq % 97),
    );
    const all = await allOf();
    for (let fromSeq = 1; fromSeq <= count + 1; fromSeq += fromSeq < 20 || fromSeq > count - 250 ? 1 : 41)
      assert.deepEqual(
        await readJournalPage(path, { fromSeq, limit: 7, eventCount: count }),
        all.filter(({ seq }) => seq >= fromSeq).slice(0, 7),
        `from ${fromSeq}`,
      );
  });

  it('takes a torn last line, and an empty one, for no record', async () => {
    const torn = encodeRecord(record(301)).toString().slice(0, 200);
    await write(...records(299), '\n', record(300), torn);
    assert.deepEqual(await page(299, 300), [299, 300]);
    await write(record(1), '\n\n', record(2), torn);
    assert.deepEqual(await page(1, 2), [1, 2]);
  });

  it('has what was written after the last look', async () => {
    await write(...records(40));
    assert.deepEqual(await page(38, 35), [38, 39, 40]);
    assert.deepEqual(await page(41, 40), []);
  });

  it('reads no more than the end for the last events', async () => {
    await write(...records(2_000));
    await damage(1_000);
    assert.deepEqual(await page(1_999, 2_000), [1_999, 2_000]);
  });

  it('leaves to the index what is damaged, doubled, cut or missing', async () => {
    await write(...records(500));
    await damage(499);
    assert.equal(await page(495, 500), undefined);
    await write(...records(500), record(498));
    assert.equal(await page(495, 500), undefined);
    await write(...records(500));
    await truncate(path, 100_000);
    assert.equal(await page(1, 500), undefined);
    await write('');
    assert.equal(await page(1, 1), undefined);
    await rm(path);
    await assert.rejects(page(1, 1), { code: 'ENOENT' });
  });

  it('shows a kind that this version does not know as the index does', async () => {
    await write({ ...record(1), kind: 'from.the.future', data: { a: [1] } });
    const [event] = (await readJournalPage(path, { fromSeq: 1, limit: 1, eventCount: 1 })) ?? [];
    assert.deepEqual(event?.draft, { kind: 'output', data: { stream: 'stdout', text: 'from.the.future {"a":[1]}' } });
  });
});
