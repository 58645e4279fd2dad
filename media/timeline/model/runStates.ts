import * as l10n from '@vscode/l10n';
import type { RunState } from '../../../src/storage/events';

/** The states of a run in words, as part of a line: `Run 2 · completed`. */
export const RUN_STATE_LABELS: Record<RunState, string> = {
  queued: l10n.t('queued'),
  starting: l10n.t('starting'),
  running: l10n.t('running'),
  waiting: l10n.t('waiting'),
  stopping: l10n.t('stopping'),
  completed: l10n.t('completed'),
  failed: l10n.t('failed'),
  stopped: l10n.t('stopped'),
  killed: l10n.t('killed'),
  interrupted: l10n.t('interrupted'),
  crashed: l10n.t('crashed'),
  lost: l10n.t('lost'),
};
