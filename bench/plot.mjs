/** Draws the figures of case 14 from bench/results.json into docs/growth.svg. Run after `npm run bench`. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enterProjectNode, npm } from '../scripts/installation.mjs';

await enterProjectNode(import.meta.filename);
// Nothing else needs what draws, so it is installed when it is first used.
if (!existsSync(join(import.meta.dirname, 'node_modules/vega-lite')))
  await npm(['ci', '--no-audit', '--no-fund'], { cwd: import.meta.dirname });
const { compile } = await import('vega-lite');
const { parse, View } = await import('vega');

const { figures } = JSON.parse(await readFile(join(import.meta.dirname, 'results.json'), 'utf8'));
const grown = figures.filter(({ points }) => points !== undefined);
if (grown.length === 0) throw new Error('There are no figures of case 14 yet. Run: npm run bench -- 14');

const charts = grown.map(({ name, feel, points, pointUnit }) => ({
  title: { text: `${name}: ${feel}`, fontSize: 12, anchor: 'start' },
  width: 320,
  height: 150,
  data: { values: points },
  mark: { type: 'line', point: true },
  encoding: {
    x: {
      field: 'events',
      type: 'quantitative',
      scale: { type: 'log' },
      axis: { title: 'events', format: '~s', values: points.map(({ events }) => events) },
    },
    y: { field: 'value', type: 'quantitative', scale: { zero: true }, axis: { title: pointUnit, tickCount: 5 } },
  },
}));
const { spec } = compile({ background: 'white', columns: 2, concat: charts, spacing: 30 });
await writeFile(
  join(import.meta.dirname, '../docs/growth.svg'),
  `${await new View(parse(spec), { renderer: 'none' }).toSVG()}\n`,
);
