import * as l10n from '@vscode/l10n';
import type { SessionStatus, SessionSummary } from '../../supervisor/api';

/** What people read: the API's four words, and one more for what a person ended. */
export type ShownStatus = SessionStatus | 'Stopped';

/** The API counts what was stopped or interrupted as failed; people do not. */
export function shownStatus({ status, state }: Pick<SessionSummary, 'status' | 'state'>): ShownStatus {
  return state === 'stopped' || state === 'killed' || state === 'interrupted' ? 'Stopped' : status;
}

/** A session's status in the editor's language. */
export function statusLabel(status: ShownStatus): string {
  switch (status) {
    case 'Starting':
      return l10n.t('Starting');
    case 'Running':
      return l10n.t('Running');
    case 'Completed':
      return l10n.t('Completed');
    case 'Failed':
      return l10n.t('Failed');
    case 'Stopped':
      return l10n.t('Stopped');
  }
}
