import * as vscode from 'vscode';
import type { Git } from '../../supervisor/git/git';
import type { SessionDraft } from '../pickers/sessionDraft';
import { SECTION } from '../settings';
import { COMPOSER_VIEW } from '../text/contributions';
import type { ComposerPages, ComposerPagesOptions } from './composerPages';
import type { PromptHost } from './promptHost';

const PANEL_TYPE = 'corral.composer';

/** What is written in this window, loaded when the first box for it is shown. */
export class PromptLoader {
  readonly #context: vscode.ExtensionContext;
  readonly #git: Git;
  #prompts: Promise<PromptHost> | undefined;

  constructor(context: vscode.ExtensionContext, git: Git) {
    this.#context = context;
    this.#git = git;
  }

  /** One for the window, since drafts are read and written by it alone. */
  async prompts(): Promise<PromptHost> {
    const open = async (): Promise<PromptHost> =>
      await (await import('./composerBundle')).openPrompts(this.#context, this.#git);
    this.#prompts ??= open();
    return await this.#prompts;
  }
}

export type ComposerOptions = Omit<ComposerPagesOptions<SessionDraft>, 'values'>;

/** The composer of this window, in its view and in editors. Costs nothing until it is shown. */
export class Composer implements vscode.Disposable {
  readonly #open: () => Promise<ComposerPages<SessionDraft>>;
  readonly #disposables: vscode.Disposable[];

  constructor(loader: PromptLoader, values: vscode.Memento, options: ComposerOptions) {
    let opened: Promise<ComposerPages<SessionDraft>> | undefined;
    const open = async (): Promise<ComposerPages<SessionDraft>> => {
      const prompts = await loader.prompts();
      return (await import('./composerBundle')).openPages(prompts, { ...options, values });
    };
    this.#open = async () => await (opened ??= open());
    const refresh = (): void => void opened?.then(async (pages) => await pages.refresh());
    const checkAgain = (): void => void opened?.then(async (pages) => await pages.checkAgain());
    this.#disposables = [
      vscode.window.registerWebviewViewProvider(COMPOSER_VIEW, {
        resolveWebviewView: async (view) => (await this.#open()).resolveView(view),
      }),
      vscode.window.registerWebviewPanelSerializer(PANEL_TYPE, {
        deserializeWebviewPanel: async (panel) => (await this.#open()).resolvePanel(panel),
      }),
      vscode.workspace.onDidChangeWorkspaceFolders(refresh),
      vscode.workspace.onDidGrantWorkspaceTrust(refresh),
      // A new window may read its settings later than it shows the composer.
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SECTION)) refresh();
      }),
      // An agent may have been installed in a terminal, here or outside.
      vscode.window.onDidEndTerminalShellExecution(checkAgain),
      vscode.window.onDidCloseTerminal(checkAgain),
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) checkAgain();
      }),
    ];
  }

  async showInEditor(): Promise<void> {
    const title = vscode.l10n.t('New Session');
    const panel = vscode.window.createWebviewPanel(PANEL_TYPE, title, vscode.ViewColumn.Active);
    (await this.#open()).resolvePanel(panel);
  }

  /** Adds to the draft of a repository, or of the one that is shown, and shows it. */
  async add(repository: string | undefined, text: string, change?: (draft: SessionDraft) => void): Promise<void> {
    await (await this.#open()).add(repository, text, change);
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }
}
