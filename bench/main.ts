/** `npm run bench [-- writing reading runs]`: measures Corral beside its peer, prints one table and writes bench/results.json, which bench/check compares with the targets. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../test/support/project';
import type { Figure } from './figures';
import { isMet, short } from './figures';
import { readingFigures } from './reading';
import { runFigures } from './runs';
import { writingFigures } from './writing';

function targetText({ target, unit }: Figure): string {
  if (target === undefined) return '–';
  return 'atLeast' in target ? `≥ ${target.atLeast} ${unit}` : `≤ ${target.atMost} ${unit}`;
}

function row(figure: Figure): string {
  const { name, feel, value, min, max, unit, detail } = figure;
  return `| ${name} | ${feel} | ${short(value)} ${unit} [${short(min)}–${short(max)}] | ${targetText(figure)} | ${isMet(figure) ? 'yes' : '**no**'} | ${detail} |`;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'corral-bench-'));
  try {
    const cases = { writing: writingFigures, reading: readingFigures, runs: runFigures };
    const wanted = process.argv.slice(2);
    const figures: Figure[] = [];
    for (const [name, measure] of Object.entries(cases)) if (wanted.length === 0 || wanted.includes(name)) figures.push(...(await measure(folder)));
    const [cpu] = cpus();
    const machine = `${cpu?.model ?? 'unknown'}, ${cpus().length} cores, ${process.platform}, Node ${process.versions.node}`;
    const table = ['| case | what one feels | median [min–max] | target | met | behind it |', '|---|---|---|---|---|---|', ...figures.map(row)].join('\n');
    process.stdout.write(`${machine}\n\n${table}\n`);
    await writeFile(join(projectRoot, 'bench/results.json'), `${JSON.stringify({ machine, measuredAt: new Date().toISOString(), figures }, null, 2)}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
