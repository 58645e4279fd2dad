import { axisX, axisY, barX, gridX, plot, pointer, tip } from '@observablehq/plot';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { RUN_LOOKS } from '../../src/protocol/overviewProtocol';
import type { Overview, RunLook } from '../../src/protocol/overviewProtocol';
import { oneLine } from '../shared/plainText';
import { formatDuration } from '../shared/times';
import { Chart } from './chart';
import { RUN_LOOK_LABELS } from './runLooks';

const LANE_PX = 24;
const AXIS_PX = 34;
/** Share of the width that titles may take. */
const TITLE_WIDTH_SHARE = 0.28;
const MAX_TITLE_PX = 220;
/** The same as in overview.css. */
const FONT_PX = 11;
/** Between a title and the bars. */
const TITLE_GAP_PX = 8;
/** A run of a second stays visible beside runs of hours. */
const MIN_RUN_PX = 3;

const runDatumSchema = v.object({ sessionId: v.string() });

/** A lane for each session with a bar for each of its runs; a click on a bar opens the session. */
export function LaneChart({ overview, open }: { overview: Overview; open: (sessionId: string) => void }) {
  const { lanes } = overview;
  const runCount = lanes.reduce((sum, { runs }) => sum + runs.length, 0);
  return (
    <>
      <Chart
        label={l10n.t('When each session ran: {runs} runs, {sessions} sessions. The table below has the same data.', {
          runs: runCount,
          sessions: lanes.length,
        })}
        draw={(widthPx) => drawLanes(overview, widthPx)}
        onClick={(datum) => {
          if (v.is(runDatumSchema, datum)) open(datum.sessionId);
        }}
      />
      <ul class="legend">
        {RUN_LOOKS.filter((look) => lanes.some(({ runs }) => runs.some((run) => run.look === look))).map((look) => (
          <li>
            <span class={`swatch swatch-${look}`} />
            {RUN_LOOK_LABELS[look]}
          </li>
        ))}
      </ul>
    </>
  );
}

function drawLanes({ lanes, fromMs, nowMs }: Overview, widthPx: number): Element {
  const titles = new Map(lanes.map(({ sessionId, title }) => [sessionId, oneLine(title, 60)]));
  const marginLeft = Math.min(MAX_TITLE_PX, Math.round(widthPx * TITLE_WIDTH_SHARE));
  const minRunMs = ((nowMs - fromMs) / Math.max(1, widthPx - marginLeft)) * MIN_RUN_PX;
  const bars = lanes.flatMap(({ sessionId, agent, status, runs }) =>
    runs.map((run) => {
      const startMs = Math.min(Math.max(run.startMs, fromMs), nowMs - minRunMs);
      const tooltip = [
        `${titles.get(sessionId) ?? ''} · ${l10n.t('run {0}', run.ordinal)}`,
        `${agent} · ${RUN_LOOK_LABELS[run.look]} · ${formatDuration(run.endMs - run.startMs)}`,
        oneLine(status, 80),
      ];
      return {
        sessionId,
        look: run.look,
        start: new Date(startMs),
        end: new Date(Math.max(run.endMs, startMs + minRunMs)),
        tooltip: tooltip.join('\n'),
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
        tickFormat: (sessionId: string) => fitted(titles.get(sessionId) ?? '', marginLeft - TITLE_GAP_PX),
      }),
      barX(bars, {
        x1: 'start',
        x2: 'end',
        y: 'sessionId',
        fill: ({ look }: { look: RunLook }) => `var(--run-${look})`,
        rx: 2,
        className: 'bars',
      }),
      tip(bars, pointer({ x1: 'start', x2: 'end', y: 'sessionId', title: 'tooltip', maxRadius: LANE_PX })),
    ],
  });
}

let pen: CanvasRenderingContext2D | null | undefined;

/** The text as far as it fits: the chart library guesses how wide letters are, so that titles would stand outside. */
function fitted(text: string, widthPx: number): string {
  pen ??= document.createElement('canvas').getContext('2d');
  if (pen === null) return text;
  pen.font = `${String(FONT_PX)}px ${getComputedStyle(document.body).fontFamily}`;
  if (pen.measureText(text).width <= widthPx) return text;
  const letters = Array.from(text);
  while (letters.length > 0 && pen.measureText(`${letters.join('')}…`).width > widthPx) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}
