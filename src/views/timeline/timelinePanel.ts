import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { oneLine } from '../../common/oneLine';
import { shorten } from '../../common/shorten';
import { linkPath, linkedEvent } from './eventLink';
import { showErrorMessage } from '../text/messages';
import { COMMANDS } from '../text/contributions';
import { preparePanel } from '../webview/panelPage';
import { openPayload, registerPayloadDocuments } from './payloadDocuments';
import { PictureFiles } from './pictureFiles';
import { TimelineHost } from './timelineHost';
import { timelinePage } from './timelinePage';
import { savedStateSchema } from '../../protocol/timelineProtocol';
import type { EventPlace, TimelineSession } from '../../protocol/timelineProtocol';
import type { TimelineSource } from './timelineSource';
import type { TimelineTabs } from './timelineTabs';
import { TIMELINE_VIEW_TYPE } from './timelineTabs';
import type { PageResources } from '../webview/webviewPage';
import { closeTabs } from '../webview/webviewTabs';

/** Publisher and name of package.json. */
const EXTENSION_ID = 'corral-dev.corral';
const MAX_TITLE_LENGTH = 40;

/** What all timelines of a window share. */
export interface TimelinePanelOptions {
  source: TimelineSource;
  extensionUri: vscode.Uri;
  tabs: TimelineTabs;
  onError: (doing: string, error: unknown) => void;
}

/** A session's timeline in an editor tab: one for each session, shown again after a restart of the editor. */
export class TimelinePanel implements vscode.Disposable {
  static readonly #open = new Map<string, TimelinePanel>();

  readonly #panel: vscode.WebviewPanel;
  readonly #tabs: TimelineTabs;
  readonly #host: TimelineHost;
  readonly #sessionId: string;
  readonly #resources: PageResources;
  readonly #disposables: vscode.Disposable[] = [];

  /** Shows the session's timeline in its open tab or in a new one. */
  static show(options: TimelinePanelOptions, sessionId: string, place?: EventPlace): TimelinePanel {
    const open = TimelinePanel.#open.get(sessionId);
    if (open !== undefined) {
      if (place !== undefined) open.#load(place);
      open.#panel.reveal();
      return open;
    }
    const orphans = options.tabs.orphansOf(sessionId);
    const panel = vscode.window.createWebviewPanel(
      TIMELINE_VIEW_TYPE,
      vscode.l10n.t('Timeline'),
      vscode.ViewColumn.Active,
    );
    closeTabs(orphans);
    return new TimelinePanel(panel, options, sessionId, place);
  }

  /** Revives the tabs of the last time. Disposing the result closes no tab: tabs outlive a reload of the window. */
  static register(options: TimelinePanelOptions): vscode.Disposable {
    const { source } = options;
    const serializer = vscode.window.registerWebviewPanelSerializer(TIMELINE_VIEW_TYPE, {
      deserializeWebviewPanel: (panel, state: unknown) => {
        const saved = v.safeParse(savedStateSchema, state);
        // A tab without a session, or the second one of a session, cannot be filled.
        if (!saved.success || TimelinePanel.#open.has(saved.output.sessionId)) panel.dispose();
        else new TimelinePanel(panel, options, saved.output.sessionId);
        return Promise.resolve();
      },
    });
    const documents = registerPayloadDocuments(source);
    const pictures = PictureFiles.register(source);
    const connections = vscode.window.registerUriHandler({
      handleUri: async ({ path }) => {
        const event = linkedEvent(path);
        const session =
          event === undefined ? undefined : await source.getSession(event.sessionId).catch(() => undefined);
        if (event === undefined || session === undefined)
          await showErrorMessage(vscode.l10n.t('This link leads to no event of a session on this computer.'));
        else TimelinePanel.show(options, session.id).#host.show(event);
      },
    });
    return new vscode.Disposable(() => {
      serializer.dispose();
      documents.dispose();
      pictures.dispose();
      connections.dispose();
      for (const panel of TimelinePanel.#open.values()) panel.#host.dispose();
    });
  }

  private constructor(
    panel: vscode.WebviewPanel,
    { source, extensionUri, tabs, onError }: TimelinePanelOptions,
    sessionId: string,
    place?: EventPlace,
  ) {
    this.#panel = panel;
    this.#tabs = tabs;
    this.#sessionId = sessionId;
    TimelinePanel.#open.set(sessionId, this);
    const { webview } = panel;
    this.#resources = preparePanel(panel, extensionUri, 'timeline');
    this.#host = new TimelineHost(source, sessionId, {
      post: (message) => void webview.postMessage(message),
      sessionRead: (session) => this.#setTitle(session),
      failed: (message) => onError('timeline', new Error(message)),
      openFile,
      openPayload,
      openPicture: async (picture) => await PictureFiles.open(source, picture),
      showSnapshot: async ({ sessionId: id, commit }) => {
        await vscode.commands.executeCommand(COMMANDS.showSnapshots, { kind: 'session', id, commit });
      },
      searchHistory: async (text) => {
        await vscode.commands.executeCommand(COMMANDS.searchHistory, { text });
      },
      copyLink: async (event) => {
        await vscode.env.clipboard.writeText(`${vscode.env.uriScheme}://${EXTENSION_ID}${linkPath(event)}`);
      },
    });
    this.#disposables.push(
      webview.onDidReceiveMessage((message: unknown) => {
        this.#host.receive(message);
      }),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#host.pause(); // VS Code ends the page; the next one says `ready`
      }),
      panel.onDidDispose(() => {
        TimelinePanel.#open.delete(sessionId);
        tabs.delete(sessionId);
        this.#host.dispose();
        for (const disposable of this.#disposables) disposable.dispose();
      }),
    );
    this.#load(place);
  }

  dispose(): void {
    this.#panel.dispose();
  }

  /** Loads the page, which shows `place`, or else what it showed before. */
  #load(place: EventPlace | undefined): void {
    this.#host.pause(); // answers to the old page must not reach the new one
    this.#panel.webview.html = timelinePage(this.#sessionId, this.#resources, place);
  }

  #setTitle(session: TimelineSession): void {
    const title = oneLine(session.title);
    this.#panel.title = shorten(title, MAX_TITLE_LENGTH);
    this.#tabs.set(this.#sessionId, this.#panel.title);
  }
}

async function openFile(path: string, line: number | undefined): Promise<void> {
  const uri = vscode.Uri.file(path);
  await vscode.workspace.fs.stat(uri).then(undefined, (cause: unknown) => {
    throw new CorralError('WORKTREE_MISSING', vscode.l10n.t('{path} does not exist.', { path }), { cause });
  });
  const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
  const options: vscode.TextDocumentShowOptions = {
    viewColumn: vscode.ViewColumn.Beside,
    preview: true,
    selection: new vscode.Range(at, at),
  };
  await vscode.commands.executeCommand('vscode.open', uri, options); // opens binary files as well
}
