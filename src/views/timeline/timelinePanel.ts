import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { oneLine } from '../../common/oneLine';
import { shorten } from '../../common/shorten';
import { COMMANDS } from '../text/contributions';
import type { PromptHost } from '../composer/promptHost';
import { revisionUri } from '../review/revisionFiles';
import { worktreeFolder } from '../text/worktreeLabels';
import { preparePanel } from '../webview/panelPage';
import { openPayload } from './payloadDocuments';
import { EditFiles } from './moment/editFiles';
import type { MomentFiles, ShownMoment } from './moment/momentFiles';
import { PictureFiles } from './pictureFiles';
import { TimelineHost } from './timelineHost';
import { onTimelineDetail, setTimelineDetail, timelineDetail } from './timelineDetail';
import { timelinePage } from './timelinePage';
import type { TimelineSession, TimelineTarget } from '../../protocol/timelineProtocol';
import type { TimelineSource } from './timelineSource';
import type { PageResources } from '../webview/webviewPage';

const MAX_TITLE_LENGTH = 40;

const ACTION_COMMANDS = {
  review: COMMANDS.reviewChanges,
  apply: COMMANDS.applyChanges,
  branch: COMMANDS.makeBranch,
  continueHere: COMMANDS.continueHere,
} as const;

/** What all timelines of a window share. */
export interface TimelinePanelOptions {
  source: TimelineSource;
  extensionUri: vscode.Uri;
  /** Somebody is looking at the session as it is now. */
  sessionShown: (sessionId: string) => void;
  momentFiles: Pick<MomentFiles, 'show'>;
  prompts: () => Promise<PromptHost>;
  onError: (doing: string, error: unknown) => void;
}

/** A page with a session's timeline, in a tab that VS Code made. */
export class TimelinePanel {
  readonly sessionId: string;
  readonly #panel: vscode.WebviewPanel;
  readonly #host: TimelineHost;
  readonly #resources: PageResources;
  /** Where the page stands in its replay. */
  #moment: ShownMoment | undefined;
  #shownMoment: ShownMoment | undefined;

  constructor(
    panel: vscode.WebviewPanel,
    { source, extensionUri, momentFiles, sessionShown, prompts, onError }: TimelinePanelOptions,
    sessionId: string,
    target?: TimelineTarget,
  ) {
    this.#panel = panel;
    this.sessionId = sessionId;
    const { webview } = panel;
    this.#resources = preparePanel(panel, extensionUri, 'timeline');
    const showMoment = (): void => {
      if (panel.active || this.#moment !== this.#shownMoment)
        momentFiles.show(this.#moment).catch((error: unknown) => onError('timeline', error));
      this.#shownMoment = this.#moment;
    };
    this.#host = new TimelineHost(source, sessionId, {
      post: (message) => void webview.postMessage(message),
      sessionRead: (session) => {
        this.#setTitle(session);
        sessionShown(sessionId);
      },
      failed: (message) => onError('timeline', new Error(message)),
      openFile: async (path, line) => await openFile(vscode.Uri.file(path), line),
      openPastFile: async ({ session, path, commit, line }) =>
        await openFile(
          revisionUri(worktreeFolder(session), path, session.repository, commit),
          line,
          session.host && notHereYet(path, session.host.name),
        ),
      openDiff: async (edit) => {
        await keepTimeline();
        await EditFiles.open(source, edit);
      },
      momentShown: (facts) => {
        // The files of the moment would open in the place of a preview.
        if (facts !== undefined && this.#moment === undefined && panel.active) void keepTimeline();
        const snapshot = facts?.snapshot;
        this.#moment = snapshot === undefined ? undefined : { sessionId, ...snapshot };
        showMoment();
      },
      openPayload,
      openPicture: async (picture) => await PictureFiles.open(source, picture),
      showSnapshot: async ({ sessionId: id, commit }) => {
        await vscode.commands.executeCommand(COMMANDS.showSnapshots, { kind: 'session', id, commit });
      },
      searchHistory: async (text) => {
        await vscode.commands.executeCommand(COMMANDS.searchHistory, { text });
      },
      act: async (id, action) => {
        await vscode.commands.executeCommand(ACTION_COMMANDS[action], { kind: 'session', id });
      },
      copyText: async (text) => {
        await vscode.env.clipboard.writeText(text);
      },
      prompts,
      detail: timelineDetail,
      chooseDetail: setTimelineDetail,
      copyEvent: async (event) => {
        await vscode.commands.executeCommand(COMMANDS.copyEvent, event);
      },
      copyLink: async (event) => {
        await vscode.commands.executeCommand(COMMANDS.copyEventLink, event);
      },
    });
    const disposables = [
      webview.onDidReceiveMessage((message: unknown) => {
        this.#host.receive(message);
      }),
      onTimelineDetail((detail) => this.#host.showDetail(detail)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#host.pause(); // VS Code ends the page; the next one says `ready`
        if (panel.active) sessionShown(sessionId);
        showMoment();
      }),
      panel.onDidDispose(() => {
        this.#moment = undefined;
        showMoment();
        this.#host.dispose();
        for (const disposable of disposables) disposable.dispose();
      }),
    ];
    this.load(target);
  }

  /** True while it is the active editor. */
  get isActive(): boolean {
    return this.#panel.active;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  /** Shows it as soon as the page listens. */
  show(target: TimelineTarget): void {
    this.#host.show(target);
  }

  /** Serves the page no longer, which stays. */
  pause(): void {
    this.#host.dispose();
  }

  /** Loads the page, which shows an event, or else what it showed before. */
  load(target: TimelineTarget | undefined): void {
    this.#host.pause(); // answers to the old page must not reach the new one
    const place = typeof target === 'string' ? undefined : target;
    this.#panel.webview.html = timelinePage(this.sessionId, this.#resources, place);
    if (typeof target === 'string') this.show(target);
  }

  #setTitle(session: TimelineSession): void {
    this.#panel.title = shorten(oneLine(session.title), MAX_TITLE_LENGTH);
  }
}

/** What opens next takes the place of a preview, which the timeline may be. */
async function keepTimeline(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.keepEditor');
}

/** Opens a file in the group of the timeline. */
/** Why a file of a session on another host is not there. */
function notHereYet(path: string, host: string): string {
  return vscode.l10n.t(
    '{path} is not in the last snapshot that came from “{host}”. “Open Worktree in New Window” leads to it there.',
    { path, host },
  );
}

async function openFile(uri: vscode.Uri, line: number | undefined, missing?: string): Promise<void> {
  await vscode.workspace.fs.stat(uri).then(undefined, (cause: unknown) => {
    const message = missing ?? vscode.l10n.t('{path} does not exist.', { path: uri.fsPath });
    throw new CorralError('WORKTREE_MISSING', message, { cause });
  });
  await keepTimeline();
  const at = new vscode.Position(Math.max(0, (line ?? 1) - 1), 0);
  const options: vscode.TextDocumentShowOptions = { preview: true, selection: new vscode.Range(at, at) };
  await vscode.commands.executeCommand('vscode.open', uri, options); // opens binary files as well
}
