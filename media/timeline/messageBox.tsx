import * as l10n from '@vscode/l10n';
import type { TimelineSession } from '../../src/protocol/timelineProtocol';
import type { TimelineModel } from './model/timelineModel';
import './messageBox.css';

const MAX_LINES = 8;

export function MessageBox({ model, session }: { model: TimelineModel; session: TimelineSession }) {
  const isLive = (session.status === 'Running' || session.status === 'Starting') && !session.restored;
  const cannotSend = session.deleted || model.lostSinceMs !== undefined;
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter ends the composition.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!cannotSend) void model.draft.send();
  };
  return (
    <div class="message-form">
      <textarea
        aria-label={l10n.t('Message the agent')}
        data-testid="message-box"
        dir="auto"
        rows={Math.min(MAX_LINES, model.draft.text.split('\n').length)}
        placeholder={placeholder(session, isLive)}
        title={l10n.t('Enter sends, Shift+Enter starts a new line')}
        disabled={session.deleted}
        value={model.draft.text}
        onInput={({ currentTarget }) => {
          model.draft.set(currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        class="primary"
        disabled={cannotSend || model.draft.text.trim() === ''}
        onClick={() => {
          void model.draft.send();
        }}
      >
        {l10n.t('Send')}
      </button>
      {(session.state === 'running' || session.state === 'waiting') && isLive && (
        <button
          type="button"
          class="secondary"
          title={l10n.t('End the turn; the agent keeps running')}
          disabled={cannotSend}
          onClick={() => void model.actions.control('interrupt')}
        >
          {l10n.t('Interrupt')}
        </button>
      )}
      {isLive && (
        <button
          type="button"
          class="secondary"
          disabled={cannotSend || session.state === 'stopping'}
          onClick={() => void model.actions.control('stop')}
        >
          {session.state === 'stopping' ? l10n.t('Stopping…') : l10n.t('Stop')}
        </button>
      )}
      {(session.restored || session.status === 'Failed') && (
        <button
          type="button"
          class="secondary"
          disabled={cannotSend || session.checking}
          onClick={() => void model.actions.control('resume')}
        >
          {session.recoveryHint === 'restart' ? l10n.t('Restart') : l10n.t('Resume')}
        </button>
      )}
    </div>
  );
}

function placeholder(session: TimelineSession, isLive: boolean): string {
  if (session.deleted) return l10n.t('This session was deleted');
  return isLive ? l10n.t('Message the agent') : l10n.t('Message the agent to continue');
}
