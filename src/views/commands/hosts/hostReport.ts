import * as vscode from 'vscode';
import type { HostCheck, HostTestReport } from '../../../supervisor/api';
import { oneLine } from '../../../common/oneLine';
import { CHECK_LABELS } from '../../hosts/hostTexts';
import { showInformationMessage } from '../../text/messages';

export interface HostReportActions {
  testAgain: () => void;
  openSettings: () => Promise<void>;
}

const ICONS: Record<HostCheck['state'], vscode.ThemeIcon> = {
  passed: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  warning: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
  failed: new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground')),
};

/** Shows what a test found: what is missing first, each with what to do. Stays until it is closed. */
export async function showHostReport(report: HostTestReport, actions: HostReportActions): Promise<void> {
  const testAgain: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('refresh'),
    tooltip: vscode.l10n.t('Test Again'),
  };
  const openSettings: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('gear'),
    tooltip: vscode.l10n.t('Open Settings'),
  };
  const pick = vscode.window.createQuickPick();
  pick.title = titleOf(report);
  pick.placeholder = vscode.l10n.t('{hostName}, tested at {time}', {
    hostName: report.hostName,
    time: new Date(report.testedAt).toLocaleTimeString(),
  });
  pick.ignoreFocusOut = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.buttons = [testAgain, openSettings];
  pick.items = itemsOf(report);
  pick.show();
  try {
    await new Promise<void>((resolve) => {
      pick.onDidTriggerButton((button) => {
        pick.hide();
        if (button === testAgain) actions.testAgain();
        else void actions.openSettings();
      });
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        pick.hide();
        // A long advice does not fit into its row.
        if (item?.detail !== undefined) void showInformationMessage(`${item.label}: ${item.detail}`);
      });
      pick.onDidHide(() => resolve());
    });
  } finally {
    pick.dispose();
  }
}

function titleOf({ host, usable, checks }: HostTestReport): string {
  const problems = checks.filter(({ state }) => state === 'failed').length;
  if (usable) return vscode.l10n.t('{host} · what a session needs is there', { host });
  return problems === 1
    ? vscode.l10n.t('{host} · 1 thing is missing', { host })
    : vscode.l10n.t('{host} · {problems} things are missing', { host, problems });
}

function itemsOf({ checks, printed }: HostTestReport): vscode.QuickPickItem[] {
  const order = ['failed', 'warning', 'passed'];
  const sorted = [...checks].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
  return [
    ...sorted.map(({ name, state, found, advice }) => ({
      label: CHECK_LABELS[name],
      description: found,
      ...(advice === undefined ? {} : { detail: advice }),
      iconPath: ICONS[state],
      alwaysShow: true,
    })),
    ...(printed === ''
      ? []
      : [
          {
            label: vscode.l10n.t('The host printed'),
            description: oneLine(printed),
            iconPath: new vscode.ThemeIcon('info'),
            alwaysShow: true,
          },
        ]),
  ];
}
