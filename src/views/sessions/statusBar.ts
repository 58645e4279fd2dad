import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import { COMMANDS } from '../text/contributions';
import { goesOn, isRunning, isWaiting, needsYou } from '../sessionPredicates';
import { needInput } from './sessionGroups';

/** Shows at the window's foot how many sessions run, need a person, or ended unseen; a click shows the menu. */
export class StatusBar implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('corral.status', vscode.StatusBarAlignment.Left);

  readonly #isUnseen: (session: SessionSummary) => boolean;

  constructor(isUnseen: (session: SessionSummary) => boolean) {
    this.#isUnseen = isUnseen;
    this.#item.name = 'Corral';
    this.#item.command = COMMANDS.showStatusMenu;
    this.#item.tooltip = vscode.l10n.t('Show what needs you, and what runs');
  }

  show(sessions: readonly SessionSummary[]): void {
    const live = sessions.filter(goesOn);
    const unseen = sessions.filter(
      (session) => !session.deleted && !session.archived && this.#isUnseen(session),
    ).length;
    const needing = sessions.filter(needsYou).length;
    if (live.length + unseen + needing === 0) {
      this.#item.hide();
      return;
    }
    const waiting = live.filter(isWaiting).length;
    const asking = live.filter((session) => session.needsInput).length;
    const others = needing - asking;
    const running = live.filter(isRunning).length;
    const text = [
      ...(running === 0 ? [] : [vscode.l10n.t('{0} running', running)]),
      ...(waiting === 0 ? [] : [vscode.l10n.t('{0} waiting', waiting)]),
      ...(asking === 0 ? [] : [needInput(asking)]),
      ...(others === 0 ? [] : [vscode.l10n.t('{0} cut off or silent', others)]),
      ...(unseen === 0 ? [] : [vscode.l10n.t('{0} ended', unseen)]),
    ].join(', ');
    this.#item.text = `$(${asking > 0 ? 'bell-dot' : live.length > 0 ? 'run-all' : 'pass'}) ${text}`;
    this.#item.accessibilityInformation = { label: `Corral: ${text}` };
    this.#item.backgroundColor = asking === 0 ? undefined : new vscode.ThemeColor('statusBarItem.warningBackground');
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}
