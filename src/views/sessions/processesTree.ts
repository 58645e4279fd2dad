import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { RunProcess, SessionProcesses } from '../../supervisor/runs/runProcesses';
import type { Supervisor } from '../../supervisor/supervisor';
import { elapsedTime } from '../text/elapsedTime';
import { formatBytes } from '../text/formatBytes';
import { PROCESSES_VIEW } from '../text/contributions';

const REFRESH_MS = 2_000;

const ICONS: Record<RunProcess['role'], string> = {
  runner: 'radio-tower',
  agent: 'robot',
  tool: 'terminal',
  stray: 'warning',
};
const ROLE_WORDS: Record<RunProcess['role'], string> = {
  runner: 'looks after the run and writes its history',
  agent: 'the agent',
  tool: 'started by the agent',
  stray: 'left behind by the agent',
};

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

/** Each session's processes with their memory and age. The system is asked only while somebody looks. */
export class ProcessesTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #supervisor: Supervisor;
  readonly #view: vscode.TreeView<Node>;
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
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
    const sessions = await (await this.#supervisor.processes()).list();
    this.#view.message = sessions.length === 0 ? 'Nothing runs at the moment.' : '';
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
    return { kind: 'session', title: (await this.#supervisor.getSession(sessionId)).title, processes };
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
  item.description = `${count} process${count === 1 ? '' : 'es'} · ${formatBytes(memoryOf(processes))}`;
  return item;
}

function processItem({ entry, role, command, memoryBytes, ageMs, children }: RunProcess): vscode.TreeItem {
  const { None, Expanded } = vscode.TreeItemCollapsibleState;
  const program = role === 'runner' ? 'Corral' : basename(command.split(' ')[0] ?? '') || command;
  const item = new vscode.TreeItem(program, children.length === 0 ? None : Expanded);
  item.id = `process ${String(entry.pid)} ${entry.startTime}`;
  const nowMs = Date.now();
  const age = elapsedTime(new Date(nowMs - ageMs).toISOString(), nowMs);
  item.description = `${role === 'stray' ? 'left behind · ' : ''}${entry.pid} · ${formatBytes(memoryBytes)} · ${age}`;
  item.tooltip = `${ROLE_WORDS[role]}\n${command}`;
  item.iconPath = new vscode.ThemeIcon(
    ICONS[role],
    role === 'stray' ? new vscode.ThemeColor('list.warningForeground') : undefined,
  );
  item.contextValue = `;${role};`;
  return item;
}
