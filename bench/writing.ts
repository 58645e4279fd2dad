/** Cases 1 to 4: how fast events are stored safely. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStoreIndex } from '../src/storage/database/storeIndexClient';
import { newId } from '../src/storage/ids';
import { JournalWriter } from '../src/storage/journal/journalWriter';
import { openStore } from '../src/storage/store/store';
import type { Figure } from './figures';
import { compare, percentile, short, timed, valueOf } from './figures';
import { EnginePeer, Peer } from './peer';
import { LiveTimeline, WORKER_PATH } from './liveTimeline';
import { draft, drafts, eventOf, writeSession } from './sampleData';

const ROUNDS = 5;
const TS_FLOOR = new Date(0).toISOString();

async function withWriter<T>(folder: string, work: (writer: JournalWriter) => Promise<T>): Promise<T> {
  const { paths } = await openStore(join(folder, newId()));
  const writer = await JournalWriter.open(paths.session(newId()).run(newId()), { tsFloor: TS_FLOOR });
  try {
    return await work(writer);
  } finally {
    await writer.close();
  }
}

/** Inserts `count` events into the peer, `batch` per transaction, and closes it; returns events per second. */
async function insertRate(peer: Peer | EnginePeer, count: number, batch: number): Promise<number> {
  const [sessionId, runId] = [newId(), newId()];
  const events = Array.from({ length: count }, (_, index) => eventOf(sessionId, runId, index + 1));
  const ms = await timed(() => {
    for (let start = 0; start < count; start += batch) peer.insert(events.slice(start, start + batch));
  });
  peer.close();
  return (count / ms) * 1_000;
}

async function synced(folder: string, count: number, outstanding: number): Promise<number> {
  const events = drafts(count);
  return await withWriter(folder, async (writer) => {
    const ms = await timed(async () => {
      for (let start = 0; start < count; start += outstanding) {
        for (const event of events.slice(start, start + outstanding)) writer.append(event);
        await writer.synced();
      }
    });
    return (count / ms) * 1_000;
  });
}

async function acknowledged(folder: string, count: number): Promise<number> {
  const events = drafts(count);
  return await withWriter(folder, async (writer) => {
    const ms = await timed(async () => {
      for (const [index, event] of events.entries()) {
        writer.append(event);
        if (index % 100 === 99) await writer.acknowledged();
      }
    });
    return (count / ms) * 1_000;
  });
}

/** Writes 1,000 events a second; returns the milliseconds to each acknowledgement. */
async function latencies(folder: string, meanwhile: () => Promise<unknown>): Promise<number[]> {
  return await withWriter(folder, async (writer) => {
    const found: number[] = [];
    const waits: Promise<unknown>[] = [];
    const busy = { isOver: false };
    const work = meanwhile().finally(() => (busy.isOver = true));
    const start = performance.now();
    for (let number = 0; number < 2_000 || !busy.isOver;) {
      for (const due = performance.now() - start; number < due; number++) {
        const atMs = performance.now();
        writer.append(draft(number));
        waits.push(writer.acknowledged().then(() => found.push(performance.now() - atMs)));
      }
      await delay(1);
    }
    await Promise.all([...waits, work]);
    return found;
  });
}

async function lineWriteMs(folder: string): Promise<number> {
  const file = await open(join(folder, 'line'), 'w');
  const found: number[] = [];
  const line = Buffer.alloc(300, 0x61);
  for (let count = 0; count < 500; count++) found.push(await timed(async () => await file.write(line)));
  await file.close();
  return percentile(found, 0.5);
}

/** Case 4. */
export async function latencyFigures(folder: string): Promise<Figure[]> {
  const quiet = await latencies(folder, () => Promise.resolve());
  const { paths } = await openStore(join(folder, newId()));
  const { sessionId } = await writeSession(paths, 100_000);
  const index = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
  while ((await index.sync(sessionId)).more);
  await index.query(sessionId, 'history', { limit: 1 });
  const busy = await latencies(folder, async () => {
    await index.checkpoint();
  });
  await index.close();
  const reference = await lineWriteMs(folder);
  const figure = (name: string, feel: string, found: number[], atMost: number): Figure => ({
    name,
    feel,
    value: percentile(found, 0.99),
    min: percentile(found, 0),
    max: percentile(found, 1),
    unit: 'ms p99',
    detail: `p50 ${short(percentile(found, 0.5))} ms over ${found.length} events; one line to the same disk p50 ${short(reference)} ms`,
    target: { atMost },
  });
  return [
    figure('4', 'an event is safe from any crash, at 1,000 a second', quiet, 10),
    figure('4c', 'the same while a checkpoint of 100,000 events is written', busy, 50),
  ];
}

async function ratioFigure(
  place: { name: string; feel: string; atLeast: number },
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Figure> {
  const { name, feel, atLeast } = place;
  const found = await compare(ROUNDS, ours, peer);
  return {
    name,
    feel,
    ...valueOf(found.ratio),
    unit: '×',
    detail: `${short(found.ours.median)} events/s, peer ${short(found.peer.median)}`,
    target: { atLeast },
  };
}

/** Cases 1 and 2. */
export async function burstFigures(folder: string): Promise<Figure[]> {
  return [
    await ratioFigure(
      { name: '1a', feel: 'each event on the disk before the next', atLeast: 0.8 },
      async () => await synced(folder, 300, 1),
      async () => await insertRate(Peer.create(folder, 'FULL'), 300, 1),
    ),
    await ratioFigure(
      { name: '1b', feel: 'a burst on the disk', atLeast: 20 },
      async () => await synced(folder, 20_000, 1_000),
      async () => await insertRate(Peer.create(folder, 'FULL'), 300, 1),
    ),
    await ratioFigure(
      { name: '2', feel: 'a burst safe from any crash', atLeast: 1 },
      async () => await acknowledged(folder, 20_000),
      async () => await insertRate(Peer.create(folder, 'NORMAL'), 20_000, 100),
    ),
  ];
}

/** Case 3. */
export async function indexedFigures(folder: string): Promise<Figure[]> {
  const timeline = await LiveTimeline.open(folder, 10);
  try {
    return [
      await ratioFigure(
        { name: '3', feel: 'a burst in the timeline', atLeast: 0.8 },
        async () => await timeline.rate(20_000),
        async () => await insertRate(await EnginePeer.create(), 20_000, 100),
      ),
    ];
  } finally {
    await timeline.close();
  }
}
