import * as vscode from 'vscode';
import { FOCUS_COMPOSER } from '../text/contributions';
import { prepareWebview, preparePanel } from '../webview/panelPage';
import type { PageResources } from '../webview/webviewPage';
import { newNonce, webviewPage } from '../webview/webviewPage';
import { ComposerHost } from './composerHost';
import type { ComposerActions, ComposerPage } from './composerInterfaces';
import type { Values } from './promptDrafts';
import type { PromptHost } from './promptHost';

/** Its page is `composer.js` and `composer.css`. */
const COMPOSER_PAGE = 'composer';

export interface ComposerPagesOptions<Choices> {
  extensionUri: vscode.Uri;
  values: Values;
  actions: Omit<ComposerActions<Choices>, 'started'>;
  /** Shows a session that was started in an editor, in its place. */
  showTimeline: (sessionId: string) => void;
}

/** A page of the composer in VS Code. */
interface ShownPage extends ComposerPage {
  close?: () => void;
}

/** Shows the composer in its view and in editors. */
export class ComposerPages<Choices> {
  readonly #options: ComposerPagesOptions<Choices>;
  readonly #host: ComposerHost<Choices>;

  constructor(prompts: PromptHost, options: ComposerPagesOptions<Choices>) {
    this.#options = options;
    const started = (sessionId: string, { close }: ShownPage): void => {
      if (close === undefined) return;
      close();
      options.showTimeline(sessionId);
    };
    this.#host = new ComposerHost(prompts, options.values, { ...options.actions, started });
  }

  async refresh(): Promise<void> {
    await this.#host.refresh();
  }

  async checkAgain(): Promise<void> {
    await this.#host.checkAgain();
  }

  resolveView(view: vscode.WebviewView): void {
    const { webview } = view;
    const page: ShownPage = { post: (message) => void webview.postMessage(message) };
    this.#connect(page, webview, view.onDidDispose);
    webview.html = this.#html(prepareWebview(webview, this.#options.extensionUri, COMPOSER_PAGE), 'view');
  }

  resolvePanel(panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    const page: ShownPage = {
      post: (message) => void webview.postMessage(message),
      close: () => {
        panel.dispose();
      },
    };
    this.#connect(page, webview, panel.onDidDispose);
    webview.html = this.#html(preparePanel(panel, this.#options.extensionUri, COMPOSER_PAGE), 'editor');
  }

  /** Adds to the draft of a repository, and shows it with the keyboard in its text. */
  async add(repository: string | undefined, text: string, change?: (choices: Choices) => void): Promise<void> {
    await this.#host.add(repository, text, change);
    await vscode.commands.executeCommand(FOCUS_COMPOSER);
  }

  #connect(page: ComposerPage, webview: vscode.Webview, onDidDispose: vscode.Event<void>): void {
    this.#host.addPage(page);
    const messages = webview.onDidReceiveMessage(async (message: unknown) => {
      await this.#host.receive(page, message);
    });
    onDidDispose(() => {
      this.#host.removePage(page);
      messages.dispose();
    });
  }

  #html(resources: PageResources, place: 'view' | 'editor'): string {
    return webviewPage(resources, newNonce(), { place }, 'data:');
  }
}
