import * as l10n from '@vscode/l10n';
import type { SessionStatus } from '../../supervisor/api';

/** A session's status in the editor's language. */
export function statusLabel(status: SessionStatus): string {
  switch (status) {
    case 'Starting':
      return l10n.t('Starting');
    case 'Running':
      return l10n.t('Running');
    case 'Completed':
      return l10n.t('Completed');
    case 'Failed':
      return l10n.t('Failed');
  }
}
