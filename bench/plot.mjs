// Draws the figures of case 14 from bench/results.json into docs/growth.svg. Run after `npm run bench`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from 'vega-lite';
import { parse, View } from 'vega';

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
