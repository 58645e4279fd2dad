import { useMemo } from 'preact/hooks';
import type { Density, StretchCounts } from '../model/density/density';
import { GROUP_NAMES } from '../model/eventGroups';
import type { EventGroup } from '../model/eventGroups';
import type { Playlist } from '../model/playlist';
import './densityStrip.css';

/** The view box's units; the browser scales it to the available space. */
const WIDTH = 1_000;
const HEIGHT = 100;
/** Keeps a single event visible beside a thousand. */
const MIN_HEIGHT = 12;
const MIN_WIDTH = 2;

/** Events over time as bars, stacked by group. Hidden from screen readers: the filter has the numbers. */
export function DensityStrip({
  density,
  playlist,
  playedShare,
}: {
  density: Density;
  playlist: Playlist;
  playedShare: number;
}) {
  const { version, scale } = density;
  // A replay moves many times a second, and the bars stay the same.
  const bars = useMemo(() => barsOf(density, playlist), [density, version, playlist, scale]);
  if (playlist.durationMs === 0) return null;
  const played = playedShare * WIDTH;
  return (
    <svg
      class="density"
      viewBox={`0 0 ${String(WIDTH)} ${String(HEIGHT)}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-testid="density"
    >
      {GROUP_NAMES.map((group) => (
        <path key={group} class={`density-${group}`} d={bars.groups[group]} />
      ))}
      <path class="density-run-start" d={bars.runStarts} />
      <rect class="density-unplayed" x={played} y="0" width={Math.max(0, WIDTH - played)} height={HEIGHT} />
    </svg>
  );
}

/** SVG paths: the bars of each group, and a line at the start of each further run. */
function barsOf(density: Density, playlist: Playlist): { groups: Record<EventGroup, string>; runStarts: string } {
  const groups: Record<EventGroup, string> = {
    messages: '',
    reasoning: '',
    tools: '',
    files: '',
    permissions: '',
    errors: '',
    output: '',
    turns: '',
  };
  let runStarts = '';
  const placeOf = (elapsedMs: number): number => density.scale.shareAt(elapsedMs) * WIDTH;
  const stretches = playlist.runs.map(({ runId }) => density.stretchesOf(runId));
  const largest = Math.max(1, ...stretches.flatMap((each) => [...each.values()].map(sumOf)));
  for (const [index, run] of playlist.runs.entries()) {
    const startMs = playlist.elapsedMs(run.runId, run.firstMs);
    const endMs = playlist.elapsedMs(run.runId, run.lastMs);
    if (startMs > 0) runStarts += `M${placeOf(startMs).toFixed(1)} 0V${String(HEIGHT)}`;
    for (const [stretch, counts] of stretches[index] ?? []) {
      const fromMs = Math.min(startMs + stretch * density.stretchMs, endMs);
      const left = placeOf(fromMs);
      const width = Math.max(MIN_WIDTH, placeOf(Math.min(fromMs + density.stretchMs, endMs)) - left);
      const x = Math.min(left, WIDTH - width).toFixed(1);
      const sum = sumOf(counts);
      // A root, since counts differ by orders of magnitude.
      const height = MIN_HEIGHT + (HEIGHT - MIN_HEIGHT) * Math.sqrt(sum / largest);
      let bottom = HEIGHT;
      for (const group of GROUP_NAMES) {
        const count = counts[group];
        if (count === undefined) continue;
        const part = (height * count) / sum;
        groups[group] += `M${x} ${bottom.toFixed(1)}v${(-part).toFixed(1)}h${width.toFixed(1)}v${part.toFixed(1)}z`;
        bottom -= part;
      }
    }
  }
  return { groups, runStarts };
}

function sumOf(counts: StretchCounts): number {
  return GROUP_NAMES.reduce((sum, group) => sum + (counts[group] ?? 0), 0);
}
