/** Case 14: how the other figures change as the history grows. */
import { setTimeout as delay } from 'node:timers/promises';
import { newId } from '../src/storage/ids';
import { JournalWriter } from '../src/storage/journal/journalWriter';
import { ringDoorbell } from '../src/storage/store/store';
import type { Figure } from './figures';
import { short, spreadOf } from './figures';
import { runHost, storeOf } from './hosts';
import type { HostResult } from './hostTask';
import { LiveTimeline } from './liveTimeline';
import { drafts } from './sampleData';
import { makeStore } from './starting';
import { pageMs } from './timelines';

const LENGTHS = [1_000, 10_000, 100_000, 1_000_000];
const ROUNDS = 5;
const SESSIONS = 10;
const BURST = 10_000;
const FOLLOW_SECONDS = 5;
const EVENTS_A_SECOND = 100;
/** A runner rings the doorbell this often. */
const RING_EVERY_MS = 250;

interface Growth {
  rates: number[];
  pages: number[];
  blocks: number[];
  starts: number[];
  memories: number[];
}

async function median(rounds: number, measure: () => Promise<number>): Promise<number> {
  const found: number[] = [];
  for (let round = 0; round < rounds; round++) found.push(await measure());
  return spreadOf(found).median;
}

/** Writes a hundred events a second into the session, the way a runner does. */
async function writeSteadily({ paths, sessionId }: LiveTimeline): Promise<void> {
  const perRing = (EVENTS_A_SECOND * RING_EVERY_MS) / 1_000;
  const rings = (FOLLOW_SECONDS * 1_000) / RING_EVERY_MS;
  const events = drafts(perRing * rings);
  const writer = await JournalWriter.open(paths.session(sessionId).run(newId()), {
    tsFloor: new Date(0).toISOString(),
  });
  for (let ring = 0; ring < rings; ring++) {
    for (const event of events.slice(ring * perRing, (ring + 1) * perRing)) writer.append(event);
    await writer.acknowledged();
    await ringDoorbell(paths, sessionId);
    await delay(RING_EVERY_MS);
  }
  await writer.close();
}

async function measureLength(folder: string, length: number, growth: Growth): Promise<void> {
  const timeline = await LiveTimeline.open(folder, length);
  await pageMs(timeline, length); // warms up: code that has never run is slow
  growth.pages.push(await median(ROUNDS, async () => await pageMs(timeline, length)));
  await timeline.rate(BURST);
  growth.rates.push(await median(ROUNDS, async () => await timeline.rate(BURST)));
  await timeline.close();
  let writing = Promise.resolve();
  const { worstWorkMs = NaN } = await runHost(
    { kind: 'follow', ...storeOf(timeline.paths), sessionId: timeline.sessionId, seconds: FOLLOW_SECONDS },
    () => {
      writing = writeSteadily(timeline);
    },
  );
  await writing;
  growth.blocks.push(worstWorkMs);
  const { paths } = await makeStore(folder, SESSIONS, length / SESSIONS);
  const list = async (): Promise<HostResult> => await runHost({ kind: 'list', ...storeOf(paths), seconds: 0 });
  await list(); // builds the index
  const lists = [];
  for (let round = 0; round < ROUNDS; round++) lists.push(await list());
  growth.starts.push(spreadOf(lists.map(({ listMs = NaN }) => listMs)).median);
  growth.memories.push(spreadOf(lists.map(({ memoryMb: [memory = NaN] }) => memory)).median);
}

/** `values` has one value for each of `LENGTHS`. With `isRate`, a smaller value is worse. */
function figureOf(name: string, feel: string, values: readonly number[], unit: string, isRate = false): Figure {
  const [base = NaN] = values;
  const ratios = values.map((value) => (isRate ? base / value : value / base));
  return {
    name,
    feel,
    value: Math.max(...ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    unit: '×',
    detail: values
      .map((value, index) => `${(LENGTHS[index] ?? NaN).toLocaleString('en')}: ${short(value)} ${unit}`)
      .join(' · '),
    target: { atMost: 1.3 },
    points: values.map((value, index) => ({ events: LENGTHS[index] ?? NaN, value })),
    pointUnit: unit,
  };
}

export async function growthFigures(folder: string): Promise<Figure[]> {
  const growth: Growth = { rates: [], pages: [], blocks: [], starts: [], memories: [] };
  for (const length of LENGTHS) await measureLength(folder, length, growth);
  return [
    figureOf('14-3', 'writing into a timeline, as it grows', growth.rates, 'events/s', true),
    figureOf(
      '14-5',
      "the most work in one turn of the host's loop with an open timeline, as it grows",
      growth.blocks,
      'ms',
    ),
    figureOf('14-7', 'a new window’s list, as the history grows', growth.starts, 'ms'),
    figureOf('14-9', 'a page of a timeline, as it grows', growth.pages, 'ms'),
    figureOf('14-10', 'memory with the list, as the history grows', growth.memories, 'MB'),
  ];
}
