import * as l10n from '@vscode/l10n';
import { visibleText } from '../../../src/common/visibleText';
import { joinParts, oneLine } from '../../shared/plainText';
import { RUN_STATE_LABELS } from '../model/runStates';
import { turnNumber } from '../model/rows/turnNumber';
import type { CardProps } from './cardProps';
import { CodeBlock, Fold } from './text/textBlocks';
import { contextText, usageText } from './usageText';
import './runCards.css';

export function RunStartedCard({ model, event }: CardProps<'run.started'>) {
  const { ordinal, agent, argv, cwd } = event.data;
  const summary = <strong>{l10n.t('Run {0} started · {1}', ordinal, oneLine(agent, 60))}</strong>;
  return (
    <Fold model={model} event={event} name="started" summary={summary}>
      <CodeBlock
        model={model}
        event={event}
        field="argv"
        text={[...argv, '', l10n.t('in {0}', cwd)].join('\n')}
        label={l10n.t('Command')}
      />
    </Fold>
  );
}

export function RunExitedCard({ event }: CardProps<'run.exited'>) {
  const { outcome, exitCode, signal, reason } = event.data;
  return (
    <>
      <div class="line">
        <strong class={outcome === 'completed' ? '' : 'error-text'}>
          {l10n.t('Run ended: {0}', RUN_STATE_LABELS[outcome])}
        </strong>
        <span class="faint">
          {joinParts([exitCode === null ? undefined : l10n.t('exit code {0}', exitCode), signal ?? undefined])}
        </span>
      </div>
      {reason !== '' && (
        <div class="text" dir="auto">
          {visibleText(reason)}
        </div>
      )}
    </>
  );
}

export function AgentSessionCard({ event }: CardProps<'agent.session'>) {
  const { nativeSessionId, model, version, permissionMode } = event.data;
  return (
    <div class="line faint" dir="auto">
      {joinParts([l10n.t('Agent session'), nativeSessionId, model, version, permissionMode], 80)}
    </div>
  );
}

export function StatusCard({ event }: CardProps<'status'>) {
  const { from, to, reason } = event.data;
  return (
    <div class="line faint" dir="auto">
      {from === to ? oneLine(reason) : `${RUN_STATE_LABELS[from]} → ${RUN_STATE_LABELS[to]}: ${oneLine(reason)}`}
    </div>
  );
}

export function TurnStartedCard({ model, event }: CardProps<'turn.started'>) {
  return (
    <div class="separator">
      <span>{l10n.t('Turn {0}', turnNumber(model.session, event))}</span>
    </div>
  );
}

export function TurnEndedCard({ model, event }: CardProps<'turn.ended'>) {
  const { failed, stopReason, usage, message } = event.data;
  const turn = turnNumber(model.session, event);
  return (
    <>
      <div class={`line ${failed ? 'error-text' : 'faint'}`}>
        {joinParts([
          failed ? l10n.t('Turn {0} failed', turn) : l10n.t('Turn {0} ended', turn),
          oneLine(stopReason, 80),
          usage === undefined ? undefined : usageText(usage),
        ])}
      </div>
      {message !== undefined && message !== '' && (
        <div class="text" dir="auto">
          {visibleText(message)}
        </div>
      )}
    </>
  );
}

export function SnapshotCard({ model, event }: CardProps<'snapshot'>) {
  const { commit } = event.data;
  return (
    <div class="line faint">
      {l10n.t('Snapshot of the worktree')} <code>{oneLine(commit, 10)}</code>
      <button
        type="button"
        class="link"
        disabled={model.lostSinceMs !== undefined}
        onClick={() => void model.actions.showSnapshot(commit)}
      >
        {l10n.t('Files at this moment')}
      </button>
    </div>
  );
}

export function UsageCard({ event }: CardProps<'usage'>) {
  const { context = {} } = event.data;
  const text = joinParts([usageText(event.data), contextText(context)]);
  return <div class="line faint">{text || l10n.t('No usage reported')}</div>;
}
