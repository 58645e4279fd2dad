import * as l10n from '@vscode/l10n';
import type { RunState } from '../../../storage/events';

interface RunLook {
  icon: string;
  /** A theme colour's id. */
  color?: string;
}

const FAILED: RunLook = { icon: 'error', color: 'testing.iconFailed' };
const STOPPED: RunLook = { icon: 'circle-slash' };
const GOING_ON: RunLook = { icon: 'play-circle', color: 'charts.blue' };

export function runLook(state: RunState): RunLook {
  switch (state) {
    case 'queued':
      return { icon: 'watch' };
    case 'starting':
    case 'running':
    case 'waiting':
    case 'stopping':
      return GOING_ON;
    case 'completed':
      return { icon: 'pass', color: 'testing.iconPassed' };
    case 'stopped':
    case 'killed':
    case 'interrupted':
      return STOPPED;
    default:
      return FAILED;
  }
}

export function runLabel(state: RunState): string {
  switch (state) {
    case 'queued':
      return l10n.t('in the queue');
    case 'starting':
    case 'running':
      return l10n.t('running');
    case 'waiting':
      return l10n.t('needs input');
    case 'stopping':
      return l10n.t('stopping');
    case 'completed':
      return l10n.t('completed');
    case 'stopped':
    case 'killed':
      return l10n.t('stopped');
    case 'interrupted':
      return l10n.t('interrupted');
    default:
      return l10n.t('failed');
  }
}
