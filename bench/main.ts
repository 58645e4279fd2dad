/**
 * `npm run bench [-- <case>… | --quick]`: measures Corral beside its peers, prints and saves the figures. `--quick`
 * takes five minutes for what the present change is likely to touch.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { projectRoot } from '../test/support/project';
import { MEASUREMENTS, quickMeasurements } from './cases';
import type { Figure } from './figures';
import { figureSchema, isMet, short } from './figures';

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

/** @returns false where a case failed; the figures of all others are saved */
async function main(): Promise<boolean> {
  const { positionals: wanted, values } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean' } },
  });
  const chosen = values.quick
    ? await quickMeasurements()
    : MEASUREMENTS.filter(({ cases }) => wanted.length === 0 || cases.some((name) => wanted.includes(name)));
  const [cpu] = cpus();
  const machine = `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${process.platform}, Node ${process.versions.node}`;
  const earlier = await earlierFigures();
  const measured: Figure[] = [];
  let figures = earlier;
  let allMeasured = true;
  for (const { cases, measure } of chosen) {
    const folder = await mkdtemp(join(tmpdir(), 'corral-bench-'));
    try {
      measured.push(...(await measure(folder)));
    } catch (error) {
      allMeasured = false; // the other cases are worth having
      process.stderr.write(`Case ${cases.join(', ')} failed: ${textOf(error)}\n`);
    } finally {
      // Runners that just ended are still closing their logs.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
    }
    const kept = earlier.filter(({ name }) => measured.every((figure) => figure.name !== name));
    figures = [...kept, ...measured].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    await writeFile(
      RESULTS,
      `${JSON.stringify({ machine, measuredAt: new Date().toISOString(), figures }, null, 2)}\n`,
    );
  }
  const table = [
    '| case | what a person notices | median [min–max] | target | met | details |',
    '|---|---|---|---|---|---|',
    ...(values.quick ? measured : figures).map(row),
  ].join('\n');
  process.stdout.write(`${machine}\n\n${table}\n`);
  return allMeasured;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main().then(
  (allMeasured) => process.exit(allMeasured ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${textOf(error)}\n`);
    process.exit(1);
  },
);
