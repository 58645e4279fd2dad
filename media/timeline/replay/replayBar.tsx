import type { TargetedPointerEvent } from 'preact';
import { useState } from 'preact/hooks';
import { DensityStrip } from './densityStrip';
import { Icon } from '../../shared/icons';
import type { IconName } from '../../shared/icons';
import { GROUP_NAMES, EVENT_GROUPS } from '../filter/eventGroups';
import { JUMP_TARGETS } from './jumpTargets';
import type { JumpTarget } from './jumpTargets';
import { IDLE_CAP_MS, SPEEDS } from './replayClock';
import { formatClock, formatDuration } from '../../shared/times';
import type { TimelineModel } from '../timelineModel';
import './replayBar.css';

/** A page key moves the scrubber by this part of the recording. */
const PAGE_STEP_SHARE = 0.1;

const JUMP_TARGET_NAMES = Object.keys(JUMP_TARGETS) as JumpTarget[]; // the keys of our own table

function positionText(row: number, rowCount: number, elapsedMs: number, durationMs: number): string {
  return `event ${String(row)} of ${String(rowCount)} · ${formatClock(elapsedMs)} / ${formatClock(durationMs)}`;
}

/** When a time on the playlist was, and what happened then. */
function hoverText({ playlist: playlist, density }: TimelineModel, elapsedMs: number): string {
  const moment = playlist.momentAt(Math.min(Math.max(0, elapsedMs), playlist.durationMs));
  const run = playlist.runs.find(({ runId }) => runId === moment?.runId);
  if (moment === undefined || run === undefined) return '';
  const counts =
    density.stretchesOf(run.runId).get(Math.floor((moment.timeMs - run.firstMs) / density.stretchMs)) ?? {};
  const found = GROUP_NAMES.filter((group) => counts[group] !== undefined).map(
    (group) => `${EVENT_GROUPS[group].label} ${String(counts[group])}`,
  );
  return [new Date(moment.timeMs).toLocaleString(), found.length === 0 ? 'nothing happened' : found.join(' · ')].join(
    '\n',
  );
}

export function ReplayBar({ model }: { model: TimelineModel }) {
  const { playlist: playlist, replay } = model;
  const { elapsedMs, shownRows, playing } = replay;
  const [target, setTarget] = useState<JumpTarget>('turn');
  const [hint, setHint] = useState('');
  const position = positionText(shownRows, playlist.rowCount, elapsedMs, playlist.durationMs);
  const isEmpty = playlist.rowCount === 0;
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
        void model.replay.seek(Math.min(playlist.durationMs, elapsedMs + playlist.durationMs * PAGE_STEP_SHARE));
        break;
      case 'PageDown':
        void model.replay.seek(Math.max(0, elapsedMs - playlist.durationMs * PAGE_STEP_SHARE));
        break;
      case 'Home':
        model.replay.moveTo(1);
        break;
      case 'End':
        model.replay.moveTo(playlist.rowCount);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  const onPointerMove = ({ currentTarget, clientX }: TargetedPointerEvent<HTMLElement>): void => {
    const { left, width } = currentTarget.getBoundingClientRect();
    setHint(width === 0 ? '' : hoverText(model, ((clientX - left) / width) * playlist.durationMs));
  };
  return (
    <div class="replay" role="group" aria-label="Replay">
      <div class="scrubber-box" title={hint} onPointerMove={onPointerMove}>
        <DensityStrip density={model.density} playlist={playlist} playedMs={elapsedMs} />
        <input
          class="scrubber"
          type="range"
          aria-label="Position"
          aria-valuetext={position}
          min={0}
          max={Math.max(1, playlist.durationMs)}
          value={playlist.durationMs === 0 ? 1 : elapsedMs}
          style={{
            '--played': `${String(playlist.durationMs === 0 ? 100 : (elapsedMs / playlist.durationMs) * 100)}%`,
          }}
          disabled={isEmpty}
          onKeyDown={onKeyDown}
          onInput={({ currentTarget }) => {
            void model.replay.seek(Number(currentTarget.value));
          }}
        />
      </div>
      <div class="replay-buttons">
        <IconButton
          icon="toStart"
          label="Jump to start"
          disabled={isEmpty}
          onClick={() => {
            model.replay.moveTo(1);
          }}
        />
        <IconButton
          icon="stepBack"
          label="Step back"
          testId="step-back"
          disabled={shownRows <= 1}
          onClick={() => {
            model.replay.step(-1);
          }}
        />
        <IconButton
          icon={playing ? 'pause' : 'run'}
          label={playing ? 'Pause' : 'Play'}
          testId="play"
          disabled={isEmpty}
          onClick={() => {
            model.replay.setPlaying(!playing);
          }}
        />
        <IconButton
          icon="stepForward"
          label="Step forward"
          testId="step-forward"
          disabled={model.replay.position === undefined}
          onClick={() => {
            model.replay.step(1);
          }}
        />
        <IconButton
          icon="toEnd"
          label="Jump to end"
          disabled={model.replay.position === undefined}
          onClick={() => {
            model.replay.moveTo(playlist.rowCount);
          }}
        />
        <select
          aria-label="Jump by"
          value={target}
          onChange={({ currentTarget }) => {
            setTarget(JUMP_TARGET_NAMES.find((name) => name === currentTarget.value) ?? target);
          }}
        >
          {JUMP_TARGET_NAMES.map((name) => (
            <option value={name}>{JUMP_TARGETS[name].label}</option>
          ))}
        </select>
        <IconButton
          icon="previous"
          label={`Previous ${target}`}
          testId="jump-back"
          disabled={shownRows <= 1}
          onClick={() => void model.jump(target, 'back')}
        />
        <IconButton
          icon="next"
          label={`Next ${target}`}
          testId="jump-forward"
          disabled={replay.position === undefined}
          onClick={() => void model.jump(target, 'forward')}
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
        <label class="check" title={`Pauses of more than ${formatDuration(IDLE_CAP_MS)} are not waited for`}>
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
      <IconButton
        icon="snapshot"
        label="Files at this moment"
        testId="files"
        disabled={isEmpty || model.lostSinceMs !== undefined}
        onClick={() => void model.showFiles()}
      />
      <IconButton
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
          minWidth: `${String(positionText(playlist.rowCount, playlist.rowCount, playlist.durationMs, playlist.durationMs).length * 0.76)}ch`,
        }}
      >
        {position}
      </span>
    </div>
  );
}

function IconButton(props: { icon: IconName; label: string; testId?: string; disabled: boolean; onClick: () => void }) {
  const { icon, label, testId, disabled, onClick } = props;
  return (
    <button
      type="button"
      class="icon-button"
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
