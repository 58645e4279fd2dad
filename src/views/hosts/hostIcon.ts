import * as vscode from 'vscode';
import type { HostSummary } from '../../supervisor/api';
import { conditionOf, type HostCondition } from './hostTexts';

const WARNING = new vscode.ThemeColor('list.warningForeground');
const ICONS: Record<HostCondition, vscode.ThemeIcon> = {
  wrong: new vscode.ThemeIcon('warning', WARNING),
  untested: new vscode.ThemeIcon('vm'),
  unreachable: new vscode.ThemeIcon('debug-disconnect', WARNING),
  unusable: new vscode.ThemeIcon('warning', WARNING),
  usable: new vscode.ThemeIcon('vm-active'),
};

/** What is known of the host, as an icon. */
export function hostIcon(host: HostSummary): vscode.ThemeIcon {
  return ICONS[conditionOf(host)];
}
