import * as l10n from '@vscode/l10n';
import type { PermissionOption } from '../../../../src/storage/events';
import type { ToolQuestion } from '../../../../src/tools/toolDescription';
import { visibleLine } from '../../../../src/common/visibleText';
import { commandKey } from '../../../shared/keyNames';
import { oneLine } from '../../../shared/plainText';
import type { TimelineModel } from '../../model/timelineModel';
import type { EventOf } from '../cardProps';
import { QuestionForm } from './questionForm';

export interface PermissionAnswersProps {
  model: TimelineModel;
  event: EventOf<'permission.request'>;
  questions: readonly ToolQuestion[];
  isEnabled: boolean;
  /** Whether all that would be allowed was shown. */
  isRead: boolean;
}

/** Every way to answer: the questions' options, the agent's own options, and a denial with a reason. */
export function PermissionAnswers({ model, event, questions, isEnabled, isRead }: PermissionAnswersProps) {
  const { requestId, options, answerOption, budget } = event.data;
  const permission = { runId: event.runId, requestId };
  const hasForm = answerOption !== undefined && questions.length > 0;
  const offered = hasForm ? options.filter(({ kind }) => kind.startsWith('reject')) : options;
  // Nobody would hear why a session may not go beyond its budget.
  const deny = budget === undefined ? options.find(({ kind }) => kind === 'reject_once') : undefined;
  const draft = model.permissions.draftOf(permission);
  const isWhole = options.some(({ name }) => questions.some((question) => descriptionOf(question, name) !== undefined));
  return (
    <>
      {hasForm && (
        <QuestionForm
          model={model}
          permission={permission}
          questions={questions}
          isEnabled={isEnabled}
          answerOption={answerOption}
        />
      )}
      <div class={`buttons ${isWhole && !hasForm ? 'described' : ''}`}>
        {offered.map((option) => (
          <OptionButton
            option={option}
            isOnly={options.filter(({ kind }) => kind === 'allow_once').length === 1 && !hasForm}
            description={questions.map((question) => descriptionOf(question, option.name)).find(Boolean)}
            isEnabled={isEnabled && (isRead || !option.kind.startsWith('allow'))}
            onChoose={() => {
              void model.permissions.answer(permission, { optionId: option.optionId });
            }}
          />
        ))}
        {deny !== undefined && draft.reason === undefined && (
          <button
            type="button"
            class="secondary"
            disabled={!isEnabled}
            onClick={() => {
              model.permissions.setDraft(permission, { ...draft, reason: '' });
            }}
          >
            {l10n.t('Deny with Reason…')}
          </button>
        )}
      </div>
      {deny !== undefined && draft.reason !== undefined && (
        <Reason
          text={draft.reason}
          isEnabled={isEnabled}
          onInput={(reason) => {
            model.permissions.setDraft(permission, { ...draft, reason });
          }}
          onDeny={() => {
            const message = draft.reason?.trim() ?? '';
            void model.permissions.answer(permission, {
              optionId: deny.optionId,
              ...(message === '' ? {} : { message }),
            });
          }}
          onCancel={() => {
            model.permissions.setDraft(permission, { ...draft, reason: undefined });
          }}
        />
      )}
    </>
  );
}

function OptionButton({
  option: { name, kind },
  isOnly,
  description,
  isEnabled,
  onChoose,
}: {
  option: PermissionOption;
  /** The only one that allows, which a key chooses as well. */
  isOnly: boolean;
  description: string | undefined;
  isEnabled: boolean;
  onChoose: () => void;
}) {
  const key =
    kind === 'allow_once' && isOnly
      ? commandKey('Enter')
      : kind === 'reject_once'
        ? commandKey('Backspace')
        : undefined;
  return (
    <span class="answer">
      <button
        type="button"
        class={kind === 'allow_once' ? 'primary' : 'secondary'}
        title={key === undefined ? undefined : l10n.t('{0} while this card has the focus', key)}
        disabled={!isEnabled}
        onClick={onChoose}
      >
        {oneLine(name)}
      </button>
      {description !== undefined && (
        <span class="faint" dir="auto">
          {oneLine(description)}
        </span>
      )}
    </span>
  );
}

/** The agent's words about the option of this name, whose characters may be shown by signs. */
function descriptionOf({ options }: ToolQuestion, name: string): string | undefined {
  return options.find(({ label }) => label === name || visibleLine(label, 300).text === name)?.description;
}

function Reason(props: {
  text: string;
  isEnabled: boolean;
  onInput: (text: string) => void;
  onDeny: () => void;
  onCancel: () => void;
}) {
  const { text, isEnabled, onInput, onDeny, onCancel } = props;
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation(); // the list's keys are letters too
    if (event.isComposing) return;
    if (event.key === 'Escape') onCancel();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && isEnabled) onDeny();
    else return;
    event.preventDefault();
  };
  return (
    <div class="reason">
      <textarea
        rows={3}
        dir="auto"
        aria-label={l10n.t('Reason')}
        placeholder={l10n.t('What the agent should do instead')}
        value={text}
        ref={(element) => {
          if (text === '' && element !== null && document.activeElement?.closest('.permission') !== null)
            element.focus();
        }}
        onInput={({ currentTarget }) => {
          onInput(currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="buttons">
        <button type="button" class="primary" disabled={!isEnabled} onClick={onDeny} title={commandKey('Enter')}>
          {l10n.t('Deny with Reason')}
        </button>
        <button type="button" class="secondary" onClick={onCancel}>
          {l10n.t('Cancel')}
        </button>
      </div>
    </div>
  );
}
