/** Cases 1 to 4: how fast events are safe. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStoreIndex } from '../src/storage/database/databaseClient';
import { newId } from '../src/storage/ids';
import { JournalWriter } from '../src/storage/journalWriter';
import { openStore } from '../src/storage/store';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { compare, percentile, short, timed } from './figures';
import { Peer } from './peer';
import { draft, eventOf, writeSession } from './sampleData';

const ROUNDS = 5;
const TS_FLOOR = new Date(0).toISOString();
export const WORKER_PATH = join(projectRoot, 'dist/storeWorker.js');

async function withWriter<T>(folder: string, work: (writer: JournalWriter) => Promise<T>): Promise<T> {
  const { paths } = await openStore(join(folder, newId()));
  const writer = await JournalWriter.open(paths.session(newId()).run(newId()), { tsFloor: TS_FLOOR });
  try {
    return await work(writer);
  } finally {
    await writer.close();
  }
}

/** Events a second of the peer, `count` in all, `batch` in a transaction. */
async function peerRate(folder: string, synchronous: 'FULL' | 'NORMAL', count: number, batch: number): Promise<number> {
  const peer = new Peer(folder, synchronous);
  const [sessionId, runId] = [newId(), newId()];
  const events = Array.from({ length: count }, (_, index) => eventOf(sessionId, runId, index + 1));
  const ms = await timed(() => {
    for (let start = 0; start < count; start += batch) peer.insert(events.slice(start, start + batch));
  });
  peer.close();
  return (count / ms) * 1_000;
}

async function synced(folder: string, count: number, outstanding: number): Promise<number> {
  return await withWriter(folder, async (writer) => {
    const ms = await timed(async () => {
      for (let start = 0; start < count; start += outstanding) {
        for (let number = start; number < start + outstanding; number++) writer.append(draft(number));
        await writer.synced();
      }
    });
    return (count / ms) * 1_000;
  });
}

async function acknowledged(folder: string, count: number): Promise<number> {
  return await withWriter(folder, async (writer) => {
    const ms = await timed(async () => {
      for (let number = 0; number < count; number++) {
        writer.append(draft(number));
        if (number % 100 === 99) await writer.acknowledged();
      }
    });
    return (count / ms) * 1_000;
  });
}

/** Events a second from the runner's writer into an open timeline that has `before` events already. */
export async function indexedRate(folder: string, count: number, before = 10): Promise<number> {
  const { paths } = await openStore(join(folder, newId()));
  const { sessionId } = await writeSession(paths, before);
  const index = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
  while ((await index.sync(sessionId)).more);
  await index.history(sessionId, { limit: 1 });
  const runId = newId();
  const writer = await JournalWriter.open(paths.session(sessionId).run(runId), { tsFloor: TS_FLOOR });
  const ms = await timed(async () => {
    writer.append({ kind: 'run.started', data: { ordinal: 2, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: '/' } });
    for (let number = 1; number < count; number++) {
      writer.append(draft(number));
      if (number % 100 !== 99) continue;
      await writer.acknowledged();
      while ((await index.sync(sessionId)).more);
    }
  });
  await writer.close();
  await index.close();
  return (count / ms) * 1_000;
}

/** Milliseconds to each acknowledgement at 1,000 events a second. */
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

async function latencyFigures(folder: string): Promise<Figure[]> {
  const quiet = await latencies(folder, () => Promise.resolve());
  const { paths } = await openStore(join(folder, newId()));
  const { sessionId } = await writeSession(paths, 100_000);
  const index = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
  while ((await index.sync(sessionId)).more);
  await index.history(sessionId, { limit: 1 });
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

export async function writingFigures(folder: string): Promise<Figure[]> {
  const figure = async (name: string, feel: string, atLeast: number, ours: () => Promise<number>, peer: () => Promise<number>): Promise<Figure> => {
    const found = await compare(ROUNDS, ours, peer);
    return {
      name,
      feel,
      value: found.ratio.median,
      min: found.ratio.min,
      max: found.ratio.max,
      unit: '×',
      detail: `${short(found.ours.median)} events/s, peer ${short(found.peer.median)}`,
      target: { atLeast },
    };
  };
  return [
    await figure(
      '1a',
      'each event on the disk before the next',
      0.8,
      async () => await synced(folder, 300, 1),
      async () => await peerRate(folder, 'FULL', 300, 1),
    ),
    await figure(
      '1b',
      'a burst on the disk',
      20,
      async () => await synced(folder, 20_000, 1_000),
      async () => await peerRate(folder, 'FULL', 300, 1),
    ),
    await figure(
      '2',
      'a burst safe from any crash',
      1,
      async () => await acknowledged(folder, 20_000),
      async () => await peerRate(folder, 'NORMAL', 20_000, 100),
    ),
    await figure(
      '3',
      'a burst in the timeline',
      0.7,
      async () => await indexedRate(folder, 20_000),
      async () => await peerRate(folder, 'NORMAL', 20_000, 100),
    ),
    ...(await latencyFigures(folder)),
  ];
}
