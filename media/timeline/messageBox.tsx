import type { TimelineSession } from '../../src/protocol/timelineProtocol';
import type { TimelineModel } from './timelineModel';
import './messageBox.css';

const MAX_LINES = 8;

export function MessageBox({ model, session }: { model: TimelineModel; session: TimelineSession }) {
  const isLive = (session.status === 'Running' || session.status === 'Starting') && !session.restored;
  const cannotSend = session.deleted || model.lostSinceMs !== undefined;
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter ends the composition.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!cannotSend) void model.send();
  };
  return (
    <div class="message-form">
      <textarea
        aria-label="Message the agent"
        data-testid="message-box"
        dir="auto"
        rows={Math.min(MAX_LINES, model.draft.split('\n').length)}
        placeholder={
          session.deleted ? 'The session was deleted' : isLive ? 'Message the agent' : 'Message the agent to go on'
        }
        title="Enter sends, Shift+Enter makes a new line"
        disabled={session.deleted}
        value={model.draft}
        onInput={({ currentTarget }) => {
          model.setDraft(currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <button
        type="button"
        class="primary"
        disabled={cannotSend || model.draft.trim() === ''}
        onClick={() => {
          void model.send();
        }}
      >
        Send
      </button>
      {(session.state === 'running' || session.state === 'waiting') && isLive && (
        <button
          type="button"
          class="secondary"
          title="Ends the turn; the agent stays"
          disabled={cannotSend}
          onClick={() => void model.control('interrupt')}
        >
          Interrupt
        </button>
      )}
      {isLive && (
        <button
          type="button"
          class="secondary"
          disabled={cannotSend || session.state === 'stopping'}
          onClick={() => void model.control('stop')}
        >
          {session.state === 'stopping' ? 'Stopping…' : 'Stop'}
        </button>
      )}
      {(session.restored || session.status === 'Failed') && (
        <button
          type="button"
          class="secondary"
          disabled={cannotSend || session.checking}
          onClick={() => void model.control('resume')}
        >
          {session.recoveryHint === 'restart' ? 'Restart' : 'Resume'}
        </button>
      )}
    </div>
  );
}
