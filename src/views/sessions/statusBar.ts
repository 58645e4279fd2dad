import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import { FOCUS_SESSIONS } from '../text/contributions';
import { needInput } from './sessionGroups';

/** Shows at the window's foot how many sessions run and how many need an answer. It is hidden while none runs. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('corral.status', vscode.StatusBarAlignment.Left);

  constructor() {
    this.#item.name = 'Corral';
    this.#item.command = FOCUS_SESSIONS;
    this.#item.tooltip = vscode.l10n.t('Show the sessions');
  }

  show(sessions: readonly SessionSummary[]): void {
    const live = sessions.filter(
      (session) =>
        !session.deleted && !session.restored && (session.status === 'Starting' || session.status === 'Running'),
    );
    if (live.length === 0) {
      this.#item.hide();
      return;
    }
    const waiting = live.filter((session) => session.queuePosition !== undefined).length;
    const asking = live.filter((session) => session.needsInput).length;
    const text = [
      vscode.l10n.t('{0} running', live.length - waiting),
      ...(waiting === 0 ? [] : [vscode.l10n.t('{0} waiting', waiting)]),
      ...(asking === 0 ? [] : [needInput(asking)]),
    ].join(', ');
    this.#item.text = `$(${asking === 0 ? 'run-all' : 'bell-dot'}) ${text}`;
    this.#item.accessibilityInformation = { label: `Corral: ${text}` };
    this.#item.backgroundColor = asking === 0 ? undefined : new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
