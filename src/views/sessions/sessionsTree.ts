import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import { timelineUri } from '../timelineUri';
import type { SessionRow } from './sessionRow';
import { groupDescription, groupTitle } from './sessionGroups';
import { contextValue } from './rowFlags';
import { sessionRow } from './sessionRow';
import { sessionTooltip } from './sessionTooltip';

export interface RepositoryNode {
  kind: 'repository';
  path: string;
}
export interface SessionNode {
  kind: 'session';
  id: string;
  /** The question that its row shows, for the commands on it. */
  question?: string | undefined;
}
/** Sessions that are compared with each other. */
export interface GroupNode {
  kind: 'group';
  group: string;
  repository: string;
}
export type TreeNode = RepositoryNode | GroupNode | SessionNode;

const AGE_STEP_MS = 60_000;

/**
 * The Sessions tree: newest first, by repository where there are several, compared sessions under one node.
 * It keeps only what it painted; the sessions are the supervisor's.
 */
export class SessionsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<TreeNode | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #isHere: (repository: string) => boolean;
  #sessions = new Map<string, SessionSummary>();
  /** VS Code knows a node by its identity: each session has one for as long as it is shown. */
  readonly #nodes = new Map<string, SessionNode>();
  readonly #groups = new Map<string, GroupNode>();
  /** What VS Code was last told to show. It may ask for rows at other times, which changes nothing. */
  readonly #rows = new Map<string, SessionRow>();
  #clock: NodeJS.Timeout | undefined;

  /** `isHere` tells whether a repository is one of this window's folders: its sessions come first. */
  constructor(isHere: (repository: string) => boolean) {
    this.#isHere = isHere;
  }

  /** Paints only rows that look different, unless the list itself changed. */
  show(sessions: readonly SessionSummary[]): void {
    const shown = new Map(
      sessions.filter((session) => !session.deleted && !session.archived).map((session) => [session.id, session]),
    );
    const structureOf = (map: Map<string, SessionSummary>): string =>
      [...map.values()]
        .map((session) => `${session.id} ${session.repository}`)
        .sort()
        .join('\n');
    const sameList = structureOf(shown) === structureOf(this.#sessions);
    this.#sessions = shown;
    const changed = this.#updateRows();
    if (sameList) changed.forEach((id) => this.#fire(id));
    else this.#changed.fire(undefined);
  }

  /** Ages are refreshed only while somebody can see them. */
  setVisible(visible: boolean): void {
    clearInterval(this.#clock);
    if (!visible) return;
    const refreshAges = (): void => {
      this.#updateRows().forEach((id) => this.#fire(id));
    };
    refreshAges();
    this.#clock = setInterval(refreshAges, AGE_STEP_MS);
  }

  /** The one node of a session, as `reveal` needs it. */
  node(id: string): SessionNode {
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const node: SessionNode = { kind: 'session', id };
    this.#nodes.set(id, node);
    return node;
  }

  getChildren(parent?: TreeNode): TreeNode[] {
    if (parent?.kind === 'session') return [];
    if (parent?.kind === 'group') return this.#membersOf(parent).map(({ id }) => this.node(id));
    if (parent?.kind === 'repository') return this.#nodesOf(parent.path);
    const repositories = this.#repositories();
    if (repositories.length > 1) return repositories.map((path) => ({ kind: 'repository', path }));
    return repositories.flatMap((path) => this.#nodesOf(path));
  }

  getParent(node: TreeNode): TreeNode | undefined {
    if (node.kind === 'repository') return undefined;
    const group = node.kind === 'session' ? this.#groupOf(node.id) : undefined;
    if (group !== undefined) return group;
    const repository = node.kind === 'group' ? node.repository : this.#sessions.get(node.id)?.repository;
    return repository === undefined || this.#repositories().length < 2
      ? undefined
      : { kind: 'repository', path: repository };
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    if (node.kind === 'group') return groupItem(node, this.#membersOf(node));
    return node.kind === 'repository' ? this.#repositoryItem(node) : this.#sessionItem(node);
  }

  dispose(): void {
    clearInterval(this.#clock);
    this.#changed.dispose();
  }

  #repositories(): string[] {
    const paths = [...new Set([...this.#sessions.values()].map((session) => session.repository))];
    return paths.sort((a, b) => Number(this.#isHere(b)) - Number(this.#isHere(a)) || a.localeCompare(b));
  }

  /** A session's row looks different, and so may that of its group. */
  #fire(id: string): void {
    this.#changed.fire(this.node(id));
    const group = this.#groupOf(id);
    if (group !== undefined) this.#changed.fire(group);
  }

  #sessionsOf(repository: string): SessionSummary[] {
    return [...this.#sessions.values()]
      .filter((session) => session.repository === repository)
      .sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  }

  /** A group stands at the place of its newest session. */
  #nodesOf(repository: string): TreeNode[] {
    const groups = new Set<string>();
    return this.#sessionsOf(repository).flatMap(({ id }): TreeNode[] => {
      const group = this.#groupOf(id);
      if (group === undefined) return [this.node(id)];
      if (groups.has(group.group)) return [];
      groups.add(group.group);
      return [group];
    });
  }

  #membersOf({ group, repository }: GroupNode): SessionSummary[] {
    return this.#sessionsOf(repository).filter((session) => session.group === group);
  }

  /** Undefined also for a session that is alone in its group. */
  #groupOf(id: string): GroupNode | undefined {
    const { group, repository } = this.#sessions.get(id) ?? {};
    if (group === undefined || repository === undefined) return undefined;
    const known = this.#groups.get(`${repository} ${group}`);
    const node: GroupNode = known ?? { kind: 'group', group, repository };
    this.#groups.set(`${repository} ${group}`, node);
    return this.#membersOf(node).length < 2 ? undefined : node;
  }

  #repositoryItem(node: RepositoryNode): vscode.TreeItem {
    const here = this.#isHere(node.path);
    const uri = vscode.Uri.file(node.path);
    // Of sessions of which nothing can be read, the repository is not known.
    const unknown = node.path === '' ? vscode.l10n.t('Sessions that cannot be read') : undefined;
    // Only at first: VS Code remembers how a person leaves it.
    const open =
      here ||
      [...this.#sessions.values()].some((session) => session.repository === node.path && !isOutcome(session.state));
    const state = open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
    const item = unknown === undefined ? new vscode.TreeItem(uri, state) : new vscode.TreeItem(unknown, state);
    item.id = `repository ${node.path}`;
    item.iconPath = new vscode.ThemeIcon('repo');
    if (!here && unknown === undefined) item.description = dirname(node.path);
    item.tooltip = unknown ?? node.path;
    item.contextValue = contextValue(['repository']);
    return item;
  }

  #sessionItem(node: SessionNode): vscode.TreeItem {
    const session = this.#sessions.get(node.id);
    const row = this.#rows.get(node.id);
    if (session === undefined || row === undefined) return new vscode.TreeItem(node.id); // just removed
    node.question = row.question;
    const item = new vscode.TreeItem(row.label);
    item.id = `session ${node.id}`;
    item.description = row.description;
    item.iconPath = new vscode.ThemeIcon(
      row.icon,
      row.iconColor === undefined ? undefined : new vscode.ThemeColor(row.iconColor),
    );
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.accessibleLabel, role: 'treeitem' };
    item.tooltip = tooltip(session, row);
    // VS Code's own command: a click opens the preview tab and leaves the focus here, a double-click or Enter keeps it.
    item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [timelineUri(session)] };
    return item;
  }

  /** @returns ids of the sessions whose row looks different now */
  #updateRows(): string[] {
    const changed: string[] = [];
    for (const id of this.#rows.keys()) {
      if (this.#sessions.has(id)) continue;
      this.#rows.delete(id);
      this.#nodes.delete(id);
    }
    for (const [id, session] of this.#sessions) {
      const row = sessionRow(session, Date.now());
      if (JSON.stringify(row) === JSON.stringify(this.#rows.get(id))) continue;
      this.#rows.set(id, row);
      changed.push(id);
    }
    return changed;
  }
}

function groupItem(node: GroupNode, sessions: readonly SessionSummary[]): vscode.TreeItem {
  const item = new vscode.TreeItem(groupTitle(node.group, sessions), vscode.TreeItemCollapsibleState.Expanded);
  item.id = `group ${node.repository} ${node.group}`;
  item.description = groupDescription(sessions);
  item.iconPath = new vscode.ThemeIcon('git-compare');
  item.tooltip = sessions[0]?.prompt;
  item.contextValue = contextValue(['group']);
  return item;
}

function tooltip(session: SessionSummary, row: SessionRow): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown('**').appendText(session.title).appendMarkdown('**\n\n');
  for (const [name, value] of sessionTooltip(session, row)) text.appendText(`${name}: ${value}`).appendMarkdown('  \n');
  return text;
}
