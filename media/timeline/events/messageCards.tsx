import * as l10n from '@vscode/l10n';
import { visibleText } from '../../../src/common/visibleText';
import { formatNumber } from '../../shared/numbers';
import { joinParts, oneLine } from '../../shared/plainText';
import type { CardProps, EventOf } from './cardProps';
import { ROLE_LABELS } from './eventName';
import { Pictures } from './pictures';
import { partFold } from '../model/rows/unfold';
import { Markdown } from './text/markdown';
import { CodeBlock, CutNotice, Fold } from './text/textBlocks';
import './messageCards.css';

const PLAN_SYMBOLS = { pending: '○', in_progress: '◐', completed: '●' } as const;
const PLAN_LABELS = {
  pending: l10n.t('To do'),
  in_progress: l10n.t('In progress'),
  completed: l10n.t('Done'),
} as const;

export function MessageCard({ model, event }: CardProps<'message'>) {
  const { role, text, compaction } = event.data;
  if (compaction !== undefined) return <CompactionMark usedTokens={compaction.usedTokens} />;
  return (
    <>
      <div class="line faint role">{ROLE_LABELS[role]}</div>
      {role === 'assistant' ? (
        <Markdown model={model} text={text} />
      ) : (
        <div class="text" dir="auto">
          {visibleText(text)}
        </div>
      )}
      <Pictures model={model} event={event} />
      <CutNotice model={model} event={event} field="text" shownLength={text.length} />
    </>
  );
}

/** Before this the agent knows the conversation from its own summary only. */
function CompactionMark({ usedTokens }: { usedTokens: number | undefined }) {
  return (
    <div class="separator" data-testid="compaction">
      <span>
        {usedTokens === undefined
          ? l10n.t('The agent compacted its context')
          : l10n.t('The agent compacted its context of {0} tokens', formatNumber(usedTokens))}
      </span>
    </div>
  );
}

export function ReasoningCard({ model, event }: CardProps<'reasoning'>) {
  const { text } = event.data;
  // Where the whole text stands below, its beginning would be there twice.
  const isOpen = model.isToggled(partFold(event, 'reasoning'));
  const summary = (
    <span class="faint italic" dir="auto">
      {(isOpen ? '' : oneLine(text, 200)) || l10n.t('Reasoning')}
    </span>
  );
  return (
    <Fold model={model} event={event} name="reasoning" summary={summary}>
      <div class="text faint" dir="auto">
        {visibleText(text)}
      </div>
      <CutNotice model={model} event={event} field="text" shownLength={text.length} />
    </Fold>
  );
}

export function PlanCard({ event }: CardProps<'plan'>) {
  return (
    <>
      <div class="line faint">{l10n.t('Plan')}</div>
      <PlanList entries={event.data.entries} />
    </>
  );
}

export function PlanList({ entries }: { entries: EventOf<'plan'>['data']['entries'] }) {
  return (
    <ul class="plan">
      {entries.map(({ text, status }) => (
        <li class={`plan-${status}`}>
          <span class="plan-symbol" role="img" aria-label={PLAN_LABELS[status]}>
            {PLAN_SYMBOLS[status]}
          </span>
          <span dir="auto">{visibleText(text)}</span>
        </li>
      ))}
    </ul>
  );
}

export function ErrorCard({ model, event }: CardProps<'error'>) {
  const { message, code, retrying } = event.data;
  const details = joinParts([code, retrying === true ? l10n.t('the agent is retrying') : undefined]);
  return (
    <>
      <div class="text error-text" dir="auto">
        {visibleText(message)}
      </div>
      <CutNotice model={model} event={event} field="message" shownLength={message.length} />
      {details !== '' && <div class="faint">{details}</div>}
    </>
  );
}

export function OutputCard({ model, event }: CardProps<'output'>) {
  const { stream, text } = event.data;
  return (
    <CodeBlock
      model={model}
      event={event}
      field="text"
      text={text}
      label={l10n.t('Output on {0}', stream)}
      look="terminal"
    />
  );
}
