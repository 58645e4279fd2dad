import * as l10n from '@vscode/l10n';
import { Icon } from '../shared/icons';
import type { TimelineModel } from './model/timelineModel';

/** Leads back to the end of the list, and says how much has come there. */
export function LatestButton({ model }: { model: TimelineModel }) {
  return (
    <button
      type="button"
      class="to-latest primary"
      onClick={() => {
        model.setFollowing(true);
      }}
    >
      <Icon name="down" />
      {latestLabel(model.newRows)}
    </button>
  );
}

function latestLabel(newRows: number): string {
  if (newRows === 0) return l10n.t('Latest');
  return newRows === 1 ? l10n.t('1 new event') : l10n.t('{0} new events', newRows);
}
