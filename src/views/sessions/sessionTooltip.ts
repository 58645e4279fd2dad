import * as l10n from '@vscode/l10n';
import type { SessionSummary } from '../../supervisor/api';
import { describeChanges } from '../text/worktreeLabels';
import type { SessionRow } from './sessionRow';

/** What a row's tooltip says below the title, line by line. */
export function sessionTooltip(session: SessionSummary, row: SessionRow): [name: string, value: string][] {
  return [
    [l10n.t('Status'), row.status],
    ...row.notes,
    ...optional(l10n.t('Agent'), session.agent),
    ...optional(l10n.t('Started'), localTime(session.createdAt)),
    ...optional(l10n.t('Last activity'), localTime(session.lastActivityAt)),
    ...optional(l10n.t('Changes'), session.changes && describeChanges(session.changes)),
    ...optional(l10n.t('Worktree'), session.worktreePath),
    ...optional(l10n.t('Folder'), session.subfolder),
    ...optional(l10n.t('Started from'), session.checkout),
    ...optional(l10n.t('Not copied'), session.notCopied?.join(', ')),
    ...optional(l10n.t('Base'), session.baseCommit === '' ? undefined : session.baseCommit.slice(0, 10)),
    ...optional(
      l10n.t('Queue'),
      session.queuePosition === undefined
        ? undefined
        : l10n.t('Waiting sessions start only while a VS Code window is open.'),
    ),
  ];
}

function optional(name: string, value: string | undefined): [name: string, value: string][] {
  return value === undefined || value === '' ? [] : [[name, value]];
}

/** '' where no time is known. */
function localTime(timestamp: string): string {
  return timestamp === '' ? '' : new Date(timestamp).toLocaleString();
}
