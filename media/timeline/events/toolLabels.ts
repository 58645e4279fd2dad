import * as l10n from '@vscode/l10n';
import type { EventData } from '../../../src/storage/events';

export const RESULT_LABELS: Record<EventData<'tool.result'>['status'], string> = {
  ok: l10n.t('OK'),
  failed: l10n.t('Failed'),
  denied: l10n.t('Denied'),
};

export const CHANGE_LABELS: Record<EventData<'file.change'>['change'], string> = {
  added: l10n.t('Added'),
  modified: l10n.t('Changed'),
  deleted: l10n.t('Deleted'),
  renamed: l10n.t('Renamed'),
};
