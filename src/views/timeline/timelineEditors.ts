import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { TimelineTarget } from '../../protocol/timelineProtocol';
import { savedStateSchema } from '../../protocol/timelineProtocol';
import { TIMELINE_VIEW_TYPE } from '../text/contributions';
import { showErrorMessage } from '../text/messages';
import { sessionOfTimeline, timelineTabs, timelineUri } from '../timelineUri';
import { linkedEvent } from './eventLink';
import { EditFiles } from './moment/editFiles';
import { registerPayloadDocuments } from './payloadDocuments';
import { PictureFiles } from './pictureFiles';
import type { TimelinePanelOptions } from './timelinePanel';
import { TimelinePanel } from './timelinePanel';

/** `vscode.env.sessionId` of the window in which timelines were last served; each reload gives another. */
const WINDOW_KEY = 'corral.timelineWindow';

export interface TimelineEditorsOptions extends TimelinePanelOptions {
  memento: vscode.Memento;
}

/**
 * The timelines of a window: read-only editors, so that VS Code gives them a preview tab, a place in its history and a
 * split, and opens them again after a restart.
 */
export class TimelineEditors implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  readonly #options: TimelineEditorsOptions;
  readonly #panels = new Set<TimelinePanel>();
  /** What the timelines that are being opened will show first. */
  readonly #targets = new Map<string, TimelineTarget>();
  readonly #disposables: vscode.Disposable[];

  constructor(options: TimelineEditorsOptions) {
    this.#options = options;
    const { source } = options;
    this.#disposables = [
      vscode.window.registerCustomEditorProvider(TIMELINE_VIEW_TYPE, this, {
        supportsMultipleEditorsPerDocument: true,
      }),
      // Tabs of earlier versions, which were no editors.
      vscode.window.registerWebviewPanelSerializer(TIMELINE_VIEW_TYPE, {
        deserializeWebviewPanel: (panel, state: unknown) => {
          const saved = v.safeParse(savedStateSchema, state);
          if (saved.success) this.#fill(panel, saved.output.sessionId);
          else panel.dispose();
          return Promise.resolve();
        },
      }),
      registerPayloadDocuments(source),
      PictureFiles.register(source),
      EditFiles.register(source),
      vscode.window.registerUriHandler({ handleUri: async ({ path }) => await this.#openLink(path) }),
    ];
    void this.#replaceOrphans().catch((error: unknown) => options.onError('timeline', error));
  }

  /** The session of the timeline that has the focus, or had it last of all editors. */
  get activeSession(): string | undefined {
    return [...this.#panels].find(({ isActive }) => isActive)?.sessionId;
  }

  /** Shows the session's timeline in its open tab or in the preview tab; at `target`, or else where it was before. */
  async show(sessionId: string, target?: TimelineTarget): Promise<void> {
    const open = this.#panelOf(sessionId);
    if (open !== undefined) {
      if (typeof target === 'string') open.show(target);
      else if (target !== undefined) open.load(target);
      open.reveal();
      return;
    }
    const session = await this.#options.source.getSession(sessionId);
    if (target !== undefined) this.#targets.set(sessionId, target);
    await vscode.commands.executeCommand('vscode.openWith', timelineUri(session), TIMELINE_VIEW_TYPE, {
      preview: true,
    });
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const sessionId = sessionOfTimeline(uri);
    if (sessionId === undefined)
      throw new CorralError('INVALID_ARGUMENT', vscode.l10n.t('{address} is no timeline.', { address: String(uri) }));
    this.#fill(panel, sessionId, this.#targets.get(sessionId));
    this.#targets.delete(sessionId);
  }

  /** Closes no tab: tabs outlive a reload of the window. */
  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
    for (const panel of this.#panels) panel.pause();
  }

  #panelOf(sessionId: string): TimelinePanel | undefined {
    const panels = [...this.#panels].filter((panel) => panel.sessionId === sessionId);
    return panels.find(({ isActive }) => isActive) ?? panels[0];
  }

  #fill(panel: vscode.WebviewPanel, sessionId: string, target?: TimelineTarget): void {
    const made = new TimelinePanel(panel, this.#options, sessionId, target);
    this.#panels.add(made);
    panel.onDidDispose(() => this.#panels.delete(made));
  }

  async #openLink(path: string): Promise<void> {
    const event = linkedEvent(path);
    const session =
      event === undefined ? undefined : await this.#options.source.getSession(event.sessionId).catch(() => undefined);
    if (event === undefined || session === undefined) {
      await showErrorMessage(vscode.l10n.t('This link leads to no event of a session on this computer.'));
      return;
    }
    const open = this.#panelOf(session.id);
    open?.show(event);
    await this.show(session.id, open === undefined ? event : undefined);
  }

  /** Opens again what a crashed extension host left in this window: VS Code does not fill those tabs anew. */
  async #replaceOrphans(): Promise<void> {
    const { memento } = this.#options;
    const hasCrashed = memento.get(WINDOW_KEY) === vscode.env.sessionId;
    const orphans = hasCrashed ? timelineTabs() : [];
    await memento.update(WINDOW_KEY, vscode.env.sessionId);
    for (const { tab, uri } of orphans) {
      const { isPreview: preview, isActive } = tab;
      const { viewColumn } = tab.group;
      await vscode.window.tabGroups.close(tab, true);
      const options = { viewColumn, preview, preserveFocus: true, background: !isActive };
      await vscode.commands.executeCommand('vscode.openWith', uri, TIMELINE_VIEW_TYPE, options);
    }
  }
}
