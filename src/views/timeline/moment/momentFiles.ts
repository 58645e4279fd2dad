import * as vscode from 'vscode';
import type { SessionSummary } from '../../../supervisor/api';
import { revisionUri } from '../../review/revisionFiles';
import { worktreeFolder } from '../../text/worktreeLabels';
import { MOMENT_CONTEXT, MOMENT_VIEW } from '../../text/contributions';
import { TreeChanges } from '../../treeChanges';

interface ChangedFile {
  path: string;
  kind: 'added' | 'modified' | 'deleted';
}

/** What the view needs of the supervisor. */
export interface MomentFilesSource {
  getSession(id: string): Promise<SessionSummary>;
  worktree(id: string): Promise<{ changes(from: string, to: string): Promise<{ changes: ChangedFile[] }> }>;
}

/** A snapshot's files, at a moment of a timeline. */
export interface ShownMoment {
  sessionId: string;
  commit: string;
  /** When the snapshot was taken, ISO 8601 UTC. */
  timestamp: string;
}

interface FileNode {
  path: string;
  isFolder: boolean;
}

type ChangeKind = ChangedFile['kind'];
const CHANGES: Record<ChangeKind, { badge: string; color: string; tooltip: string }> = {
  added: { badge: 'A', color: 'gitDecoration.addedResourceForeground', tooltip: vscode.l10n.t('Added') },
  modified: { badge: 'M', color: 'gitDecoration.modifiedResourceForeground', tooltip: vscode.l10n.t('Changed') },
  deleted: { badge: 'D', color: 'gitDecoration.deletedResourceForeground', tooltip: vscode.l10n.t('Deleted') },
};

/**
 * The files of a snapshot as a tree beside the timeline that replays: read folder by folder as they are opened, and
 * opened read-only. No folder of the workspace, since another one restarts the window's extensions.
 */
export class MomentFiles
  implements vscode.TreeDataProvider<FileNode>, vscode.FileDecorationProvider, vscode.Disposable
{
  readonly #source: MomentFilesSource;
  readonly #view: vscode.TreeView<FileNode>;
  readonly #changed = new TreeChanges<FileNode>();
  readonly #decorated = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidChangeFileDecorations = this.#decorated.event;
  readonly #decorations: vscode.Disposable;
  #moment: ShownMoment | undefined;
  #session: SessionSummary | undefined;
  /** By the address of each file that the session has changed until then. */
  #changes = new Map<string, ChangeKind>();

  constructor(source: MomentFilesSource) {
    this.#source = source;
    this.#view = vscode.window.createTreeView(MOMENT_VIEW, { treeDataProvider: this, showCollapseAll: true });
    this.#decorations = vscode.window.registerFileDecorationProvider(this);
  }

  /** Shows a moment's files, or nothing while no timeline in front is replayed. */
  async show(moment: ShownMoment | undefined): Promise<void> {
    if (moment?.commit === this.#moment?.commit && moment?.sessionId === this.#moment?.sessionId) return;
    this.#moment = moment;
    await vscode.commands.executeCommand('setContext', MOMENT_CONTEXT, moment !== undefined);
    if (moment === undefined) return;
    this.#session = await this.#source.getSession(moment.sessionId);
    this.#view.description = new Date(moment.timestamp).toLocaleTimeString();
    this.#changes = new Map();
    this.#changed.addAll();
    const control = await this.#source.worktree(moment.sessionId);
    const { changes } = await control.changes('base', moment.commit);
    if (this.#moment !== moment) return;
    this.#changes = new Map(changes.map(({ path, kind }) => [this.#uriOf(path)?.toString() ?? '', kind]));
    this.#decorated.fire(undefined);
  }

  async getChildren(parent?: FileNode): Promise<FileNode[]> {
    const folder = this.#uriOf(parent?.path ?? '');
    if (folder === undefined) return [];
    const entries = await vscode.workspace.fs.readDirectory(folder);
    return entries
      .map(([name, type]) => ({
        path: parent === undefined ? name : `${parent.path}/${name}`,
        isFolder: type === vscode.FileType.Directory,
      }))
      .sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.path.localeCompare(b.path));
  }

  getTreeItem({ path, isFolder }: FileNode): vscode.TreeItem {
    const uri = this.#uriOf(path);
    if (uri === undefined) return new vscode.TreeItem(path);
    const item = new vscode.TreeItem(
      uri,
      isFolder ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None,
    );
    item.id = `${this.#moment?.sessionId ?? ''}/${path}`; // a folder stays open at the next moment
    if (!isFolder) item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [uri] };
    return item;
  }

  provideFileDecoration(uri: vscode.Uri): vscode.FileDecoration | undefined {
    const kind = this.#changes.get(uri.toString());
    if (kind === undefined) return undefined;
    const { badge, color, tooltip } = CHANGES[kind];
    const decoration = new vscode.FileDecoration(badge, tooltip, new vscode.ThemeColor(color));
    decoration.propagate = true;
    return decoration;
  }

  dispose(): void {
    this.#view.dispose();
    this.#decorations.dispose();
    this.#changed.dispose();
    this.#decorated.dispose();
  }

  #uriOf(path: string): vscode.Uri | undefined {
    return this.#moment === undefined || this.#session === undefined
      ? undefined
      : revisionUri(worktreeFolder(this.#session), path, this.#session.repository, this.#moment.commit);
  }
}
