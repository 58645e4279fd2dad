/** Case 9: how fast a timeline opens and its pages are read. */
import { openStoreIndex } from '../src/storage/database/storeIndexClient';
import { eventId } from '../src/storage/ids';
import type { StoreIndex } from '../src/storage/database/storeIndex';
import type { Figure } from './figures';
import { compare, percentile, short, spreadOf, timed, valueOf } from './figures';
import { LiveTimeline, WORKER_PATH } from './liveTimeline';
import { EnginePeer, Peer } from './peer';
import type { PageKey } from './peer';
import { eventOf, timestampOf } from './sampleData';

const ROUNDS = 7;
const LENGTH = 100_000;
const PAGE = 200;
const PAGES = 50;
const OPENINGS = 5;

interface Place {
  index: StoreIndex;
  sessionId: string;
  runId: string;
}

/** Sequence numbers throughout the run; a page begins after each. */
function places(length: number): number[] {
  return Array.from({ length: PAGES }, (_, turn) => 1 + ((turn * 7919) % Math.max(1, length - PAGE)));
}

/** Milliseconds to read a page of a timeline with `length` events. */
export async function pageMs({ index, sessionId }: Place, length: number): Promise<number> {
  const ms = await timed(async () => {
    for (const seq of places(length))
      await index.query(sessionId, 'history', { limit: PAGE, afterId: eventId(1, seq) });
  });
  return ms / PAGES;
}

async function comparePages(folder: string, place: Place): Promise<Figure> {
  const { sessionId, runId } = place;
  const [peer, engine] = [Peer.create(folder, 'NORMAL'), await EnginePeer.create()];
  for (let start = 1; start <= LENGTH; start += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, index) => eventOf(sessionId, runId, start + index));
    peer.insert(events);
    engine.insert(events);
  }
  const peerMs = async (read: (sessionId: string, after: PageKey, limit: number) => unknown): Promise<number> =>
    (await timed(() => {
      for (const seq of places(LENGTH))
        read(sessionId, { timestamp: timestampOf(seq), seq, id: eventId(1, seq) }, PAGE);
    })) / PAGES;
  const found = await compare(
    ROUNDS,
    async () => await pageMs(place, LENGTH),
    async () => await peerMs(engine.events.bind(engine)),
  );
  const native: number[] = [];
  for (let round = 0; round < ROUNDS; round++) native.push(await peerMs(peer.page.bind(peer)));
  peer.close();
  engine.close();
  return {
    name: '9',
    feel: `a page of ${PAGE} out of ${LENGTH.toLocaleString('en')} events`,
    ...valueOf(found.ratio),
    unit: '×',
    detail: `${short(found.ours.median)} ms, the engine alone ${short(found.peer.median)} ms; rows as stored from SQLite on the disk ${short(spreadOf(native).median)} ms`,
    target: { atMost: 1.5 },
  };
}

async function openingFigure({ paths, sessionId, runId }: LiveTimeline): Promise<Figure> {
  const openings: number[] = [];
  const jumps: number[] = [];
  for (let round = 0; round < OPENINGS; round++) {
    const index = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
    openings.push(await timed(async () => await index.query(sessionId, 'history', { limit: PAGE })));
    for (const seq of places(LENGTH))
      jumps.push(
        await timed(async () => await index.query(sessionId, 'runEvents', { runId, fromSeq: seq, limit: PAGE })),
      );
    await index.close();
  }
  const spread = spreadOf(openings);
  return {
    name: '9o',
    feel: `opening a timeline of ${LENGTH.toLocaleString('en')} events`,
    ...valueOf(spread),
    unit: 'ms',
    detail: `from its checkpoint; a jump to any moment p95 ${short(percentile(jumps, 0.95))} ms`,
    target: { atMost: 300 },
  };
}

export async function timelineFigures(folder: string): Promise<Figure[]> {
  const timeline = await LiveTimeline.open(folder, LENGTH);
  const page = await comparePages(folder, timeline);
  await timeline.close(); // writes a checkpoint
  return [page, await openingFigure(timeline)];
}
