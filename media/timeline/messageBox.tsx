import * as l10n from '@vscode/l10n';
import type { TimelineSession } from '../../src/protocol/timelineProtocol';
import type { TimelineModel } from './model/timelineModel';
import { PromptBox, SEND_KEYS } from '../promptBox/promptBox';
import './messageBox.css';

export function MessageBox({ model, session }: { model: TimelineModel; session: TimelineSession }) {
  const isLive = (session.status === 'Running' || session.status === 'Starting') && !session.restored;
  const cannotSend = session.deleted || model.lostSinceMs !== undefined;
  const { draft } = model;
  const send = (): void => {
    if (!cannotSend) void draft.send();
  };
  return (
    <div class="message-form">
      <PromptBox
        model={draft.prompt}
        label={l10n.t('Message the agent')}
        placeholder={placeholder(session, isLive)}
        testId="message-box"
        disabled={session.deleted}
        opens="above"
        onSend={send}
      >
        <div class="message-buttons">
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
          <button
            type="button"
            class="primary"
            title={l10n.t('Send the message ({0})', SEND_KEYS)}
            disabled={cannotSend || !draft.canSend}
            onClick={send}
          >
            {l10n.t('Send')}
          </button>
        </div>
      </PromptBox>
    </div>
  );
}

function placeholder(session: TimelineSession, isLive: boolean): string {
  if (session.deleted) return l10n.t('This session was deleted');
  return isLive
    ? l10n.t('Message the agent. {0} sends it.', SEND_KEYS)
    : l10n.t('Message the agent to continue. {0} sends it.', SEND_KEYS);
}
