import * as l10n from '@vscode/l10n';
import type { EventData, PermissionOption } from '../../../../src/storage/events';
import { visibleText } from '../../../../src/common/visibleText';
import type { ToolQuestion } from '../../../../src/tools/toolDescription';

export interface AnsweredQuestionsProps {
  questions: readonly ToolQuestion[];
  answer: EventData<'permission.answer'>;
  options: readonly PermissionOption[];
}

/** What was asked, all that could be chosen, and what was. */
export function AnsweredQuestions({ questions, answer, options }: AnsweredQuestionsProps) {
  return (
    <div class="answered">
      {questions.map((question, index) => {
        const said = wordsOf(answer, options, index);
        const others = said.filter((word) => !question.options.some(({ label }) => label === word));
        return (
          <>
            <div dir="auto">{visibleText(question.text)}</div>
            <ul>
              {question.options.map(({ label, description }) => (
                <Choice text={label} note={description} isChosen={said.includes(label)} />
              ))}
              {others.map((word) => (
                <Choice text={word} isChosen />
              ))}
            </ul>
          </>
        );
      })}
    </div>
  );
}

/** What was said to a question: in a form, or by the one option that stands for the answer. */
export function wordsOf(
  { answers, optionId }: EventData<'permission.answer'>,
  options: readonly PermissionOption[],
  index: number,
): string[] {
  if (answers !== undefined) return (answers[index] ?? []).filter((word) => word !== '');
  const chosen = options.find((option) => option.optionId === optionId);
  return chosen?.kind.startsWith('allow') === true ? [chosen.name] : [];
}

function Choice({ text, note, isChosen }: { text: string; note?: string | undefined; isChosen: boolean }) {
  return (
    <li class={isChosen ? 'chosen' : 'faint'}>
      <span aria-hidden="true">{isChosen ? '✓' : '○'}</span>
      <span>
        {isChosen && <span class="unseen">{l10n.t('Chosen:')} </span>}
        <span dir="auto">{visibleText(text)}</span>
        {note !== undefined && <span class="faint" dir="auto">{` · ${visibleText(note)}`}</span>}
      </span>
    </li>
  );
}
