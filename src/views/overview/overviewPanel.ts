import * as v from 'valibot';
import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import type { CorralApi } from '../../supervisor/api';
import { Throttle } from '../../common/throttle';
import { overviewPageMessageSchema } from '../../protocol/overviewProtocol';
import type { OverviewAction, OverviewHostMessage, OverviewPageMessage } from '../../protocol/overviewProtocol';
import { preparePanel } from '../webview/panelPage';
import { newNonce, webviewPage } from '../webview/webviewPage';
import { closeTabs, webviewTabs } from '../webview/webviewTabs';

const VIEW_TYPE = 'corral.overview';
/** The page shows whole seconds. */
const REFRESH_MS = 1_000;

/** What the overview needs of the supervisor. */
export type OverviewSource = Pick<CorralApi, 'listSessions' | 'onDidChangeSessions'>;

export interface OverviewOptions {
  source: OverviewSource;
  extensionUri: vscode.Uri;
  showTimeline: (sessionId: string) => void;
  act: (action: OverviewAction, sessionId: string) => void;
}

/** All sessions on one page, in an editor tab of its own. */
export class OverviewPanel {
  static #open: OverviewPanel | undefined;

  readonly #panel: vscode.WebviewPanel;
  readonly #options: OverviewOptions;
  readonly #refresh = new Throttle(
    REFRESH_MS,
    async () => {
      await this.#send();
    },
    (error) => {
      this.#failed(error);
    },
  );
  readonly #failed = (error: unknown): void => {
    this.#post({ type: 'failure', message: messageOf(error) });
  };
  /** What the page last asked for. Undefined while its tab is hidden, when there is no page. */
  #asked: Extract<OverviewPageMessage, { type: 'ask' }> | undefined;

  /** Shows the tab that is open, or a new one. */
  static show(options: OverviewOptions): void {
    if (OverviewPanel.#open !== undefined) {
      OverviewPanel.#open.#panel.reveal();
      return;
    }
    const orphans = webviewTabs(VIEW_TYPE); // their extension host died, or they are not revived yet
    new OverviewPanel(
      vscode.window.createWebviewPanel(VIEW_TYPE, vscode.l10n.t('Overview'), vscode.ViewColumn.Active),
      options,
    );
    closeTabs(orphans);
  }

  /** Fills the tab that VS Code kept from the last time. */
  static register(options: OverviewOptions): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: (panel) => {
        if (OverviewPanel.#open === undefined) new OverviewPanel(panel, options);
        else panel.dispose();
        return Promise.resolve();
      },
    });
  }

  private constructor(panel: vscode.WebviewPanel, options: OverviewOptions) {
    this.#panel = panel;
    this.#options = options;
    OverviewPanel.#open = this;
    const { webview } = panel;
    const resources = preparePanel(panel, options.extensionUri, 'overview');
    const disposables = [
      options.source.onDidChangeSessions(() => {
        if (this.#asked !== undefined) this.#refresh.ask();
      }),
      webview.onDidReceiveMessage((message: unknown) => {
        this.#receive(message);
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#asked = undefined;
      }),
      panel.onDidDispose(() => {
        OverviewPanel.#open = undefined;
        this.#asked = undefined;
        this.#refresh.dispose();
        for (const disposable of disposables) disposable.dispose();
      }),
    ];
    webview.html = webviewPage(resources, newNonce(), {});
  }

  #receive(message: unknown): void {
    const parsed = v.safeParse(overviewPageMessageSchema, message);
    if (!parsed.success)
      this.#post({
        type: 'failure',
        message: vscode.l10n.t('The overview sent an invalid message: {issues}', {
          issues: v.summarize(parsed.issues),
        }),
      });
    else if (parsed.output.type === 'open') this.#options.showTimeline(parsed.output.sessionId);
    else if (parsed.output.type === 'act') this.#options.act(parsed.output.action, parsed.output.sessionId);
    else {
      this.#asked = parsed.output;
      void this.#send().catch(this.#failed); // at once, as the page waits for it
    }
  }

  async #send(): Promise<void> {
    const [sessions, { overviewOf }] = await Promise.all([this.#options.source.listSessions(), import('./overview')]);
    if (this.#asked === undefined) return;
    const { days, timeZone } = this.#asked;
    this.#post({ type: 'overview', overview: overviewOf(sessions, days, timeZone, Date.now()) });
  }

  #post(message: OverviewHostMessage): void {
    if (this.#asked !== undefined) void this.#panel.webview.postMessage(message);
  }
}
