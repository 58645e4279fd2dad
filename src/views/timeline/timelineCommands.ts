import * as vscode from 'vscode';
import type { Detail } from '../../protocol/timelineProtocol';
import { setTimelineDetail, timelineDetail } from './timelineDetail';
import type { CommandName } from '../text/contributions';

export type TimelineCommandName = Extract<CommandName, 'chooseDetail'>;

export type TimelineCommands = Record<TimelineCommandName, (argument: unknown) => Promise<void>>;

/** Commands about what timelines show. */
export function timelineCommands(): TimelineCommands {
  return {
    chooseDetail: async () => {
      const current = timelineDetail();
      const items: (vscode.QuickPickItem & { detail: string; value: Detail })[] = [
        {
          value: 'summary',
          label: vscode.l10n.t('Summary'),
          detail: vscode.l10n.t('What was said, what came of it, and one line for the work between'),
        },
        {
          value: 'normal',
          label: vscode.l10n.t('Normal'),
          detail: vscode.l10n.t('One row for each call with its result; reads and searches are grouped'),
        },
        {
          value: 'everything',
          label: vscode.l10n.t('Everything'),
          detail: vscode.l10n.t('One row for each event'),
        },
      ];
      const chosen = await vscode.window.showQuickPick(
        items.map((item) => (item.value === current ? { ...item, description: vscode.l10n.t('shown now') } : item)),
        { title: vscode.l10n.t('Level of Detail of Timelines') },
      );
      if (chosen !== undefined) await setTimelineDetail(chosen.value);
    },
  };
}
