import * as vscode from 'vscode';
import type { SessionSummary } from '../../../supervisor/api';
import { sessionRow } from '../../sessions/sessionRow';
import type { Situation } from '../../sessions/tree/treeOptions';
import { SITUATIONS, situationOf } from '../../sessions/tree/treeOptions';
import { SITUATION_ICONS, SITUATION_LABELS } from '../../sessions/tree/treeItems';
import { needsYou } from '../../sessionPredicates';
import { COMMANDS, FOCUS_SESSIONS } from '../../text/contributions';
import { plainLabel } from '../../text/plainLabel';
import type { TreeControl } from './treeControl';

/** Sessions that need a person are named one by one, up to this many. */
const MAX_NAMED = 10;

interface MenuItem extends vscode.QuickPickItem {
  run: () => unknown;
}

/** The menu of the status bar: what needs a person, how many sessions are at what, and what can be done. */
export async function showStatusMenu(
  listed: readonly SessionSummary[],
  tree: TreeControl,
  show: (sessionId: string) => Promise<void>,
): Promise<void> {
  const sessions = listed.filter(({ deleted, archived }) => !deleted && !archived);
  const asking = sessions.filter(needsYou).sort((a, b) => a.since.localeCompare(b.since));
  const separator = (label: string): MenuItem => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
    run: () => undefined,
  });
  const filterBy = async (situation: Situation): Promise<void> => {
    await tree.setOptions({ text: '', situations: [situation], onlyHere: false });
    await vscode.commands.executeCommand(FOCUS_SESSIONS);
  };
  const items: MenuItem[] = [
    ...(asking.length === 0 ? [] : [separator(SITUATION_LABELS.needsYou)]),
    ...asking.slice(0, MAX_NAMED).map((session): MenuItem => {
      const row = sessionRow(session, Date.now());
      return {
        label: `$(${row.icon}) ${plainLabel(row.label)}`,
        description: plainLabel(row.description),
        run: async () => await show(session.id),
      };
    }),
    separator(vscode.l10n.t('Sessions')),
    ...SITUATIONS.flatMap((situation): MenuItem[] => {
      const count = sessions.filter((session) => situationOf(session) === situation).length;
      const label = `$(${SITUATION_ICONS[situation]}) ${SITUATION_LABELS[situation]}`;
      return count === 0 ? [] : [{ label, description: String(count), run: async () => await filterBy(situation) }];
    }),
    {
      label: `$(list-unordered) ${vscode.l10n.t('Show All Sessions')}`,
      run: async () => {
        await tree.setOptions({ text: '', situations: [], onlyHere: false });
        await vscode.commands.executeCommand(FOCUS_SESSIONS);
      },
    },
    separator(vscode.l10n.t('Actions')),
    ...(
      [
        ['add', vscode.l10n.t('New Session…'), COMMANDS.newSession],
        ['graph', vscode.l10n.t('Overview'), COMMANDS.showOverview],
        ['search', vscode.l10n.t('Search History…'), COMMANDS.searchHistory],
        ['server', vscode.l10n.t('Manage Worktrees…'), COMMANDS.manageWorktrees],
      ] as const
    ).map(([icon, label, command]): MenuItem => ({
      label: `$(${icon}) ${label}`,
      run: async () => await vscode.commands.executeCommand(command),
    })),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: 'Corral', matchOnDescription: true });
  await chosen?.run();
}
