import { basename } from 'node:path';
import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import { shorten } from '../../common/shorten';
import type { SessionSummary } from '../../supervisor/api';
import { COMMANDS } from '../text/contributions';

const MAX_TITLE_LENGTH = 40;

export interface OwnWorktreeOptions {
  /** True for a session whose worktree is open in this window. */
  isHere: (session: SessionSummary) => boolean;
  /** Selects the session's row; false where the tree cannot be seen yet. */
  select: (sessionId: string) => boolean;
}

/** In the window of a session's worktree: says at the window's foot whose it is, and leads back to the repository. */
export class OwnWorktree implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem('corral.worktree', vscode.StatusBarAlignment.Left, 1);
  readonly #options: OwnWorktreeOptions;
  #sessionId: string | undefined;
  #isSelected = false;

  constructor(options: OwnWorktreeOptions) {
    this.#options = options;
    this.#item.name = vscode.l10n.t('Worktree');
  }

  /** The session whose worktree is open here. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  show(sessions: readonly SessionSummary[]): void {
    const session = sessions.find(
      (each) => !each.deleted && !['', each.repository].includes(each.worktreePath) && this.#options.isHere(each),
    );
    if (session?.id !== this.#sessionId) this.#isSelected = false;
    this.#sessionId = session?.id;
    if (session === undefined) {
      this.#item.hide();
      return;
    }
    const title = oneLine(session.title);
    const repository = basename(session.repository);
    // Not `$(git-branch)`: names of icons in a title must not become icons.
    this.#item.text = vscode.l10n.t('⎇ {title} · back to {repository}', {
      title: shorten(title, MAX_TITLE_LENGTH).replaceAll('$(', '$ ('),
      repository: repository.replaceAll('$(', '$ ('),
    });
    this.#item.tooltip = vscode.l10n.t('This window is the worktree of “{title}”. Open the window of {repository}.', {
      title,
      repository: session.repository,
    });
    this.#item.command = { command: COMMANDS.backToRepository, title: '', arguments: [session.id] };
    this.#item.show();
    if (!this.#isSelected) this.#isSelected = this.#options.select(session.id);
  }

  dispose(): void {
    this.#item.dispose();
  }
}
