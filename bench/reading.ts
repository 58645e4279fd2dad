/** Cases 7, 8, 9, 13 and 14: how fast history is seen and searched, and what its length does to that. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openStoreIndex } from '../src/storage/database/databaseClient';
import { searchRuns } from '../src/storage/historySearch';
import { eventId, newId } from '../src/storage/ids';
import { encodeRecord } from '../src/storage/journalRecord';
import type { StorePaths } from '../src/storage/paths';
import { openStore } from '../src/storage/store';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { compare, percentile, short, spreadOf, timed } from './figures';
import { Peer } from './peer';
import { eventOf, timestampOf, writeSession } from './sampleData';
import { indexedRate, WORKER_PATH } from './writing';

const ROUNDS = 5;
const PAGE = 200;
const PAGES = 50;
const LENGTHS = [1_000, 10_000, 100_000];
const SESSIONS = 1_000;
const EVENTS_PER_SESSION = 1_000;
const BLOB_BYTES = 1024 * 1024;
const BLOBS = 600;
const PHRASE = 'a "phrase"\nnobody else says';

/** Milliseconds for a page at random places of a timeline, ours and the peer's, and to open it from its checkpoint. */
async function pageFigures(folder: string, length: number): Promise<{ pageMs: Awaited<ReturnType<typeof compare>>; openMs: number; jumpMs: number }> {
  const { paths } = await openStore(join(folder, newId()));
  const { sessionId, runId } = await writeSession(paths, length);
  const options = { root: paths.root, workerPath: WORKER_PATH };
  const first = await openStoreIndex(options);
  while ((await first.sync(sessionId)).more);
  await first.history(sessionId, { limit: 1 });
  await first.close();
  const peer = new Peer(folder, 'NORMAL');
  for (let start = 1; start <= length; start += 1_000) peer.insert(Array.from({ length: 1_000 }, (_, index) => eventOf(sessionId, runId, start + index)));
  const index = await openStoreIndex(options);
  const openMs = await timed(async () => await index.history(sessionId, { limit: PAGE }));
  const places = Array.from({ length: PAGES }, (_, turn) => 1 + ((turn * 7919) % Math.max(1, length - PAGE)));
  const pageMs = await compare(
    ROUNDS,
    async () =>
      (await timed(async () => {
        for (const seq of places) await index.history(sessionId, { limit: PAGE, afterId: eventId(1, seq) });
      })) / PAGES,
    async () =>
      (await timed(() => {
        for (const seq of places) peer.page(sessionId, { timestamp: timestampOf(seq), seq, id: eventId(1, seq) }, PAGE);
      })) / PAGES,
  );
  const jumps: number[] = [];
  for (const seq of places) jumps.push(await timed(async () => await index.runEvents(sessionId, runId, seq, PAGE)));
  await index.close();
  peer.close();
  return { pageMs, openMs, jumpMs: percentile(jumps, 0.95) };
}

async function timelineFigures(folder: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  const pages = new Map<number, number>();
  const rates = new Map<number, number>();
  for (const length of LENGTHS) {
    const { pageMs, openMs, jumpMs } = await pageFigures(folder, length);
    pages.set(length, pageMs.ours.median);
    rates.set(
      length,
      spreadOf([await indexedRate(folder, 10_000, length), await indexedRate(folder, 10_000, length), await indexedRate(folder, 10_000, length)]).median,
    );
    if (length !== LENGTHS.at(-1)) continue;
    figures.push({
      name: '9',
      feel: `a page of ${PAGE} out of ${length.toLocaleString('en')} events`,
      value: pageMs.ratio.median,
      min: pageMs.ratio.min,
      max: pageMs.ratio.max,
      unit: '×',
      detail: `${short(pageMs.ours.median)} ms, peer ${short(pageMs.peer.median)} ms`,
      target: { atMost: 2.5 },
    });
    figures.push({
      name: '9o',
      feel: `opening a timeline of ${length.toLocaleString('en')} events`,
      value: openMs,
      min: openMs,
      max: openMs,
      unit: 'ms',
      detail: `from its checkpoint; a jump to any moment p95 ${short(jumpMs)} ms`,
      target: { atMost: 300 },
    });
  }
  const growth = (name: string, feel: string, found: Map<number, number>, isRate: boolean): Figure => {
    const base = found.get(LENGTHS[0] ?? 0) ?? NaN;
    const ratios = [...found.values()].map((value) => (isRate ? base / value : value / base));
    return {
      name,
      feel,
      value: Math.max(...ratios),
      min: Math.min(...ratios),
      max: Math.max(...ratios),
      unit: '×',
      detail: [...found].map(([length, value]) => `${length.toLocaleString('en')}: ${short(value)}${isRate ? '/s' : ' ms'}`).join(' · '),
      target: { atMost: 1.3 },
    };
  };
  return [...figures, growth('14-3', 'writing into a timeline, as it grows', rates, true), growth('14-9', 'a page of a timeline, as it grows', pages, false)];
}

async function deleteDatabases(paths: StorePaths): Promise<void> {
  for (const name of await readdir(paths.root, { recursive: true })) if (name.endsWith('.sqlite')) await rm(join(paths.root, name));
}

/** Milliseconds until a window has a list to show. */
async function listMs(paths: StorePaths): Promise<{ listMs: number; allMs: number }> {
  const start = performance.now();
  const supervisor = new Supervisor({ storageDirectory: paths.root, bundles: join(projectRoot, 'dist'), autoRecover: false });
  const sessions = await supervisor.listSessions();
  const found = performance.now() - start;
  if (sessions.length === 0) throw new Error('The list is empty.');
  await supervisor.whenRecovered();
  const allMs = performance.now() - start;
  if ((await supervisor.listSessions()).length !== SESSIONS) throw new Error('The list is not whole.');
  await supervisor.close();
  return { listMs: found, allMs };
}

async function storeFigures(folder: string): Promise<Figure[]> {
  const { paths } = await openStore(join(folder, newId()));
  const sessions = [];
  for (let session = 0; session < SESSIONS; session++) sessions.push(await writeSession(paths, EVENTS_PER_SESSION));
  const rebuilt = await listMs(paths);
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) warm.push((await listMs(paths)).listMs);
  const spread = spreadOf(warm);
  const figures: Figure[] = [
    {
      name: '7',
      feel: `start with ${SESSIONS.toLocaleString('en')} sessions and ${(SESSIONS * EVENTS_PER_SESSION).toLocaleString('en')} events`,
      value: spread.median,
      min: spread.min,
      max: spread.max,
      unit: 'ms',
      detail: 'a new window, until the list is there',
      target: { atMost: 250 },
    },
    {
      name: '8',
      feel: 'the same with every SQLite file deleted: the first rows',
      value: rebuilt.listMs,
      min: rebuilt.listMs,
      max: rebuilt.listMs,
      unit: 'ms',
      detail: `all of them after ${short(rebuilt.allMs)} ms`,
      target: { atMost: 1_000 },
    },
  ];
  await deleteDatabases(paths);
  const [some] = sessions;
  if (some === undefined) return figures;
  // Large payloads, in a run of their own each 10.
  for (let number = 0; number < BLOBS; number++) {
    const { sessionId, runId } = sessions[number] ?? some;
    const run = paths.session(sessionId).run(runId);
    const content = Buffer.from(
      `${number}${'some output of a long build '.repeat(40_000)}`.slice(0, BLOB_BYTES - 100) + (number === 1 ? PHRASE.toUpperCase() : ''),
    );
    const sha256 = createHash('sha256').update(content).digest('hex');
    await writeFile(run.blob(sha256), content);
    const event = {
      seq: EVENTS_PER_SESSION + 1,
      timestamp: timestampOf(EVENTS_PER_SESSION + 1),
      kind: 'output',
      data: { stream: 'stdout', text: 'some output', blobs: { '/text': { sha256, bytes: content.length } } },
    };
    await writeFile(run.events, encodeRecord(event), { flag: 'a' });
  }
  const runs = sessions.map(({ sessionId, runId }) => ({ sessionId, runId, ordinal: 1, lastEventAt: timestampOf(EVENTS_PER_SESSION + 1) }));
  const search = await compare(
    3,
    async () =>
      await timed(async () => {
        const found = [];
        for await (const event of searchRuns(paths, runs, PHRASE, { limit: 100 })) found.push(event);
        if (found.length !== 1) throw new Error(`${found.length} events were found.`);
      }),
    async () => await timed(async () => await promisify(execFile)('grep', ['-ri', 'nosuchword', paths.sessions]).catch(() => undefined)),
  );
  const { stdout } = await promisify(execFile)('du', ['-sm', paths.sessions]);
  figures.push({
    name: '13',
    feel: 'search for a phrase with a quote and a newline',
    value: search.ratio.median,
    min: search.ratio.min,
    max: search.ratio.max,
    unit: '×',
    detail: `${short(search.ours.median)} ms over ${parseInt(stdout, 10)} MB, grep -ri of a word ${short(search.peer.median)} ms`,
    target: { atMost: 3 },
  });
  return figures;
}

export async function readingFigures(folder: string): Promise<Figure[]> {
  return [...(await timelineFigures(folder)), ...(await storeFigures(folder))];
}
