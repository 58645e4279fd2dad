/** The benchmark's cases: what measures each, how long that takes, and which of them a change is likely to touch. */
import { execa } from 'execa';
import { projectRoot } from '../test/support/project';
import { coldFigures } from './coldTimeline';
import { deletionFigures } from './deleting';
import type { Figure } from './figures';
import { growthFigures } from './growth';
import { idleFigures, loadFigures, memoryFigures } from './hosts';
import { livePageFigures } from './livePage';
import { runFigures } from './runs';
import { preparingFigures } from './preparing';
import { remoteFigures } from './remote';
import { searchFigures } from './searching';
import { sizeFigures } from './sizes';
import { snapshotFigures } from './snapshots';
import { startFigures } from './starting';
import { startPageFigures } from './startPage';
import { pageFigures } from './timelinePage';
import { timelineFigures } from './timelines';
import { worktreeFigures } from './worktrees';
import { burstFigures, indexedFigures, latencyFigures } from './writing';

export interface Measurement {
  cases: string[];
  measure: (folder: string) => Promise<Figure[]>;
  /** About how long it takes on two quiet cores. */
  seconds: number;
  /** Folders and files whose change it is likely to show. */
  sources: string[];
}

/** Of the quick form, with all of its measurements. */
const QUICK_SECONDS = 300;

/** In the order in which they run; `idle` has no number. */
export const MEASUREMENTS: readonly Measurement[] = [
  { cases: ['1', '2'], measure: burstFigures, seconds: 15, sources: ['src/storage/journal'] },
  {
    cases: ['3'],
    measure: indexedFigures,
    seconds: 20,
    sources: ['src/storage/journal', 'src/storage/database', 'src/storage/events', 'src/supervisor/sessions'],
  },
  { cases: ['4'], measure: latencyFigures, seconds: 25, sources: ['src/storage/journal', 'src/storage/database'] },
  {
    cases: ['5'],
    measure: loadFigures,
    seconds: 60,
    sources: ['src/storage/database', 'src/supervisor/sessions', 'src/views/timeline'],
  },
  {
    cases: ['6'],
    measure: livePageFigures,
    seconds: 90,
    sources: ['src/supervisor/sessions', 'src/views/timeline', 'src/protocol', 'media/timeline'],
  },
  {
    cases: ['7', '19'],
    measure: startPageFigures,
    seconds: 240,
    sources: ['src/storage/database', 'src/supervisor/startUp.ts', 'src/views/sessions/tree'],
  },
  {
    cases: ['7l', '8'],
    measure: startFigures,
    seconds: 90,
    sources: ['src/storage/store', 'src/storage/database', 'src/supervisor/startUp.ts', 'src/supervisor/sessions'],
  },
  { cases: ['9'], measure: timelineFigures, seconds: 60, sources: ['src/storage/database'] },
  { cases: ['9p'], measure: pageFigures, seconds: 240, sources: ['src/views/timeline', 'src/protocol', 'media'] },
  { cases: ['10'], measure: memoryFigures, seconds: 180, sources: ['src/supervisor/sessions', 'src/storage/database'] },
  {
    cases: ['11'],
    measure: runFigures,
    seconds: 160,
    sources: ['src/supervisor/runner', 'src/supervisor/runs', 'src/supervisor/lifecycle'],
  },
  { cases: ['12'], measure: worktreeFigures, seconds: 120, sources: ['src/supervisor/git/worktrees'] },
  {
    cases: ['16'],
    measure: preparingFigures,
    seconds: 90,
    sources: ['src/supervisor/lifecycle', 'src/supervisor/git/worktrees'],
  },
  { cases: ['13', '18'], measure: searchFigures, seconds: 60, sources: ['src/storage/search'] },
  { cases: ['14'], measure: growthFigures, seconds: 600, sources: ['src/storage/database'] },
  { cases: ['15'], measure: sizeFigures, seconds: 1, sources: ['src', 'media', 'package.json'] },
  {
    cases: ['17'],
    measure: coldFigures,
    seconds: 400,
    sources: ['src/views/timeline', 'src/supervisor/history', 'src/storage/database', 'media/timeline'],
  },
  {
    cases: ['20'],
    measure: snapshotFigures,
    seconds: 40,
    sources: ['src/supervisor/git/snapshots', 'src/supervisor/git/isolated', 'src/supervisor/git/filters'],
  },
  {
    cases: ['21'],
    measure: deletionFigures,
    seconds: 60,
    sources: ['src/supervisor/lifecycle', 'src/supervisor/git/snapshots', 'src/supervisor/git/worktrees'],
  },
  {
    cases: ['22'],
    measure: remoteFigures,
    seconds: 120,
    sources: ['src/supervisor/hosts', 'src/supervisor/hostProgram', 'src/supervisor/runs/remote'],
  },
  { cases: ['idle'], measure: idleFigures, seconds: 75, sources: ['src/supervisor', 'src/views/sessions'] },
];

/** Paths that differ from the commit where this branch left main, and from HEAD where it is main itself. */
async function changedPaths(): Promise<string[]> {
  const git = async (...parameters: string[]): Promise<string[]> =>
    (await execa('git', parameters, { cwd: projectRoot, stdin: 'ignore' })).stdout.split('\0').filter(Boolean);
  const [base = 'HEAD'] = await git('merge-base', 'HEAD', 'origin/main').catch(() => []);
  const changed = await git('diff', '--name-only', '-z', base.trim());
  return [...changed, ...(await git('ls-files', '--others', '--exclude-standard', '-z'))];
}

/** The cases that the present change is likely to touch, the shortest first, as many as five minutes allow. */
export async function quickMeasurements(): Promise<Measurement[]> {
  const paths = await changedPaths();
  const touched = MEASUREMENTS.filter(({ sources }) =>
    paths.some((path) => sources.some((source) => path === source || path.startsWith(`${source}/`))),
  );
  let left = QUICK_SECONDS;
  return touched
    .toSorted((a, b) => a.seconds - b.seconds)
    .filter(({ seconds }) => {
      const fits = seconds <= left;
      if (fits) left -= seconds;
      return fits;
    });
}
