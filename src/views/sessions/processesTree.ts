import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { CorralApi } from '../../supervisor/api';
import type { RunProcess, RunProcesses, SessionProcesses } from '../../supervisor/runs/runProcesses';
import { elapsedTime } from '../text/elapsedTime';
import { formatBytes } from '../text/formatBytes';
import { PROCESSES_VIEW } from '../text/contributions';
import { contextValue } from './rowFlags';

const REFRESH_MS = 2_000;

const ICONS: Record<RunProcess['role'], string> = {
  runner: 'radio-tower',
  agent: 'robot',
  tool: 'terminal',
  server: 'server-process',
  stray: 'warning',
};
const ROLE_LABELS: Record<RunProcess['role'], string> = {
  runner: vscode.l10n.t('Corral’s own: it watches the run and writes its history'),
  agent: vscode.l10n.t('The agent'),
  tool: vscode.l10n.t('Started by the agent'),
  server: vscode.l10n.t('Started by the setup command; it ends when the worktree is deleted'),
  stray: vscode.l10n.t('Left behind by the agent'),
};

/** What the view of processes needs of the supervisor. */
export interface ProcessesSource extends Pick<CorralApi, 'getSession'> {
  processes(): Promise<Pick<RunProcesses, 'list'>>;
}

interface SessionNode {
  kind: 'session';
  title: string;
  processes: RunProcess[];
}
export interface ProcessNode {
  kind: 'process';
  process: RunProcess;
}
type Node = SessionNode | ProcessNode;

/** Each session's processes with their memory and age, read only while somebody looks. */
export class ProcessesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #source: ProcessesSource;
  readonly #view: vscode.TreeView<Node>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: ProcessesSource) {
    this.#source = source;
    this.#view = vscode.window.createTreeView(PROCESSES_VIEW, { treeDataProvider: this });
    this.#view.onDidChangeVisibility(({ visible }) => this.#setVisible(visible));
    this.#setVisible(this.#view.visible);
  }

  async getChildren(parent?: Node): Promise<Node[]> {
    if (parent !== undefined)
      return (parent.kind === 'session' ? parent.processes : parent.process.children).map((process) => ({
        kind: 'process',
        process,
      }));
    const sessions = await (await this.#source.processes()).list();
    this.#view.message = sessions.length === 0 ? vscode.l10n.t('No process is running.') : '';
    const nodes = await Promise.all(sessions.map(async (session) => await this.#sessionNode(session)));
    return nodes.sort((a, b) => a.title.localeCompare(b.title));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node.kind === 'session' ? sessionItem(node) : processItem(node.process);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#view.dispose();
    this.#changed.dispose();
  }

  async #sessionNode({ sessionId, processes }: SessionProcesses): Promise<SessionNode> {
    return { kind: 'session', title: (await this.#source.getSession(sessionId)).title, processes };
  }

  #setVisible(visible: boolean): void {
    clearInterval(this.#timer);
    if (visible) this.#timer = setInterval(() => this.#changed.fire(undefined), REFRESH_MS);
  }
}

function memoryOf(processes: readonly RunProcess[]): number {
  return processes.reduce((sum, process) => sum + process.memoryBytes + memoryOf(process.children), 0);
}

function countOf(processes: readonly RunProcess[]): number {
  return processes.reduce((sum, process) => sum + 1 + countOf(process.children), 0);
}

function sessionItem({ title, processes }: SessionNode): vscode.TreeItem {
  const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `session ${title} ${String(processes[0]?.entry.pid ?? 0)}`;
  const count = countOf(processes);
  const counted = count === 1 ? vscode.l10n.t('1 process') : vscode.l10n.t('{0} processes', count);
  item.description = `${counted} · ${formatBytes(memoryOf(processes))}`;
  return item;
}

function processItem({ entry, role, command, memoryBytes, ageMs, children }: RunProcess): vscode.TreeItem {
  const { None, Expanded } = vscode.TreeItemCollapsibleState;
  const program = role === 'runner' ? 'Corral' : basename(command.split(' ')[0] ?? '') || command;
  const item = new vscode.TreeItem(program, children.length === 0 ? None : Expanded);
  item.id = `process ${String(entry.pid)} ${entry.startTime}`;
  const nowMs = Date.now();
  const age = elapsedTime(new Date(nowMs - ageMs).toISOString(), nowMs);
  const mark = role === 'stray' ? [vscode.l10n.t('left behind')] : [];
  item.description = [...mark, String(entry.pid), formatBytes(memoryBytes), age].join(' · ');
  item.tooltip = `${ROLE_LABELS[role]}\n${command}`;
  item.iconPath = new vscode.ThemeIcon(
    ICONS[role],
    role === 'stray' ? new vscode.ThemeColor('list.warningForeground') : undefined,
  );
  item.contextValue = contextValue([role]);
  return item;
}
