import * as l10n from '@vscode/l10n';
import { exactText } from '../../../../src/common/visibleText';
import type { ToolQuestion } from '../../../../src/tools/toolDescription';
import { commandKey } from '../../../shared/keyNames';
import type { GivenAnswer, PermissionId } from '../../model/pendingPermissions';
import type { TimelineModel } from '../../model/timelineModel';
import './questionForm.css';

export interface QuestionFormProps {
  model: TimelineModel;
  permission: PermissionId;
  questions: readonly ToolQuestion[];
  answerOption: string;
  isEnabled: boolean;
}

/** The agent's questions with their options, of which a person chooses one or several, or answers in other words. */
export function QuestionForm({ model, permission, questions, answerOption, isEnabled }: QuestionFormProps) {
  const draft = model.permissions.draftOf(permission);
  const answers = questions.map((_, index) => draft.answers[index] ?? { chosen: [], other: '' });
  const said = answers.map(({ chosen, other }) => [...chosen, ...(other.trim() === '' ? [] : [other.trim()])]);
  const isComplete = said.some((words) => words.length > 0);
  const set = (index: number, answer: GivenAnswer): void => {
    model.permissions.setDraft(permission, { ...draft, answers: answers.with(index, answer) });
  };
  const send = (): void => {
    void model.permissions.answer(permission, { optionId: answerOption, answers: said });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const isSend = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    // Keys of the list, such as arrows and letters, belong to the form's own controls here.
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    if (!isSend || !isEnabled || !isComplete) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  };
  return (
    <div class="questions" onKeyDown={onKeyDown}>
      {questions.map((question, index) => (
        <Question
          name={`${permission.runId} ${permission.requestId} ${String(index)}`}
          question={question}
          answer={answers[index] ?? { chosen: [], other: '' }}
          isEnabled={isEnabled}
          onChange={(answer) => {
            set(index, answer);
          }}
        />
      ))}
      <div class="buttons">
        <button
          type="button"
          class="primary"
          disabled={!isEnabled || !isComplete}
          title={commandKey('Enter')}
          onClick={send}
        >
          {l10n.t('Send Answer')}
        </button>
      </div>
    </div>
  );
}

function Question(props: {
  name: string;
  question: ToolQuestion;
  answer: GivenAnswer;
  isEnabled: boolean;
  onChange: (answer: GivenAnswer) => void;
}) {
  const { name, question, answer, isEnabled, onChange } = props;
  const { text, header, multiSelect, options } = question;
  const choose = (label: string, isChosen: boolean): void => {
    if (!multiSelect) return onChange({ chosen: isChosen ? [label] : [], other: '' });
    const others = answer.chosen.filter((each) => each !== label);
    // In the order of the options, not of the clicks.
    const chosen = options
      .map((option) => option.label)
      .filter((each) => (each === label ? isChosen : others.includes(each)));
    onChange({ ...answer, chosen });
  };
  return (
    <fieldset disabled={!isEnabled}>
      <legend dir="auto">
        {header !== undefined && <span class="chip">{exactText(header)}</span>} {exactText(text)}
      </legend>
      {multiSelect && <div class="faint">{l10n.t('Choose any number')}</div>}
      {options.map(({ label, description }) => (
        <label class="choice">
          <input
            type={multiSelect ? 'checkbox' : 'radio'}
            name={name}
            checked={answer.chosen.includes(label)}
            onChange={({ currentTarget }) => {
              choose(label, currentTarget.checked);
            }}
          />
          <span>
            <span dir="auto">{exactText(label)}</span>
            {description !== undefined && (
              <span class="faint" dir="auto">
                {exactText(description)}
              </span>
            )}
          </span>
        </label>
      ))}
      <input
        type="text"
        class="other"
        dir="auto"
        aria-label={options.length === 0 ? l10n.t('Your answer') : l10n.t('Another answer')}
        placeholder={options.length === 0 ? l10n.t('Your answer') : l10n.t('Another answer')}
        value={answer.other}
        onInput={({ currentTarget }) => {
          const other = currentTarget.value;
          onChange({ chosen: multiSelect || other === '' ? answer.chosen : [], other });
        }}
      />
    </fieldset>
  );
}
