import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';

/** How many sessions run and how many need an answer, at the window's foot; nothing at all while none does. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('corral.status', vscode.StatusBarAlignment.Left);

  constructor() {
    this.#item.name = 'Corral';
    this.#item.command = 'corral.sessions.focus';
  }

  show(sessions: readonly SessionSummary[]): void {
    const live = sessions.filter(
      (session) =>
        !session.deleted && !session.restored && (session.status === 'Starting' || session.status === 'Running'),
    );
    const waiting = live.filter((session) => session.queuePosition !== undefined).length;
    const asking = live.filter((session) => session.needsInput).length;
    if (live.length === 0) {
      this.#item.hide();
      return;
    }
    const words = `${live.length - waiting} running${waiting === 0 ? '' : `, ${waiting} waiting`}${asking === 0 ? '' : `, ${asking} need${asking === 1 ? 's' : ''} input`}`;
    this.#item.text = `$(${asking === 0 ? 'run-all' : 'bell-dot'}) ${words}`;
    this.#item.accessibilityInformation = { label: `Corral: ${words}` };
    this.#item.tooltip = 'Show the sessions';
    this.#item.backgroundColor = asking === 0 ? undefined : new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
