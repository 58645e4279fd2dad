import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { hasCode } from '../../../../src/common/errors';
import type { DraftEvent } from '../../../../src/storage/events';
import { parseDraft } from '../../../../src/storage/events';
import { JOURNAL_START, readJournal } from '../../../../src/storage/journal/journalReader';
import type { JournalRecord } from '../../../../src/storage/journal/journalRecord';
import { JournalWriter } from '../../../../src/storage/journal/journalWriter';
import { RunPaths } from '../../../../src/storage/paths';
import { skip } from '../../../support/skip';

const run = promisify(execFile);
const TS_FLOOR = '2026-01-01T00:00:00.000Z';
const say = (text: string): DraftEvent => ({ kind: 'message', data: { role: 'assistant', text } });

describe('journal writer', () => {
  let folder: string;
  let paths: RunPaths;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral journal '));
    paths = new RunPaths(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const readAll = async (): Promise<JournalRecord[]> => {
    const step = await readJournal(paths.events, JOURNAL_START, 1_000_000_000);
    assert.equal(step.damaged, 0);
    return step.records;
  };

  it('numbers at once, writes in order, and tells the length', async () => {
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    for (let seq = 1; seq <= 1000; seq++) assert.equal(writer.append(say(`number ${seq}`)).seq, seq);
    await writer.acknowledged();
    assert.equal(writer.bytes, (await stat(paths.events)).size);
    assert.deepEqual(
      (await readAll()).map(({ seq }) => seq),
      Array.from({ length: 1000 }, (_, index) => index + 1),
    );
    await writer.synced();
    await writer.close();
    assert.equal((await stat(paths.events)).mode & 0o777, process.platform === 'win32' ? 0o666 : 0o600);
  });

  it('syncs by itself', async () => {
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    writer.append(say('one'));
    writer.append(say('two'), { sync: true });
    await writer.synced(2);
    await writer.close();
    assert.equal((await readAll()).length, 2);
  });

  it('never goes back in time, over a restart as well', async () => {
    const times = [
      '2026-05-05T10:00:00.000Z',
      '2026-05-05T09:00:00.000Z',
      '2026-05-05T10:00:01.000Z',
      '1999-01-01T00:00:00.000Z',
    ].map((time) => Date.parse(time));
    const now = (): number => times.shift() ?? 0;
    const writer = await JournalWriter.open(paths, { tsFloor: '2026-05-05T09:30:00.000Z', now });
    for (let count = 0; count < 4; count++) writer.append(say('x'));
    await writer.close();
    const reopened = await JournalWriter.open(paths, { tsFloor: TS_FLOOR, now });
    assert.deepEqual(reopened.append(say('y')), { seq: 5, timestamp: '2026-05-05T10:00:01.000Z' });
    await reopened.close();
    const [first, second, ...later] = (await readAll()).map(({ timestamp }) => timestamp);
    assert.deepEqual(
      [first, second, ...later],
      ['2026-05-05T10:00:00.000Z', '2026-05-05T10:00:00.000Z', ...Array<string>(3).fill('2026-05-05T10:00:01.000Z')],
    );
  });

  it('cuts its own torn tail and counts damaged lines when it is opened again', async () => {
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    for (let count = 0; count < 3; count++) writer.append(say('x'));
    await writer.close();
    const content = await readFile(paths.events);
    content[content.length - 30] = 0xff; // in the third line
    await writeFile(paths.events, content);
    await appendFile(paths.events, '{"v":1,"seq":4,"ts":"20');
    const reopened = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    assert.equal(reopened.append(say('after')).seq, 4);
    await reopened.close();
    const step = await readJournal(paths.events, JOURNAL_START, 1_000_000);
    assert.deepEqual(
      step.records.map(({ seq }) => seq),
      [1, 2, 4],
    );
    assert.equal(step.damaged, 1);
  });

  it('puts 12 MB beside the journal and keeps a preview', async () => {
    const output = '€'.repeat(4_000_000);
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    writer.append({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output } });
    writer.append({
      kind: 'tool.call',
      data: {
        callId: 'd',
        name: 'n',
        title: 't',
        input: { 'a/b~': ['small', 'q'.repeat(70_000)] },
        category: 'other',
        locations: [],
      },
    });
    writer.append(say('after'));
    await writer.close();
    const [first, second, third] = await readAll();
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(third?.data, { role: 'assistant', text: 'after' });
    const draft = parseDraft(first.kind, first.data);
    assert.ok(draft?.kind === 'tool.result');
    const reference = draft.data.blobs?.['/output'];
    assert.equal(reference?.bytes, 12_000_000);
    assert.equal(await readFile(paths.blob(reference.sha256), 'utf8'), output);
    assert.equal(reference.sha256, createHash('sha256').update(output).digest('hex'));
    assert.equal(draft.data.output, '€'.repeat(1365));
    assert.deepEqual(Object.keys(parseDraft(second.kind, second.data)?.data.blobs ?? {}), ['/input/a~1b~0/1']);
    assert.deepEqual((await readdir(paths.blobs)).length, 2);
    assert.ok((await stat(paths.events)).size < 20_000);
  });

  it('keeps lines short that hold much of something small, and the shape of their kind', async () => {
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    const entries = Array.from({ length: 50_000 }, (_, index) => ({
      text: `step ${index}`,
      status: 'pending' as const,
    }));
    const input = Array.from({ length: 20 }, () => 'z'.repeat(60_000));
    writer.append({ kind: 'plan', data: { entries } });
    writer.append({
      kind: 'tool.call',
      data: { callId: 'd', name: 'n', title: 't', input: { input }, category: 'other', locations: [] },
    });
    await writer.close();
    for (const { kind, data } of await readAll()) {
      assert.ok(JSON.stringify(data).length < 256 * 1024);
      const [pointer, reference] = Object.entries(parseDraft(kind, data)?.data.blobs ?? {})[0] ?? [];
      assert.equal(pointer, kind === 'plan' ? '/entries' : '/input');
      assert.deepEqual(
        JSON.parse(await readFile(paths.blob(reference?.sha256 ?? ''), 'utf8')),
        kind === 'plan' ? entries : { input },
      );
    }
  });

  it('writes an error in the place of what is no JSON', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    const writer = await JournalWriter.open(paths, { tsFloor: TS_FLOOR });
    writer.append({
      kind: 'tool.call',
      data: { callId: 'd', name: 'n', title: 't', input: cycle, category: 'other', locations: [] },
    });
    writer.append(say('after'));
    await writer.close();
    assert.deepEqual(
      (await readAll()).map(({ kind }) => kind),
      ['error', 'message'],
    );
  });

  it('loses nothing on a full disk and goes on when there is space', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      skip(this, 'a small file system of its own can be mounted only by root on Linux');
    }
    const mounted = join(folder, 'small');
    await mkdir(mounted);
    try {
      await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted]);
    } catch (error) {
      skip(this, `tmpfs cannot be mounted here (${String(error)})`);
    }
    try {
      const small = new RunPaths(join(mounted, 'run'));
      await mkdir(small.root);
      const ballast = join(mounted, 'ballast');
      let resumed: () => void = () => undefined;
      let paused: (error: unknown) => void = () => undefined;
      const isResumed = new Promise<void>((resolve) => (resumed = resolve));
      const isPaused = new Promise<unknown>((resolve) => (paused = resolve));
      const writer = await JournalWriter.open(small, {
        tsFloor: TS_FLOOR,
        onPaused: (error) => paused(error),
        onResumed: () => resumed(),
      });
      await writeFile(ballast, Buffer.alloc(800_000));
      for (let count = 0; count < 300; count++) writer.append(say('w'.repeat(1000)));
      writer.append(say('b'.repeat(100_000))); // a blob, while there is no space
      writer.append(say('last'));
      assert.ok(hasCode(await isPaused, 'ENOSPC'));
      const torn = await readJournal(small.events, JOURNAL_START, 1_000_000_000);
      assert.equal(torn.damaged, 0);
      assert.ok(torn.records.length < 300);
      await unlink(ballast);
      await isResumed;
      await writer.close();
      const { records, damaged } = await readJournal(small.events, JOURNAL_START, 1_000_000_000);
      assert.equal(damaged, 0);
      assert.deepEqual(
        records.map(({ seq }) => seq),
        Array.from({ length: 302 }, (_, index) => index + 1),
      );
      assert.equal((await readdir(small.blobs)).length, 1);
    } finally {
      await run('umount', [mounted]);
    }
  });
});
