import * as l10n from '@vscode/l10n';
import type { TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import { EVENT_GROUPS, GROUP_NAMES } from '../model/eventGroups';
import type { TimelineModel } from '../model/timelineModel';
import { DensityStrip } from './densityStrip';
import './scrubber.css';

/** Page Up and Page Down move the scrubber by this share of the playlist. */
const PAGE_STEP_SHARE = 0.1;

/** The slider of the replay with the density of events above it. `position` is what screen readers say of its value. */
export function Scrubber({ model, position }: { model: TimelineModel; position: string }) {
  const { playlist, replay } = model;
  const { durationMs } = playlist;
  const { elapsedMs } = replay;
  const [tooltip, setTooltip] = useState('');
  const onKeyDown = (event: KeyboardEvent): void => {
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowDown':
        replay.step(-1);
        break;
      case 'ArrowRight':
      case 'ArrowUp':
        replay.step(1);
        break;
      case 'PageUp':
        void replay.seek(Math.min(durationMs, elapsedMs + durationMs * PAGE_STEP_SHARE));
        break;
      case 'PageDown':
        void replay.seek(Math.max(0, elapsedMs - durationMs * PAGE_STEP_SHARE));
        break;
      case 'Home':
        replay.moveTo(1);
        break;
      case 'End':
        replay.moveTo(playlist.rowCount);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const onPointerMove = ({ currentTarget, clientX }: TargetedPointerEvent<HTMLElement>): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setTooltip(width === 0 ? '' : tooltipAt(model, ((clientX - left) / width) * durationMs));
  };
  return (
    <div class="scrubber-box" title={tooltip} onPointerMove={onPointerMove}>
      <DensityStrip density={model.density} playlist={playlist} playedMs={elapsedMs} />
      <input
        class="scrubber"
        type="range"
        aria-label={l10n.t('Position')}
        aria-valuetext={position}
        min={0}
        max={Math.max(1, durationMs)}
        value={durationMs === 0 ? 1 : elapsedMs}
        style={{ '--played': `${String(durationMs === 0 ? 100 : (elapsedMs / durationMs) * 100)}%` }}
        disabled={playlist.rowCount === 0}
        onKeyDown={onKeyDown}
        onInput={({ currentTarget }) => {
          void replay.seek(Number(currentTarget.value));
        }}
      />
    </div>
  );
}

/** The date at a time on the playlist's clock, and what happened then. */
function tooltipAt({ playlist, density }: TimelineModel, elapsedMs: number): string {
  const moment = playlist.momentAt(Math.min(Math.max(0, elapsedMs), playlist.durationMs));
  const run = playlist.runs.find(({ runId }) => runId === moment?.runId);
  if (moment === undefined || run === undefined) return '';
  const stretch = Math.floor((moment.timeMs - run.firstMs) / density.stretchMs);
  const counts = density.stretchesOf(run.runId).get(stretch) ?? {};
  const events = GROUP_NAMES.filter((group) => counts[group] !== undefined)
    .map((group) => `${EVENT_GROUPS[group].label} ${String(counts[group])}`)
    .join(' · ');
  return [new Date(moment.timeMs).toLocaleString(), events === '' ? l10n.t('nothing happened') : events].join('\n');
}
