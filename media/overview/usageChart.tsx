import { axisX, axisY, barY, gridY, plot, ruleY } from '@observablehq/plot';
import * as l10n from '@vscode/l10n';
import type { DayUsage, Overview } from '../../src/protocol/overviewProtocol';
import { formatCost, formatNumber } from '../shared/numbers';
import { oneLine } from '../shared/plainText';
import { Chart } from './chart';
import { daysOf, formatDay } from './days';

const HEIGHT_PX = 200;
const LEFT_PX = 52;
const RIGHT_PX = 12;
/** Few days get no wider bars. */
const MAX_DAY_PX = 110;
const MAX_DAY_LABELS = 8;
/** Width of a day's label with some space beside it. */
const DAY_LABEL_PX = 56;
/** With more agents than this, some share a colour. */
const AGENT_COLOUR_COUNT = 6;

const MEASURES = {
  tokens: {
    title: l10n.t('Tokens in and out'),
    chartLabel: l10n.t('Tokens in and out by day. The table below has the same data.'),
    of: ({ inputTokens, outputTokens }: DayUsage) => inputTokens + outputTokens,
    format: (value: number) => formatNumber(value).replace('.0', ''),
  },
  costUsd: {
    title: l10n.t('Cost in USD'),
    chartLabel: l10n.t('Cost in USD by day. The table below has the same data.'),
    of: ({ costUsd }: DayUsage) => costUsd,
    format: (value: number) => formatCost(value),
  },
} as const;
type Measure = keyof typeof MEASURES;

/** A bar for each day, stacked by agent. */
export function UsageChart({ overview, measure }: { overview: Overview; measure: Measure }) {
  const { title, chartLabel, of } = MEASURES[measure];
  const agents = agentsOf(overview);
  const shown = overview.usage.filter((each) => of(each) > 0);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <Chart label={chartLabel} draw={(widthPx) => drawUsage(overview, measure, widthPx)} />
      <ul class="legend">
        {agents.map((agent, index) =>
          shown.some((each) => each.agent === agent) ? (
            <li>
              <span class={`swatch swatch-agent-${String(index % AGENT_COLOUR_COUNT)}`} />
              {oneLine(agent, 40)}
            </li>
          ) : null,
        )}
      </ul>
    </figure>
  );
}

function agentsOf({ usage }: Overview): string[] {
  return [...new Set(usage.map(({ agent }) => agent))].sort();
}

function drawUsage(overview: Overview, measure: Measure, widthPx: number): Element {
  const { of, format } = MEASURES[measure];
  const agents = agentsOf(overview);
  const days = daysOf(overview);
  const bars = overview.usage
    .filter((each) => of(each) > 0)
    .map((each) => ({
      day: each.day,
      value: of(each),
      colour: `var(--agent-${String(agents.indexOf(each.agent) % AGENT_COLOUR_COUNT)})`,
      tooltip: `${formatDay(each.day)} · ${oneLine(each.agent, 40)}\n${format(of(each))}`,
    }));
  const labelCount = Math.max(1, Math.min(MAX_DAY_LABELS, Math.floor((widthPx - LEFT_PX - RIGHT_PX) / DAY_LABEL_PX)));
  return plot({
    width: Math.min(widthPx, LEFT_PX + RIGHT_PX + days.length * MAX_DAY_PX),
    height: HEIGHT_PX,
    marginLeft: LEFT_PX,
    marginRight: RIGHT_PX,
    marginTop: 10,
    x: { type: 'band', domain: days, label: null },
    y: { label: null, nice: true, zero: true },
    color: { type: 'identity' },
    marks: [
      gridY({ ticks: 4, className: 'grid' }),
      axisX({
        ticks: days.filter((_, index) => (days.length - 1 - index) % Math.ceil(days.length / labelCount) === 0),
        tickSize: 0,
        tickFormat: formatDay,
      }),
      axisY({ ticks: 4, tickSize: 0, tickFormat: format }),
      barY(bars, { x: 'day', y: 'value', fill: 'colour', title: 'tooltip', tip: true, className: 'bars' }),
      ruleY([0], { className: 'grid' }),
    ],
  });
}
