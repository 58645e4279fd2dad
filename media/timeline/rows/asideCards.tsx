import * as l10n from '@vscode/l10n';
import { useEffect, useRef } from 'preact/hooks';
import type { Aside, TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { visibleText } from '../../../src/common/visibleText';
import { Icon } from '../../shared/icons';
import { oneLine } from '../../shared/plainText';
import { Markdown } from '../events/text/markdown';
import type { TimelineModel } from '../model/timelineModel';
import './asideCards.css';

const STATES: Record<Exclude<Aside['state'], 'answered'>, string> = {
  answering: l10n.t('is answering…'),
  failed: l10n.t('failed'),
  cancelled: l10n.t('cancelled'),
};

/** The questions that were asked beside the work after this row's event, and before that of the next row. */
export function AsideCards({ model, event, line }: { model: TimelineModel; event: TimelineEvent; line: number }) {
  if (model.asides.isEmpty || model.filter.isActive || model.runId !== undefined) return null;
  const nextLine = model.rows.step(line, 1);
  const next = nextLine === undefined ? undefined : model.events.at(nextLine);
  // What comes after the moment of a replay is not shown, nor what stands before a row that is not loaded yet.
  const isEndOpen = nextLine === undefined && model.replay.position === undefined;
  if (!isEndOpen && typeof next !== 'object') return null;
  const isFirst = model.rows.step(line, -1) === undefined;
  const asides = model.asides.between(
    isFirst ? undefined : event.timestamp,
    next === undefined || next === 'missing' ? undefined : next.timestamp,
  );
  if (asides.length === 0) return null;
  return (
    <div class="asides">
      {asides.map((aside) => (
        <AsideCard key={aside.id} model={model} aside={aside} />
      ))}
    </div>
  );
}

export function AsideCard({ model, aside }: { model: TimelineModel; aside: Aside }) {
  const { id, agent, question, answer, state, reason } = aside;
  const card = useRef<HTMLElement>(null);
  const isMarked = model.asides.marked === id;
  useEffect(() => {
    if (isMarked) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isMarked]);
  return (
    <section
      ref={card}
      class={`aside-card${isMarked ? ' marked' : ''}`}
      data-testid="aside"
      data-state={state}
      aria-label={l10n.t('Asked beside the work: {0}', oneLine(question, 100))}
    >
      <div class="line faint">
        <Icon name="assistant" />
        <span>{l10n.t('Asked beside the work')}</span>
        <span dir="auto">{oneLine(agent, 60)}</span>
        {state !== 'answered' && <span role="status">{STATES[state]}</span>}
        {state === 'answering' && (
          <button type="button" class="link" onClick={() => void model.asides.cancel(id)}>
            {l10n.t('Cancel')}
          </button>
        )}
      </div>
      <div class="text question" dir="auto">
        {visibleText(question)}
      </div>
      {answer !== '' && <Markdown model={model} text={answer} />}
      {state === 'failed' && (
        <div class="text error-text" dir="auto">
          {reason === undefined || reason === ''
            ? l10n.t('No answer came. Ask again, or send the question as a message.')
            : l10n.t(
                '{0} Ask again, or send the question as a message.',
                `${visibleText(reason)}${/[.!?]$/.test(reason) ? '' : '.'}`,
              )}
        </div>
      )}
    </section>
  );
}
