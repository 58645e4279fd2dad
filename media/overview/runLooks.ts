import * as l10n from '@vscode/l10n';
import type { RunLook } from '../../src/protocol/overviewProtocol';

/** What people read about a run's look, in the order of the legend. */
export const RUN_LOOK_LABELS: Record<RunLook, string> = {
  running: l10n.t('Running'),
  waiting: l10n.t('Waits for you'),
  completed: l10n.t('Completed'),
  failed: l10n.t('Failed'),
  stopped: l10n.t('Stopped'),
  cutOff: l10n.t('Cut off'),
};
