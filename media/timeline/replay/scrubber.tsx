import * as l10n from '@vscode/l10n';
import type { TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import { formatDuration } from '../../shared/times';
import { EVENT_GROUPS, GROUP_NAMES } from '../model/eventGroups';
import type { Pause } from '../model/density/timeScale';
import type { TimelineModel } from '../model/timelineModel';
import { DensityStrip } from './densityStrip';
import './scrubber.css';

/** Page Up and Page Down move the scrubber by this share of the playlist. */
const PAGE_STEP_SHARE = 0.1;
/** Half the width of the thumb, by which the strip and the thumb's way are shorter than the slider. */
const MARGIN_PX = 6;
/** Steps of the slider over its whole length. */
const SLIDER_STEPS = 10_000;

/** The slider of the replay with the density of events above it. `position` is what screen readers say of its value. */
export function Scrubber({ model, position }: { model: TimelineModel; position: string }) {
  const { playlist, replay, density } = model;
  const { durationMs } = playlist;
  const { scale } = density;
  const playedShare = durationMs === 0 ? 1 : scale.shareAt(replay.elapsedMs);
  const seek = (share: number): void => void replay.seek(scale.elapsedAt(Math.min(1, Math.max(0, share))));
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
        seek(playedShare + PAGE_STEP_SHARE);
        break;
      case 'PageDown':
        seek(playedShare - PAGE_STEP_SHARE);
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
    setTooltip(width === 0 ? '' : tooltipAt(model, (clientX - left - MARGIN_PX) / (width - 2 * MARGIN_PX)));
  };
  return (
    <div class="scrubber-box" title={tooltip} onPointerMove={onPointerMove}>
      <DensityStrip density={density} playlist={playlist} playedShare={playedShare} />
      <div class="pauses">
        {scale.pauses.map((pause) => (
          <span
            key={pause.fromMs}
            class="pause"
            role="img"
            aria-label={pauseLabel(pause)}
            style={{ left: percent(pause.fromShare), width: percent(pause.toShare - pause.fromShare) }}
          />
        ))}
      </div>
      <input
        class="scrubber"
        type="range"
        aria-label={l10n.t('Position')}
        aria-valuetext={position}
        min={0}
        max={SLIDER_STEPS}
        value={Math.round(playedShare * SLIDER_STEPS)}
        style={{ '--played': percent(playedShare) }}
        disabled={playlist.rowCount === 0}
        onKeyDown={onKeyDown}
        onInput={({ currentTarget }) => {
          seek(Number(currentTarget.value) / SLIDER_STEPS);
        }}
      />
    </div>
  );
}

function percent(share: number): string {
  return `${String(share * 100)}%`;
}

function pauseLabel({ fromMs, toMs }: Pause): string {
  return l10n.t('Nothing happened for {0}', formatDuration(toMs - fromMs));
}

/** The date at a place of the scrubber, and what happened then. */
function tooltipAt({ playlist, density }: TimelineModel, share: number): string {
  const pause = density.scale.pauseAt(share);
  if (pause !== undefined) return pauseLabel(pause);
  const moment = playlist.momentAt(density.scale.elapsedAt(share));
  const run = playlist.runs.find(({ runId }) => runId === moment?.runId);
  if (moment === undefined || run === undefined) return '';
  const stretch = Math.floor((moment.timeMs - run.firstMs) / density.stretchMs);
  const counts = density.stretchesOf(run.runId).get(stretch) ?? {};
  const events = GROUP_NAMES.filter((group) => counts[group] !== undefined)
    .map((group) => `${EVENT_GROUPS[group].label} ${String(counts[group])}`)
    .join(' · ');
  return [new Date(moment.timeMs).toLocaleString(), events === '' ? l10n.t('nothing happened') : events].join('\n');
}
