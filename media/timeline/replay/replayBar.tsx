import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import { formatClock, formatDuration } from '../../shared/times';
import type { TimelineModel } from '../model/timelineModel';
import { IconButton } from '../../shared/iconButton';
import { JUMP_TARGETS } from '../model/jumpTargets';
import type { JumpTarget } from '../model/jumpTargets';
import { IDLE_CAP_MS, SPEEDS } from '../model/replayClock';
import { Scrubber } from './scrubber';
import './replayBar.css';

const JUMP_TARGET_NAMES = Object.keys(JUMP_TARGETS) as JumpTarget[]; // the table has exactly these keys

export function ReplayBar({ model }: { model: TimelineModel }) {
  const { playlist, replay } = model;
  const { rowCount, durationMs } = playlist;
  const isEmpty = rowCount === 0;
  const position = positionText(replay.shownRows, rowCount, replay.elapsedMs, durationMs);
  const longestPosition = positionText(rowCount, rowCount, durationMs, durationMs);
  const isReplaying = replay.position !== undefined || replay.playing;
  const positionLabel = (
    // As wide as the longest text, or the bar would change its layout under the pointer.
    <span class="position" data-testid="position" style={{ minWidth: `${String(longestPosition.length * 0.76)}ch` }}>
      {position}
    </span>
  );
  if (!isReplaying)
    return (
      <div class="replay" role="group" aria-label={l10n.t('Replay')}>
        <PlayButton model={model} label={l10n.t('Replay')} />
        <Scrubber model={model} position={position} />
        {positionLabel}
      </div>
    );
  return (
    <div class="replay replaying" role="group" aria-label={l10n.t('Replay')}>
      <Scrubber model={model} position={position} />
      <div class="replay-buttons">
        <MoveButtons model={model} />
        <JumpButtons model={model} />
        <SpeedControls model={model} />
      </div>
      <IconButton
        icon="snapshot"
        label={l10n.t('Files at this moment')}
        testId="files"
        disabled={isEmpty || model.lostSinceMs !== undefined}
        onClick={() => void model.actions.showFiles()}
      />
      <IconButton
        icon="link"
        label={l10n.t('Copy link to event')}
        testId="copy-link"
        disabled={isEmpty || model.lostSinceMs !== undefined}
        onClick={() => void model.actions.copyLink()}
      />
      {positionLabel}
    </div>
  );
}

function PlayButton({ model: { playlist, replay }, label }: { model: TimelineModel; label: string }) {
  return (
    <IconButton
      icon={replay.playing ? 'pause' : 'run'}
      label={replay.playing ? l10n.t('Pause') : label}
      testId="play"
      disabled={playlist.rowCount === 0}
      onClick={() => {
        replay.setPlaying(!replay.playing);
      }}
    />
  );
}

function positionText(row: number, rowCount: number, elapsedMs: number, durationMs: number): string {
  const event = l10n.t('event {row} of {count}', { row, count: rowCount });
  return `${event} · ${formatClock(elapsedMs)} / ${formatClock(durationMs)}`;
}

function MoveButtons({ model }: { model: TimelineModel }) {
  const { playlist, replay } = model;
  const isEmpty = playlist.rowCount === 0;
  return (
    <>
      <IconButton
        icon="toStart"
        label={l10n.t('Jump to start')}
        disabled={isEmpty}
        onClick={() => {
          replay.moveTo(1);
        }}
      />
      <IconButton
        icon="stepBack"
        label={l10n.t('Step back')}
        testId="step-back"
        disabled={replay.shownRows <= 1}
        onClick={() => {
          replay.step(-1);
        }}
      />
      <PlayButton model={model} label={l10n.t('Play')} />
      <IconButton
        icon="stepForward"
        label={l10n.t('Step forward')}
        testId="step-forward"
        disabled={replay.position === undefined}
        onClick={() => {
          replay.step(1);
        }}
      />
      <IconButton
        icon="toEnd"
        label={l10n.t('Jump to end')}
        disabled={replay.position === undefined}
        onClick={() => {
          replay.moveTo(playlist.rowCount);
        }}
      />
    </>
  );
}

function JumpButtons({ model }: { model: TimelineModel }) {
  const { replay } = model;
  const [target, setTarget] = useState<JumpTarget>('edit');
  return (
    <>
      <select
        aria-label={l10n.t('Jump by')}
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
        label={JUMP_TARGETS[target].previous}
        testId="jump-back"
        disabled={replay.shownRows <= 1}
        onClick={() => void model.jump(target, 'back')}
      />
      <IconButton
        icon="next"
        label={JUMP_TARGETS[target].next}
        testId="jump-forward"
        disabled={replay.position === undefined}
        onClick={() => void model.jump(target, 'forward')}
      />
    </>
  );
}

function SpeedControls({ model: { replay } }: { model: TimelineModel }) {
  return (
    <>
      <select
        aria-label={l10n.t('Speed')}
        value={replay.speed}
        onChange={({ currentTarget }) => {
          const speed = SPEEDS.find((each) => String(each) === currentTarget.value);
          if (speed !== undefined) replay.setSpeed(speed);
        }}
      >
        {SPEEDS.map((speed) => (
          <option value={speed}>{`${String(speed)}×`}</option>
        ))}
      </select>
      <label class="check" title={l10n.t('Shorten pauses to {0}', formatDuration(IDLE_CAP_MS))}>
        <input
          type="checkbox"
          checked={replay.skipIdle}
          onChange={({ currentTarget }) => {
            replay.setSkipIdle(currentTarget.checked);
          }}
        />
        {l10n.t('Skip idle')}
      </label>
    </>
  );
}
