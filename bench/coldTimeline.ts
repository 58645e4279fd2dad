/** Case 17: the first rows of a timeline in a window that has just opened. */
import { appendFile } from 'node:fs/promises';
import type { StorePaths } from '../src/storage/paths';
import { BenchWindow } from './benchWindow';
import type { OpenedPage } from './benchWindow';
import type { Figure } from './figures';
import { short, spreadOf, valueOf } from './figures';
import { writeSession } from './sampleData';
import { indexSessions } from './timelinePage';

const LENGTHS = [100_000, 1_000_000];
const ROUNDS = 5;

interface Sessions {
  ours: string;
  /** The same history behind a damaged record, which only the index can tell of, so that all waits for that. */
  byCheckpoint: string;
}

async function fill(paths: StorePaths): Promise<Sessions[]> {
  const made: Sessions[] = [];
  for (const length of LENGTHS) {
    const [ours, byCheckpoint] = [await writeSession(paths, length), await writeSession(paths, length)];
    await appendFile(paths.session(byCheckpoint.sessionId).journal, 'damaged\n');
    await indexSessions(paths, [ours, byCheckpoint]);
    made.push({ ours: ours.sessionId, byCheckpoint: byCheckpoint.sessionId });
  }
  return made;
}

interface Round {
  empty: OpenedPage;
  lengths: { ours: OpenedPage; byCheckpoint: OpenedPage }[];
}

async function measureRound(opened: BenchWindow, sessions: readonly Sessions[]): Promise<Round> {
  const cold = async (view: string, title: string): Promise<OpenedPage> => {
    await opened.reload();
    return await opened.open(view, title);
  };
  const empty = await cold('Bare', 'Empty page');
  const lengths: Round['lengths'] = [];
  for (const { ours, byCheckpoint } of sessions)
    lengths.push({ ours: await cold('Sessions', ours), byCheckpoint: await cold('Sessions', byCheckpoint) });
  return { empty, lengths };
}

const range = (values: readonly number[], unit: string): string => {
  const { median, min, max } = spreadOf(values);
  return `${short(median)} ${unit} [${short(min)}–${short(max)}]`;
};

function figureOf(length: number, index: number, rounds: readonly Round[]): Figure {
  const openMs = (pick: (round: Round) => OpenedPage | undefined): number[] =>
    rounds.map((round) => pick(round)?.openMs ?? NaN);
  const ours = openMs(({ lengths }) => lengths[index]?.ours);
  const old = openMs(({ lengths }) => lengths[index]?.byCheckpoint);
  const empty = openMs((round) => round.empty);
  const ratioTo = (peer: readonly number[]): number[] => ours.map((ms, round) => ms / (peer[round] ?? NaN));
  const ratio = spreadOf(ratioTo(empty));
  const first = openMs(({ lengths }) => lengths[0]?.ours);
  const pageMs = spreadOf(rounds.map(({ lengths }) => lengths[index]?.ours.pageMs ?? NaN));
  const emptyPageMs = spreadOf(rounds.map((round) => round.empty.pageMs));
  return {
    name: index === 0 ? '17' : '17m',
    feel: `the first rows of a timeline of ${length.toLocaleString('en')} events, in a window that has just opened`,
    ...valueOf(ratio),
    unit: '×',
    detail: `of an empty page in a bare extension, which takes ${range(empty, 'ms')} from the click; ours ${range(ours, 'ms')}, of that ${short(pageMs.median)} ms from the page's start (the empty one ${short(emptyPageMs.median)} ms), by the checkpoint ${range(old, 'ms')}; ${range(ratioTo(old), '×')} of that, ${range(ratioTo(first), '×')} of ${(LENGTHS[0] ?? 0).toLocaleString('en')} events`,
    target: { atMost: 1.5 },
  };
}

export async function coldFigures(): Promise<Figure[]> {
  const sessions: Sessions[] = [];
  return await BenchWindow.use(
    async (paths) => {
      sessions.push(...(await fill(paths)));
    },
    async (opened) => {
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(opened, sessions));
      return LENGTHS.map((length, index) => figureOf(length, index, rounds));
    },
  );
}
