import * as l10n from '@vscode/l10n';
import type { PermissionOption } from '../../../src/storage/events';
import { joinParts, oneLine } from '../../shared/plainText';
import type { CardProps, EventOf } from './cardProps';
import { CodeBlock } from './text/textBlocks';
import { toolInputText } from './toolInput';
import './permissionCards.css';

export function PermissionRequestCard({ model, event }: CardProps<'permission.request'>) {
  const { title, toolName, input, options, requestId } = event.data;
  const permission = { runId: event.runId, requestId };
  const answer = model.events.answerOf(permission.runId, permission.requestId);
  const isPending = model.permissions.isPending(permission) && answer === undefined;
  const isConnected = model.lostSinceMs === undefined;
  const text = toolInputText(input);
  const isRead = isAllShown(event) || model.actions.hasOpened(event, 'input');
  return (
    <div class={`permission ${isPending ? 'pending' : ''}`} data-testid="permission">
      <div class="line">
        <strong dir="auto">{oneLine(title)}</strong>
        {toolName !== undefined && toolName !== title && <span class="chip">{oneLine(toolName, 60)}</span>}
      </div>
      {text !== '' && (
        <CodeBlock
          model={model}
          event={event}
          field="input"
          text={text}
          label={l10n.t('What is asked for')}
          look="exact"
        />
      )}
      <div class="buttons">
        {options.map((option) => (
          <button
            type="button"
            class={option.kind === 'allow_once' ? 'primary' : 'secondary'}
            disabled={
              !isPending ||
              !isConnected ||
              model.permissions.isBeingAnswered(permission) ||
              (!isRead && option.kind.startsWith('allow'))
            }
            onClick={() => {
              void model.permissions.answer(permission, option.optionId);
            }}
          >
            {oneLine(option.name)}
          </button>
        ))}
      </div>
      <div class="faint">
        {answer !== undefined
          ? answerText(answer.data, options)
          : unansweredText({ isPending, isConnected, isRead, isReplaying: model.replay.position !== undefined })}
      </div>
    </div>
  );
}

export function PermissionAnswerCard({ event }: CardProps<'permission.answer'>) {
  return <div class="line">{answerText(event.data, [])}</div>;
}

/** What is allowed has to be there whole, be it in this card or in an editor. */
function isAllShown({ cut, data }: EventOf<'permission.request'>): boolean {
  const isStored = Object.keys(data.blobs ?? {}).some(
    (pointer) => pointer === '/input' || pointer.startsWith('/input/'),
  );
  return cut?.['input'] === undefined && !isStored;
}

function unansweredText(is: {
  isPending: boolean;
  isConnected: boolean;
  isRead: boolean;
  isReplaying: boolean;
}): string {
  if (is.isPending && !is.isConnected) return l10n.t('You cannot answer here until the connection is back');
  if (is.isPending)
    return is.isRead
      ? l10n.t('Waiting for your answer')
      : l10n.t('Show all of it, or open it in an editor, to allow it');
  return is.isReplaying ? l10n.t('Not answered yet at this moment') : l10n.t('No longer waiting for an answer');
}

/** The outcome, the option that was chosen, and the message that came with it. */
function answerText(answer: EventOf<'permission.answer'>['data'], options: readonly PermissionOption[]): string {
  if (answer.outcome === 'withdrawn') return l10n.t('Withdrawn by the agent before it was answered');
  const outcome = answer.outcome === 'allowed' ? l10n.t('Allowed') : l10n.t('Denied');
  const choice = options.find((option) => option.optionId === answer.optionId)?.name;
  return joinParts([...new Set([outcome, choice, answer.message])]);
}
