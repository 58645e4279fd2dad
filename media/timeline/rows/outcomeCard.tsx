import * as l10n from '@vscode/l10n';
import { visibleText } from '../../../src/common/visibleText';
import { Icon } from '../../shared/icons';
import { joinParts, oneLine } from '../../shared/plainText';
import { formatDuration } from '../../shared/times';
import type { EventOf } from '../events/cardProps';
import { usageText } from '../events/usageText';
import { RUN_STATE_LABELS } from '../model/runStates';
import { turnNumber } from '../model/rows/turnNumber';
import type { TimelineModel } from '../model/timelineModel';
import { RowPart } from './rowLine';

type Ending = EventOf<'turn.ended'> | EventOf<'run.exited'>;

/** The end of a turn or a run: what became of it, what it changed, its cost and duration, and what can be done now. */
export function OutcomeCard({ model, event }: { model: TimelineModel; event: Ending }) {
  const { exit, snapshot } = model.rows.outcomeOf(event);
  const durationMs = model.rows.durations.of(event);
  const isLast = model.rows.isLastOutcome(event);
  const look = lookOf(event);
  const message = event.kind === 'turn.ended' ? event.data.message : event.data.reason;
  // An interrupted turn says no more than its title does.
  const saysMore = look === 'failed' || (look === 'stopped' && event.kind === 'run.exited');
  const usage = event.kind === 'turn.ended' && event.data.usage !== undefined ? usageText(event.data.usage) : '';
  return (
    <div class={`outcome outcome-${look}`} data-testid="outcome">
      <div class="line">
        <span class={`result result-${look}`}>
          <Icon name={look === 'stopped' ? 'denied' : look} />
          <strong>{titleOf(model, event)}</strong>
        </span>
        <span class="faint">
          {joinParts([durationMs === undefined ? undefined : formatDuration(durationMs), usage, detailOf(event)])}
        </span>
      </div>
      {message !== undefined && message.trim() !== '' && saysMore && (
        <div class="text" dir="auto">
          {visibleText(message)}
        </div>
      )}
      {snapshot !== undefined ? (
        <RowPart model={model} event={snapshot}>
          <Changes {...snapshot.data} />
        </RowPart>
      ) : (
        isLast && <Changes {...model.session?.changes} />
      )}
      {exit !== undefined && (
        <RowPart model={model} event={exit}>
          {null}
        </RowPart>
      )}
      {isLast && <OutcomeActions model={model} />}
    </div>
  );
}

/** What a person stopped or interrupted has not failed. */
function lookOf(event: Ending): 'ok' | 'failed' | 'stopped' {
  if (event.kind === 'turn.ended') return isInterrupted(event) ? 'stopped' : event.data.failed ? 'failed' : 'ok';
  const { outcome } = event.data;
  if (outcome === 'stopped' || outcome === 'killed' || outcome === 'interrupted') return 'stopped';
  return outcome === 'completed' ? 'ok' : 'failed';
}

function isInterrupted({ data: { failed, stopReason } }: EventOf<'turn.ended'>): boolean {
  return failed && stopReason === 'interrupted';
}

function titleOf(model: TimelineModel, event: Ending): string {
  if (event.kind === 'run.exited') return l10n.t('Run ended: {0}', RUN_STATE_LABELS[event.data.outcome]);
  const turn = turnNumber(model.session, event);
  if (isInterrupted(event)) return l10n.t('Turn {0} interrupted', turn);
  return event.data.failed ? l10n.t('Turn {0} failed', turn) : l10n.t('Turn {0} ended', turn);
}

/** Why it ended, where that is not the usual reason. */
function detailOf(event: Ending): string | undefined {
  if (event.kind === 'turn.ended')
    return !isInterrupted(event) && (event.data.failed || !USUAL_REASONS.has(event.data.stopReason))
      ? oneLine(event.data.stopReason, 80)
      : undefined;
  const { outcome, exitCode, signal } = event.data;
  if (outcome === 'completed') return undefined;
  return joinParts([exitCode === null ? undefined : l10n.t('exit code {0}', exitCode), signal ?? undefined]);
}

const USUAL_REASONS: ReadonlySet<string> = new Set(['end_turn', 'completed', 'success', 'stop', '']);

interface ChangesProps {
  files?: number | undefined;
  addedLines?: number | undefined;
  removedLines?: number | undefined;
}

/** The whole change since the base. */
function Changes({ files, addedLines, removedLines }: ChangesProps) {
  if (files === undefined) return null;
  if (files === 0) return <div class="faint">{l10n.t('No files changed')}</div>;
  return (
    <div class="line">
      <span>{files === 1 ? l10n.t('1 file changed') : l10n.t('{0} files changed', files)}</span>
      {addedLines !== undefined && <span class="added">{`+${String(addedLines)}`}</span>}
      {removedLines !== undefined && <span class="removed">{`−${String(removedLines)}`}</span>}
    </div>
  );
}

/** Only what can be done now. */
function OutcomeActions({ model }: { model: TimelineModel }) {
  const actions = model.session?.actions ?? [];
  const isLost = model.lostSinceMs !== undefined;
  const button = (label: string, isPrimary: boolean, act: () => void) => (
    <button type="button" class={isPrimary ? 'primary' : 'secondary'} disabled={isLost} onClick={act}>
      {label}
    </button>
  );
  return (
    <div class="buttons">
      {actions.includes('review') && button(l10n.t('Review Changes'), true, () => void model.actions.act('review'))}
      {actions.includes('apply') && button(l10n.t('Apply…'), false, () => void model.actions.act('apply'))}
      {actions.includes('branch') && button(l10n.t('Make Branch…'), false, () => void model.actions.act('branch'))}
      {actions.includes('message') && button(l10n.t('Message'), false, () => model.draft.prompt.focus())}
    </div>
  );
}
