import * as vscode from 'vscode';
import { visibleText } from '../../common/visibleText';
import type { Event, HostSummary, SessionSummary } from '../../supervisor/api';
import { goesOn } from '../sessionPredicates';
import { contextValue } from '../sessions/rowFlags';
import { HOSTS_CONTEXT, HOSTS_VIEW } from '../text/contributions';
import { hostIcon } from './hostIcon';
import { hostRow } from './hostRow';

/** What the view of hosts needs of the supervisor. */
export interface HostsTreeSource {
  readonly hosts: { list(): HostSummary[]; readonly changed: { readonly event: Event<unknown> } };
}

export interface HostNode {
  kind: 'host';
  name: string;
}

/** A row for each host of the setting, with what is known of it. The view is there where the setting names one. */
export class HostsTree implements vscode.TreeDataProvider<HostNode>, vscode.Disposable {
  readonly #source: HostsTreeSource;
  readonly #view: vscode.TreeView<HostNode>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #onError: (error: unknown) => void;
  readonly #changes: { dispose(): void };
  #hosts: readonly HostSummary[] = [];
  /** The sessions that work on each host, by its name. */
  #running: ReadonlyMap<string, number> = new Map();

  constructor(source: HostsTreeSource, onError: (error: unknown) => void) {
    this.#source = source;
    this.#onError = onError;
    this.#view = vscode.window.createTreeView(HOSTS_VIEW, { treeDataProvider: this });
    this.#changes = source.hosts.changed.event(() => this.#read());
    this.#read();
  }

  /** The sessions may have changed. */
  show(sessions: readonly SessionSummary[]): void {
    const running = new Map<string, number>();
    for (const session of sessions)
      if (session.host !== undefined && goesOn(session))
        running.set(session.host.name, (running.get(session.host.name) ?? 0) + 1);
    const isSame =
      running.size === this.#running.size && [...running].every(([name, n]) => this.#running.get(name) === n);
    this.#running = running;
    if (!isSame) this.#changed.fire(undefined);
  }

  getChildren(parent?: HostNode): HostNode[] {
    return parent === undefined ? this.#hosts.map(({ name }) => ({ kind: 'host', name })) : [];
  }

  getTreeItem({ name }: HostNode): vscode.TreeItem {
    const item = new vscode.TreeItem(name);
    item.id = `host ${name}`;
    const host = this.#hosts.find((each) => each.name === name);
    if (host === undefined) return item; // just removed
    const { description, tooltip, flags, accessibleLabel } = hostRow(host, this.#running.get(name) ?? 0);
    item.description = description;
    item.iconPath = hostIcon(host);
    item.contextValue = contextValue(flags);
    item.accessibilityInformation = { label: accessibleLabel, role: 'treeitem' };
    item.tooltip = new vscode.MarkdownString().appendMarkdown('**').appendText(name).appendMarkdown('**\n\n');
    for (const [line, value] of tooltip)
      item.tooltip.appendText(`${line}: ${visibleText(value)}`).appendMarkdown('  \n');
    return item;
  }

  dispose(): void {
    this.#changes.dispose();
    this.#view.dispose();
    this.#changed.dispose();
  }

  #read(): void {
    try {
      this.#hosts = this.#source.hosts.list();
      this.#view.message = '';
    } catch (error) {
      this.#hosts = [];
      this.#onError(error);
    }
    void vscode.commands.executeCommand('setContext', HOSTS_CONTEXT, this.#hosts.length > 0);
    this.#changed.fire(undefined);
  }
}
