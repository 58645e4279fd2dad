import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { JOURNAL_START, readJournal } from '../../../../src/storage/journal/journalReader';
import type { JournalPosition } from '../../../../src/storage/journal/journalReader';
import { decodeRecord, encodeRecord } from '../../../../src/storage/journal/journalRecord';
import type { JournalRecord } from '../../../../src/storage/journal/journalRecord';

const TS_FLOOR = '2026-01-01T00:00:00.000Z';
const record = (seq: number, text = 'hello'): JournalRecord => ({
  seq,
  timestamp: TS_FLOOR,
  kind: 'reasoning',
  data: { text },
});

describe('journal record', () => {
  it('comes back as it was written, whatever it holds', () => {
    for (const text of ['', 'a\nb\r\u2028c', '"crc":"00000000"}', 'ü€😀', '\ud800 alone', '\u0000']) {
      const line = encodeRecord(record(7, text));
      assert.equal(line.at(-1), 0x0a);
      assert.equal(line.indexOf(0x0a), line.length - 1);
      const { json, ...decoded } = { json: undefined, ...decodeRecord(line.subarray(0, -1)) };
      assert.deepEqual(decoded, record(7, text));
      assert.equal(json?.toString(), JSON.stringify({ text }));
    }
  });

  it('is written as documented', () => {
    const text = encodeRecord({
      seq: 12,
      timestamp: '2026-11-21T09:00:00.123Z',
      kind: 'tool.call',
      data: { a: 1 },
    }).toString();
    assert.match(
      text,
      /^\{"v":1,"seq":12,"ts":"2026-11-21T09:00:00\.123Z","kind":"tool\.call","data":\{"a":1\},"crc":"[0-9a-f]{8}"\}\n$/,
    );
  });

  it('shows every flipped bit', () => {
    const line = encodeRecord(record(1)).subarray(0, -1);
    for (let bit = 0; bit < line.length * 8; bit++) {
      const flipped = Buffer.from(line);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.ok('damaged' in decodeRecord(flipped), `bit ${bit}`);
    }
  });

  it('is not taken from other lines', () => {
    for (const line of ['', '{}', 'x'.repeat(100), '\0'.repeat(4096), '{"v":1}'])
      assert.ok('damaged' in decodeRecord(Buffer.from(line)));
    assert.ok('damaged' in decodeRecord(Buffer.from([0xff, 0xfe, ...Buffer.alloc(40, 0xc3)])));
  });
});

describe('journal reader', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), process.platform === 'win32' ? 'corral journal ' : 'corral journal\n"'));
    path = join(folder, 'events.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const seqsOf = (records: JournalRecord[]): number[] => records.map(({ seq }) => seq);

  it('takes a journal that is not there as empty', async () => {
    assert.deepEqual(await readJournal(path, JOURNAL_START, 1000), {
      records: [],
      damaged: 0,
      damagedAtEnd: 0,
      position: JOURNAL_START,
      atEnd: true,
      reset: false,
    });
  });

  it('waits for the rest of a torn tail, wherever it is torn', async () => {
    const whole = Buffer.concat([encodeRecord(record(1)), encodeRecord(record(2, '😀'))]);
    const first = encodeRecord(record(1)).length;
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const torn = await readJournal(path, JOURNAL_START, 1_000_000);
      assert.deepEqual(seqsOf(torn.records), length < first ? [] : length < whole.length ? [1] : [1, 2]);
      assert.equal(torn.damaged, 0);
      await writeFile(path, whole);
      const rest = await readJournal(path, torn.position, 1_000_000);
      assert.deepEqual([...seqsOf(torn.records), ...seqsOf(rest.records)], [1, 2]);
    }
  });

  it('counts damage in the middle and reads on', async () => {
    const damaged = encodeRecord(record(2));
    damaged[20] = 0xff;
    await writeFile(
      path,
      Buffer.concat([
        encodeRecord(record(1)),
        damaged,
        Buffer.from('torn\n\n'),
        Buffer.alloc(300_000, 0),
        Buffer.from('\n'),
        encodeRecord(record(3)),
      ]),
    );
    const step = await readJournal(path, JOURNAL_START, 1_000_000);
    assert.deepEqual(seqsOf(step.records), [1, 3]);
    assert.equal(step.damaged, 3);
    assert.equal(step.damagedAtEnd, 0);
    assert.equal(step.position.offset, (await stat(path)).size);
  });

  it('reads in steps of a bounded size, and each record once', async () => {
    await writeFile(
      path,
      Buffer.concat(
        Array.from({ length: 5000 }, (_, index) => encodeRecord(record(index + 1, 'x'.repeat(index % 700)))),
      ),
    );
    const seqs: number[] = [];
    let position: JournalPosition = JOURNAL_START;
    for (let atEnd = false; !atEnd;) {
      const step = await readJournal(path, position, 100_000);
      assert.ok(step.position.offset - position.offset < 100_000 + 256 * 1024);
      seqs.push(...seqsOf(step.records));
      ({ position, atEnd } = step);
    }
    assert.deepEqual(
      seqs,
      Array.from({ length: 5000 }, (_, index) => index + 1),
    );
  });

  it('reads lines of 12 MB, and goes on behind one that is longer than any of ours', async () => {
    await writeFile(
      path,
      Buffer.concat([
        encodeRecord(record(1, 'y'.repeat(12_000_000))),
        Buffer.alloc(40_000_000, 0x7a),
        Buffer.from('\n'),
        encodeRecord(record(2)),
      ]),
    );
    const first = await readJournal(path, JOURNAL_START, 1000);
    assert.deepEqual(seqsOf(first.records), [1]);
    const second = await readJournal(path, first.position, 1_000_000_000);
    assert.deepEqual(seqsOf(second.records), [2]);
    assert.equal(second.damaged, 1);
  });

  it('notices a journal that became shorter, another one, or none', async () => {
    await writeFile(path, Buffer.concat([encodeRecord(record(1)), encodeRecord(record(2))]));
    const { position } = await readJournal(path, JOURNAL_START, 1_000_000);
    await truncate(path, position.offset - 1);
    assert.equal((await readJournal(path, position, 1000)).reset, true);
    await writeFile(
      path,
      Buffer.concat([encodeRecord(record(1, 'HELLO')), encodeRecord(record(2, 'HELLO')), encodeRecord(record(3))]),
    );
    assert.equal((await readJournal(path, position, 1000)).reset, true);
    await unlink(path);
    assert.equal((await readJournal(path, position, 1000)).reset, true);
  });
});
