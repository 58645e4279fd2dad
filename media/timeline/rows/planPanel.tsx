import * as l10n from '@vscode/l10n';
import { useEffect, useState } from 'preact/hooks';
import { oneLine } from '../../shared/plainText';
import { PlanList } from '../events/messageCards';
import { FoldButton } from '../events/text/foldButton';
import type { TimelineModel } from '../model/timelineModel';
import './planPanel.css';

/** A lower page, as in a window that is zoomed, has room for a line of the plan beside the events. */
const LOW_PAGE = window.matchMedia('(max-height: 480px)');

/** The agent's plan as it was at the shown moment, above the list. Open while there is something left to do. */
export function PlanPanel({ model }: { model: TimelineModel }) {
  const [isLow, setIsLow] = useState(LOW_PAGE.matches);
  useEffect(() => {
    const update = (): void => {
      setIsLow(LOW_PAGE.matches);
    };
    LOW_PAGE.addEventListener('change', update);
    return () => {
      LOW_PAGE.removeEventListener('change', update);
    };
  }, []);
  const { plan } = model.rows.currentPlan;
  if (plan === undefined || plan.data.entries.length === 0) return null;
  const { entries } = plan.data;
  const done = entries.filter(({ status }) => status === 'completed').length;
  const isUnfinished = done < entries.length;
  const fold = `plan ${String(isUnfinished)}`;
  const isOpen = model.isToggled(fold) !== (isUnfinished && !isLow);
  const current = entries.find(({ status }) => status === 'in_progress')?.text;
  return (
    <section class="plan-panel" aria-label={l10n.t('Plan')} data-testid="plan">
      <FoldButton model={model} fold={fold} isOpen={isOpen}>
        <strong>{l10n.t('Plan')}</strong> <span class="faint">{l10n.t('{0} of {1} done', done, entries.length)}</span>
        {!isOpen && current !== undefined && <span dir="auto">{` · ${oneLine(current, 120)}`}</span>}
      </FoldButton>
      {isOpen && <PlanList entries={entries} />}
    </section>
  );
}
