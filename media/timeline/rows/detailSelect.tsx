import * as l10n from '@vscode/l10n';
import { DETAILS } from '../../../src/protocol/timelineProtocol';
import type { Detail } from '../../../src/protocol/timelineProtocol';
import type { TimelineModel } from '../model/timelineModel';

const LABELS: Record<Detail, string> = {
  summary: l10n.t('Summary'),
  normal: l10n.t('Normal'),
  everything: l10n.t('Everything'),
};

/** How much the list shows; every timeline keeps to it. */
export function DetailSelect({ model }: { model: TimelineModel }) {
  return (
    <select
      aria-label={l10n.t('Level of detail')}
      title={l10n.t('Level of detail')}
      data-testid="detail"
      value={model.rows.detail}
      onChange={({ currentTarget }) => {
        const chosen = DETAILS.find((detail) => detail === currentTarget.value);
        if (chosen !== undefined) void model.actions.chooseDetail(chosen);
      }}
    >
      {DETAILS.map((detail) => (
        <option value={detail}>{LABELS[detail]}</option>
      ))}
    </select>
  );
}
