import * as vscode from 'vscode';
import { findSearchable, searchable } from '../../../common/searchable';
import { visibleText } from '../../../common/visibleText';
import type { SessionEvent } from '../../../storage/events';
import type { CorralApi } from '../../../supervisor/api';
import { eventText } from '../../../supervisor/history/eventText';
import { contextValue } from '../../sessions/rowFlags';
import { COMMANDS, FOCUS_SEARCH_RESULTS, SEARCH_CONTEXT, SEARCH_RESULTS_VIEW } from '../../text/contributions';
import { elapsedTime } from '../../text/elapsedTime';
import { searchExcerpt } from '../../text/searchExcerpt';
import { TreeChanges } from '../../treeChanges';

/** Events that are listed at first, and so many more each time that somebody asks. */
const PAGE_SIZE = 100;
/** Results are painted at most this often while they come in. */
const PAINT_INTERVAL_MS = 150;

const ICONS: Partial<Record<SessionEvent['kind'], string>> = {
  message: 'comment',
  reasoning: 'lightbulb',
  plan: 'checklist',
  'tool.call': 'tools',
  'tool.result': 'output',
  'file.change': 'diff',
  'permission.request': 'question',
  'permission.answer': 'pass',
  output: 'terminal',
  error: 'error',
};

interface SessionNode {
  kind: 'session';
  sessionId: string;
  events: EventNode[];
}
/** Also the argument of the commands in its row's menu. */
interface EventNode {
  kind: 'event';
  sessionId: string;
  runId: string;
  seq: number;
  event: SessionEvent;
  /** It was said beside the work. */
  aside?: true;
}
type Node = SessionNode | EventNode | { kind: 'more' };

/** What was searched for last: a branch for each session, that with the newest event first. */
export class SearchResultsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #source: Pick<CorralApi, 'listSessions' | 'searchHistory'>;
  readonly #view: vscode.TreeView<Node>;
  readonly #changed = new TreeChanges<Node>();
  readonly onDidChangeTreeData = this.#changed.event;
  #text = '';
  #limit = PAGE_SIZE;
  #sessions: SessionNode[] = [];
  #titles = new Map<string, string>();
  #isComplete = true;
  #search = new AbortController();

  constructor(source: Pick<CorralApi, 'listSessions' | 'searchHistory'>) {
    this.#source = source;
    this.#view = vscode.window.createTreeView(SEARCH_RESULTS_VIEW, { treeDataProvider: this, showCollapseAll: true });
  }

  /** Shows the view and fills it with the newest events that have the text. Resolves when all of them are there. */
  async show(text: string): Promise<void> {
    this.#text = text;
    this.#limit = PAGE_SIZE;
    this.#sessions = [];
    await vscode.commands.executeCommand('setContext', SEARCH_CONTEXT, true);
    await vscode.commands.executeCommand(FOCUS_SEARCH_RESULTS);
    await this.#fill();
  }

  /** Goes on to older events. */
  async showMore(): Promise<void> {
    this.#limit += PAGE_SIZE;
    await this.#fill();
  }

  async clear(): Promise<void> {
    this.#search.abort();
    this.#sessions = [];
    this.#changed.addAll();
    await vscode.commands.executeCommand('setContext', SEARCH_CONTEXT, false);
  }

  getChildren(parent?: Node): Node[] {
    if (parent === undefined) return this.#isComplete ? this.#sessions : [...this.#sessions, { kind: 'more' }];
    return parent.kind === 'session' ? parent.events : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if (node.kind === 'session') return this.#sessionItem(node);
    return node.kind === 'event' ? eventItem(node, this.#text) : moreItem();
  }

  dispose(): void {
    this.#search.abort();
    this.#view.dispose();
    this.#changed.dispose();
  }

  async #fill(): Promise<void> {
    this.#search.abort();
    const search = (this.#search = new AbortController());
    this.#view.description = this.#text;
    this.#view.message = vscode.l10n.t('Searching…');
    this.#isComplete = true;
    this.#titles = new Map((await this.#source.listSessions()).map(({ id, title }) => [id, title]));
    const bySession = new Map<string, SessionNode>();
    let [count, paintedAtMs] = [0, performance.now()];
    const paint = (): void => {
      this.#sessions = [...bySession.values()];
      paintedAtMs = performance.now();
      this.#changed.addAll();
    };
    // One more than is shown tells whether there are more.
    const query = { limit: this.#limit + 1, signal: search.signal };
    for await (const { sessionId, event, aside } of this.#source.searchHistory(this.#text, query)) {
      if (++count > this.#limit) break;
      const node = bySession.get(sessionId) ?? { kind: 'session', sessionId, events: [] };
      bySession.set(sessionId, node);
      const { runId, seq } = event;
      node.events.push({ kind: 'event', sessionId, runId, seq, event, ...(aside && { aside }) });
      if (performance.now() - paintedAtMs > PAINT_INTERVAL_MS) paint();
    }
    if (search.signal.aborted) return;
    this.#isComplete = count <= this.#limit;
    this.#view.message = this.#describe(Math.min(count, this.#limit), bySession.size);
    paint();
  }

  #describe(events: number, sessions: number): string {
    if (events === 0) return vscode.l10n.t('Nothing was found for “{text}”.', { text: visibleText(this.#text) });
    const counted = events === 1 ? vscode.l10n.t('1 event') : vscode.l10n.t('{0} events', events);
    return sessions === 1
      ? vscode.l10n.t('{events} in 1 session, newest first', { events: counted })
      : vscode.l10n.t('{events} in {sessions} sessions, newest first', { events: counted, sessions });
  }

  #sessionItem({ sessionId, events }: SessionNode): vscode.TreeItem {
    const title = visibleText(this.#titles.get(sessionId) ?? sessionId);
    const item = new vscode.TreeItem(title, vscode.TreeItemCollapsibleState.Expanded);
    item.id = sessionId;
    item.description = events.length.toLocaleString();
    item.tooltip = title;
    return item;
  }
}

function eventItem({ event, aside }: EventNode, text: string): vscode.TreeItem {
  const label = visibleText(searchExcerpt(event, text));
  const found = findSearchable(label, searchable(text));
  const item = new vscode.TreeItem({ label, highlights: found === undefined ? [] : [[found.start, found.end]] });
  const { sessionId, runId, seq } = event;
  const heading = aside === true ? vscode.l10n.t('Asked beside the work') : visibleText(eventText(event).heading);
  item.id = `${sessionId} ${runId} ${String(seq)}`;
  const age = elapsedTime(event.timestamp, Date.now());
  item.description = aside === true ? `${vscode.l10n.t('aside')} · ${age}` : age;
  item.tooltip = `${heading}\n${label}\n${new Date(event.timestamp).toLocaleString()}`;
  item.iconPath = new vscode.ThemeIcon(ICONS[event.kind] ?? 'circle-small');
  item.contextValue = contextValue(['event']);
  item.accessibilityInformation = { label: `${label}, ${heading}` };
  item.command = {
    command: COMMANDS.showEvent,
    title: vscode.l10n.t('Show in Timeline'),
    arguments: [{ sessionId, runId, seq }],
  };
  return item;
}

function moreItem(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Show More'));
  item.id = 'more';
  item.iconPath = new vscode.ThemeIcon('ellipsis');
  item.contextValue = contextValue(['more']);
  item.command = { command: COMMANDS.showMoreResults, title: vscode.l10n.t('Show More') };
  return item;
}
