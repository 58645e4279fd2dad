import type { TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import { DensityStrip } from './densityStrip';
import { Icon } from '../../shared/icons';
import type { IconName } from '../../shared/icons';
import { GROUP_NAMES, KIND_GROUPS } from '../filter/kindGroups';
import { LANDMARKS } from '../landmarks';
import type { Landmark } from '../landmarks';
import { IDLE_CAP_MS, SPEEDS } from './replayClock';
import { clockOf, durationOf } from '../../shared/times';
import type { TimelineModel } from '../timelineModel';
import './replayBar.css';

/** A page key moves the scrubber by this part of the recording. */
const PAGE_PART = 0.1;

const LANDMARK_NAMES = Object.keys(LANDMARKS) as Landmark[]; // the keys of our own table

function positionText(row: number, rowCount: number, elapsedMs: number, durationMs: number): string {
  return `event ${String(row)} of ${String(rowCount)} · ${clockOf(elapsedMs)} / ${clockOf(durationMs)}`;
}

/** When a time on the track was, and what happened then. */
function momentText({ track, density }: TimelineModel, elapsedMs: number): string {
  const moment = track.momentAt(Math.min(Math.max(0, elapsedMs), track.durationMs));
  const run = track.runs.find(({ runId }) => runId === moment?.runId);
  if (moment === undefined || run === undefined) return '';
  const counts =
    density.stretchesOf(run.runId).get(Math.floor((moment.timeMs - run.firstMs) / density.stretchMs)) ?? {};
  const found = GROUP_NAMES.filter((group) => counts[group] !== undefined).map(
    (group) => `${KIND_GROUPS[group].label} ${String(counts[group])}`,
  );
  return [new Date(moment.timeMs).toLocaleString(), found.length === 0 ? 'nothing happened' : found.join(' · ')].join(
    '\n',
  );
}

export function ReplayBar({ model }: { model: TimelineModel }) {
  const { track, replay } = model;
  const { elapsedMs, shownRows, playing } = replay;
  const [landmark, setLandmark] = useState<Landmark>('turn');
  const [hint, setHint] = useState('');
  const position = positionText(shownRows, track.rowCount, elapsedMs, track.durationMs);
  const isEmpty = track.rowCount === 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    switch (event.key) {
      case 'ArrowLeft':
      case 'ArrowDown':
        model.replay.step(-1);
        break;
      case 'ArrowRight':
      case 'ArrowUp':
        model.replay.step(1);
        break;
      case 'PageUp':
        void model.replay.seek(Math.min(track.durationMs, elapsedMs + track.durationMs * PAGE_PART));
        break;
      case 'PageDown':
        void model.replay.seek(Math.max(0, elapsedMs - track.durationMs * PAGE_PART));
        break;
      case 'Home':
        model.replay.moveTo(1);
        break;
      case 'End':
        model.replay.moveTo(track.rowCount);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const onPointerMove = ({ currentTarget, clientX }: TargetedPointerEvent<HTMLElement>): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setHint(width === 0 ? '' : momentText(model, ((clientX - left) / width) * track.durationMs));
  };
  return (
    <div class="replay" role="group" aria-label="Replay">
      <div class="scrubber-box" title={hint} onPointerMove={onPointerMove}>
        <DensityStrip density={model.density} track={track} playedMs={elapsedMs} />
        <input
          class="scrubber"
          type="range"
          aria-label="Position"
          aria-valuetext={position}
          min={0}
          max={Math.max(1, track.durationMs)}
          value={track.durationMs === 0 ? 1 : elapsedMs}
          style={{ '--played': `${String(track.durationMs === 0 ? 100 : (elapsedMs / track.durationMs) * 100)}%` }}
          disabled={isEmpty}
          onKeyDown={onKeyDown}
          onInput={({ currentTarget }) => {
            void model.replay.seek(Number(currentTarget.value));
          }}
        />
      </div>
      <div class="replay-buttons">
        <BarButton
          icon="toStart"
          label="Jump to start"
          disabled={isEmpty}
          onClick={() => {
            model.replay.moveTo(1);
          }}
        />
        <BarButton
          icon="stepBack"
          label="Step back"
          testId="step-back"
          disabled={shownRows <= 1}
          onClick={() => {
            model.replay.step(-1);
          }}
        />
        <BarButton
          icon={playing ? 'pause' : 'run'}
          label={playing ? 'Pause' : 'Play'}
          testId="play"
          disabled={isEmpty}
          onClick={() => {
            model.replay.setPlaying(!playing);
          }}
        />
        <BarButton
          icon="stepForward"
          label="Step forward"
          testId="step-forward"
          disabled={model.replay.position === undefined}
          onClick={() => {
            model.replay.step(1);
          }}
        />
        <BarButton
          icon="toEnd"
          label="Jump to end"
          disabled={model.replay.position === undefined}
          onClick={() => {
            model.replay.moveTo(track.rowCount);
          }}
        />
        <select
          aria-label="Jump by"
          value={landmark}
          onChange={({ currentTarget }) => {
            setLandmark(LANDMARK_NAMES.find((name) => name === currentTarget.value) ?? landmark);
          }}
        >
          {LANDMARK_NAMES.map((name) => (
            <option value={name}>{LANDMARKS[name].label}</option>
          ))}
        </select>
        <BarButton
          icon="previous"
          label={`Previous ${landmark}`}
          testId="jump-back"
          disabled={shownRows <= 1}
          onClick={() => void model.jump(landmark, 'back')}
        />
        <BarButton
          icon="next"
          label={`Next ${landmark}`}
          testId="jump-forward"
          disabled={replay.position === undefined}
          onClick={() => void model.jump(landmark, 'forward')}
        />
        <select
          aria-label="Speed"
          value={model.replay.speed}
          onChange={({ currentTarget }) => {
            const speed = SPEEDS.find((each) => String(each) === currentTarget.value);
            if (speed !== undefined) model.replay.setSpeed(speed);
          }}
        >
          {SPEEDS.map((speed) => (
            <option value={speed}>{`${String(speed)}×`}</option>
          ))}
        </select>
        <label class="check" title={`Pauses of more than ${durationOf(IDLE_CAP_MS)} are not waited for`}>
          <input
            type="checkbox"
            checked={replay.skipIdle}
            onChange={({ currentTarget }) => {
              replay.setSkipIdle(currentTarget.checked);
            }}
          />
          Skip idle
        </label>
      </div>
      <BarButton
        icon="snapshot"
        label="Files at this moment"
        testId="files"
        disabled={isEmpty || model.lostSinceMs !== undefined}
        onClick={() => void model.showFiles()}
      />
      <BarButton
        icon="link"
        label="Copy link to event"
        testId="copy-link"
        disabled={isEmpty || model.lostSinceMs !== undefined}
        onClick={() => void model.copyLink()}
      />
      {/* Room for the longest text, or the scrubber would change its width under the pointer. */}
      <span
        class="position"
        data-testid="position"
        style={{
          minWidth: `${String(positionText(track.rowCount, track.rowCount, track.durationMs, track.durationMs).length * 0.76)}ch`,
        }}
      >
        {position}
      </span>
    </div>
  );
}

function BarButton(props: { icon: IconName; label: string; testId?: string; disabled: boolean; onClick: () => void }) {
  const { icon, label, testId, disabled, onClick } = props;
  return (
    <button
      type="button"
      class="bar-button"
      aria-label={label}
      title={label}
      data-testid={testId}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
