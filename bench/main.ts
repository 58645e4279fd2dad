/**
 * `npm run bench [-- <case>…]`: measures Corral beside its peer, prints a table and writes bench/results.json.
 * Cases that are not named keep the figures of an earlier run.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { figureSchema, isMet, short } from './figures';
import { growthFigures } from './growth';
import { idleFigures, loadFigures, memoryFigures } from './hosts';
import { livePageFigures } from './livePage';
import { runFigures } from './runs';
import { searchFigures } from './searching';
import { snapshotFigures } from './snapshots';
import { startFigures } from './starting';
import { pageFigures } from './timelinePage';
import { timelineFigures } from './timelines';
import { worktreeFigures } from './worktrees';
import { burstFigures, indexedFigures, latencyFigures } from './writing';

/** The cases in the order in which they run; `idle` has no number. */
const MEASUREMENTS: { cases: string[]; measure: (folder: string) => Promise<Figure[]> }[] = [
  { cases: ['1', '2'], measure: burstFigures },
  { cases: ['3'], measure: indexedFigures },
  { cases: ['4'], measure: latencyFigures },
  { cases: ['5'], measure: loadFigures },
  { cases: ['6'], measure: livePageFigures },
  { cases: ['7', '8'], measure: startFigures },
  { cases: ['9'], measure: timelineFigures },
  { cases: ['9p'], measure: pageFigures },
  { cases: ['10'], measure: memoryFigures },
  { cases: ['11'], measure: runFigures },
  { cases: ['12'], measure: worktreeFigures },
  { cases: ['13'], measure: searchFigures },
  { cases: ['14'], measure: growthFigures },
  { cases: ['20'], measure: snapshotFigures },
  { cases: ['idle'], measure: idleFigures },
];
const RESULTS = join(projectRoot, 'bench/results.json');

function targetText({ target, unit }: Figure): string {
  if (target === undefined) return '–';
  return 'atLeast' in target ? `≥ ${target.atLeast} ${unit}` : `≤ ${target.atMost} ${unit}`;
}

function row(figure: Figure): string {
  const { name, feel, value, min, max, unit, detail } = figure;
  return `| ${name} | ${feel} | ${short(value)} ${unit} [${short(min)}–${short(max)}] | ${targetText(figure)} | ${isMet(figure) ? 'yes' : '**no**'} | ${detail} |`;
}

/** The figures of an earlier run; none where its file is missing or from another version. */
async function earlierFigures(): Promise<Figure[]> {
  try {
    return v.parse(v.object({ figures: v.array(figureSchema) }), JSON.parse(await readFile(RESULTS, 'utf8'))).figures;
  } catch {
    return [];
  }
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const chosen = MEASUREMENTS.filter(({ cases }) => wanted.length === 0 || cases.some((name) => wanted.includes(name)));
  const measured: Figure[] = [];
  for (const { measure } of chosen) {
    const folder = await mkdtemp(join(tmpdir(), 'corral-bench-'));
    try {
      measured.push(...(await measure(folder)));
    } finally {
      // Runners that just ended are still closing their logs.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
    }
  }
  const kept = (await earlierFigures()).filter(({ name }) => measured.every((figure) => figure.name !== name));
  const figures = [...kept, ...measured].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const [cpu] = cpus();
  const machine = `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${process.platform}, Node ${process.versions.node}`;
  const table = [
    '| case | what a person notices | median [min–max] | target | met | details |',
    '|---|---|---|---|---|---|',
    ...figures.map(row),
  ].join('\n');
  process.stdout.write(`${machine}\n\n${table}\n`);
  await writeFile(RESULTS, `${JSON.stringify({ machine, measuredAt: new Date().toISOString(), figures }, null, 2)}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
