import * as l10n from '@vscode/l10n';
import { axisX, axisY, barX, barY, gridX, gridY, plot, pointer, ruleY, tip } from '@observablehq/plot';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import * as v from 'valibot';
import { RUN_LOOKS } from '../../src/protocol/overviewProtocol';
import type { DayUsage, Overview, RunLook } from '../../src/protocol/overviewProtocol';
import { oneLine, formatNumber } from '../shared/plainText';
import { formatDuration } from '../shared/times';

const LANE_PX = 24;
const AXIS_PX = 34;
/** The part of the width that titles may take. */
const TITLE_WIDTH_SHARE = 0.28;
const MAX_TITLE_PX = 220;
/** As in the page's style. */
const FONT_PX = 11;
/** A run of a second is seen among those of hours. */
const MIN_RUN_PX = 3;
const USAGE_HEIGHT_PX = 200;
const USAGE_LEFT_PX = 52;
const USAGE_RIGHT_PX = 12;
const MAX_DAY_LABELS = 8;
/** What the name of a day takes, and some room beside it. */
const DAY_LABEL_PX = 56;
/** More agents than this share colours. */
const AGENT_COLOUR_COUNT = 6;

const LOOK_LABELS: Record<RunLook, string> = {
  running: l10n.t('Running'),
  waiting: l10n.t('Waits for you'),
  completed: l10n.t('Completed'),
  failed: l10n.t('Failed'),
  stopped: l10n.t('Stopped'),
  cutOff: l10n.t('Cut off'),
};

const pointedRunSchema = v.object({ sessionId: v.string() });

/** A chart that is drawn again whenever its room or what it shows changes. Its picture is one image to a screen reader: a table beside it says the same. */
function Chart({
  label,
  draw,
  onClick,
}: {
  label: string;
  draw: (widthPx: number) => Element;
  onClick?: (pointed: unknown) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(0);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => {
      setWidthPx(element.clientWidth);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    if (widthPx === 0) return;
    const chart = draw(widthPx);
    chart.querySelector('style')?.remove(); // the page's policy allows no other style than its own, which has these rules
    chart.setAttribute('aria-hidden', 'true');
    if (onClick !== undefined) {
      chart.addEventListener('click', () => {
        onClick('value' in chart ? chart.value : undefined);
      });
    }
    box.current?.replaceChildren(chart);
  });
  return <div class="chart" role="img" aria-label={label} ref={box} />;
}

/** A lane for each session, a bar for each of its runs. */
export function LaneChart({ overview, open }: { overview: Overview; open: (sessionId: string) => void }) {
  const { lanes, fromMs, nowMs } = overview;
  const titles = new Map(lanes.map(({ sessionId, title }) => [sessionId, oneLine(title, 60)]));
  const draw = (widthPx: number): Element => {
    const marginLeft = Math.min(MAX_TITLE_PX, Math.round(widthPx * TITLE_WIDTH_SHARE));
    const leastMs = ((nowMs - fromMs) / Math.max(1, widthPx - marginLeft)) * MIN_RUN_PX;
    const runs = lanes.flatMap(({ sessionId, agent, status, runs: each }) =>
      each.map((run) => {
        const x1 = Math.min(Math.max(run.startMs, fromMs), nowMs - leastMs);
        const words = [
          `${titles.get(sessionId) ?? ''} · run ${String(run.ordinal)}`,
          `${agent} · ${LOOK_LABELS[run.look]} · ${formatDuration(run.endMs - run.startMs)}`,
          oneLine(status, 80),
        ];
        return {
          sessionId,
          look: run.look,
          x1: new Date(x1),
          x2: new Date(Math.max(run.endMs, x1 + leastMs)),
          words: words.join('\n'),
        };
      }),
    );
    return plot({
      width: widthPx,
      height: lanes.length * LANE_PX + AXIS_PX,
      marginLeft,
      marginRight: 12,
      marginTop: 4,
      marginBottom: AXIS_PX - 4,
      x: { type: 'time', domain: [new Date(fromMs), new Date(nowMs)], label: null },
      y: { type: 'band', domain: lanes.map(({ sessionId }) => sessionId), label: null, padding: 0.25 },
      color: { type: 'identity' },
      marks: [
        gridX({ className: 'grid' }),
        axisX({ ticks: Math.max(2, Math.round(widthPx / 110)) }),
        axisY({
          tickSize: 0,
          tickFormat: (sessionId: string) => titles.get(sessionId) ?? '',
          lineWidth: marginLeft / FONT_PX - 1,
          textOverflow: 'ellipsis-end',
        }),
        barX(runs, {
          x1: 'x1',
          x2: 'x2',
          y: 'sessionId',
          fill: ({ look }: { look: RunLook }) => `var(--run-${look})`,
          rx: 2,
          className: 'bars',
        }),
        tip(runs, pointer({ x1: 'x1', x2: 'x2', y: 'sessionId', title: 'words', maxRadius: LANE_PX })),
      ],
    });
  };
  const runCount = lanes.reduce((sum, { runs }) => sum + runs.length, 0);
  return (
    <>
      <Chart
        label={`${String(runCount)} runs of ${String(lanes.length)} sessions over time. The table below says the same.`}
        draw={draw}
        onClick={(pointed) => {
          if (v.is(pointedRunSchema, pointed)) open(pointed.sessionId);
        }}
      />
      <ul class="legend">
        {RUN_LOOKS.filter((look) => lanes.some(({ runs }) => runs.some((run) => run.look === look))).map((look) => (
          <li>
            <span class={`swatch swatch-${look}`} />
            {LOOK_LABELS[look]}
          </li>
        ))}
      </ul>
    </>
  );
}

const MEASURES = {
  tokens: {
    label: 'Tokens in and out',
    of: ({ inputTokens, outputTokens }: DayUsage) => inputTokens + outputTokens,
    format: (value: number) => formatNumber(value).replace('.0', ''),
  },
  costUsd: {
    label: 'Cost in USD',
    of: ({ costUsd }: DayUsage) => costUsd,
    format: (value: number) => `$${value.toFixed(2)}`,
  },
} as const;

/** A bar for each day, stacked by agent. */
export function UsageChart({ overview, measure }: { overview: Overview; measure: keyof typeof MEASURES }) {
  const { label, of, format } = MEASURES[measure];
  const agents = [...new Set(overview.usage.map(({ agent }) => agent))].sort();
  const shown = overview.usage.filter((each) => of(each) > 0);
  const days = daysBetween(overview);
  const colourOf = (agent: string): string => `var(--agent-${String(agents.indexOf(agent) % AGENT_COLOUR_COUNT)})`;
  const bars = shown.map((each) => ({
    day: each.day,
    value: of(each),
    colour: colourOf(each.agent),
    words: `${formatDay(each.day)} · ${oneLine(each.agent, 40)}\n${format(of(each))}`,
  }));
  const draw = (widthPx: number): Element => {
    const labels = Math.max(
      1,
      Math.min(MAX_DAY_LABELS, Math.floor((widthPx - USAGE_LEFT_PX - USAGE_RIGHT_PX) / DAY_LABEL_PX)),
    );
    return plot({
      width: widthPx,
      height: USAGE_HEIGHT_PX,
      marginLeft: USAGE_LEFT_PX,
      marginRight: USAGE_RIGHT_PX,
      marginTop: 10,
      x: { type: 'band', domain: days, label: null },
      y: { label: null, nice: true, zero: true },
      color: { type: 'identity' },
      marks: [
        gridY({ ticks: 4, className: 'grid' }),
        axisX({
          ticks: days.filter((_, index) => (days.length - 1 - index) % Math.ceil(days.length / labels) === 0),
          tickSize: 0,
          tickFormat: formatDay,
        }),
        axisY({ ticks: 4, tickSize: 0, tickFormat: format }),
        barY(bars, { x: 'day', y: 'value', fill: 'colour', title: 'words', tip: true, className: 'bars' }),
        ruleY([0], { className: 'grid' }),
      ],
    });
  };
  return (
    <figure>
      <figcaption>{label}</figcaption>
      <Chart label={`${label} for each of ${String(days.length)} days. The table below says the same.`} draw={draw} />
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

/** Every day of the overview, also those on which nothing ran, as `2026-03-02`. */
function daysBetween({ fromMs, nowMs, usage }: Overview): string[] {
  const days = new Set(usage.map(({ day }) => day)); // a run that goes on from before the start counts for an earlier day
  const date = new Date(fromMs);
  date.setHours(12, 0, 0, 0); // no change of the clock skips noon
  for (; date.getTime() <= nowMs || dayOf(date) === dayOf(new Date(nowMs)); date.setDate(date.getDate() + 1))
    days.add(dayOf(date));
  return [...days].sort();
}

function dayOf(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
}

/** `2 Mar` as the reader writes it. */
export function formatDay(day: string): string {
  return new Date(`${day}T12:00:00`).toLocaleDateString(undefined, { month: 'short', day: 'numeric' });
}
