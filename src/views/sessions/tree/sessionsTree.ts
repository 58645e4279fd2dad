import * as v from 'valibot';
import * as vscode from 'vscode';
import { runInTurns } from '../../../common/eventLoopTurn';
import { Throttle } from '../../../common/throttle';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import { SESSIONS_VIEW } from '../../text/contributions';
import { TreeChanges } from '../../treeChanges';
import type { SessionMarks } from '../sessionMarks';
import { FirstRows } from './firstRows';
import { readSessions } from './readSessions';
import type { DetailsSource } from './sessionDetails';
import { changedFiles, detailItem, detailsOf } from './sessionDetails';
import type { HoverSource } from './sessionHover';
import { sessionHover } from './sessionHover';
import { publishTreeOptions } from './treeContexts';
import { groupItem, repositoryItem, sectionItem, sessionItem } from './treeItems';
import type { TreeChange } from './treeModel';
import { TreeModel } from './treeModel';
import type { SessionNode, TreeNode } from './treeNodes';
import type { TreeOptions } from './treeOptions';
import { DEFAULT_TREE_OPTIONS, treeOptionsSchema } from './treeOptions';
import { describeView } from './treeTexts';

const OPTIONS_KEY = 'corral.treeOptions';
/** Sessions are read again at most this often; nobody reads faster. */
const REFRESH_MS = 100;
const AGE_STEP_MS = 60_000;

/** What the tree needs of the supervisor. */
export type TreeSource = Pick<CorralApi, 'listSessions' | 'getSession' | 'onDidChangeSessions'> &
  DetailsSource &
  HoverSource;

export interface SessionsTreeOptions {
  source: TreeSource;
  marks: SessionMarks;
  isHere: (repository: string) => boolean;
  /** Keeps how the tree is grouped and filtered in this workspace. */
  memento: vscode.Memento;
  /** Hears sessions as they are now, each time that one of them was read. */
  changed: (sessions: readonly SessionSummary[]) => void;
  /** Hears all listed sessions whenever one of them changed. */
  listed: (sessions: readonly SessionSummary[]) => void;
  onError: (error: unknown) => void;
}

/** The Sessions tree. It keeps only what it painted; the sessions are the supervisor's. */
export class SessionsTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  readonly #options: SessionsTreeOptions;
  readonly #model: TreeModel;
  readonly #view: vscode.TreeView<TreeNode>;
  readonly #changed = new TreeChanges<TreeNode>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #subscriptions: { dispose(): void }[];
  /** Ids of sessions to read again; undefined for all. */
  #asked: Set<string> | undefined = new Set();
  readonly #refresh: Throttle;
  #clock: NodeJS.Timeout | undefined;
  #message = '';
  /** Not all sessions are known yet. */
  #isReading = true;
  readonly #first = new FirstRows();

  constructor(options: SessionsTreeOptions) {
    this.#options = options;
    const { source, marks, isHere, memento, onError } = options;
    const isUnseen = (session: SessionSummary): boolean => marks.isUnseen(session);
    this.#model = new TreeModel({ isHere, isPinned: (id) => marks.isPinned(id), isUnseen });
    const saved = v.safeParse(treeOptionsSchema, memento.get(OPTIONS_KEY));
    this.#model.options = saved.success ? saved.output : DEFAULT_TREE_OPTIONS;
    this.#refresh = new Throttle(REFRESH_MS, async () => await this.#read(), onError);
    this.#view = vscode.window.createTreeView(SESSIONS_VIEW, { treeDataProvider: this, canSelectMany: true });
    this.#subscriptions = [
      this.#view,
      this.#changed,
      this.#refresh,
      source.onDidChangeSessions(({ sessionIds }) => this.ask(sessionIds)),
      marks.onDidChange(() => this.lookAgain()),
      this.#view.onDidChangeVisibility(({ visible }) => this.#setVisible(visible)),
      // Another window may have changed what this machine keeps.
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.lookAgain();
      }),
    ];
    this.#setVisible(this.#view.visible);
    void publishTreeOptions(this.#model.options);
  }

  get options(): TreeOptions {
    return this.#model.options;
  }

  /** Groups or filters the tree in another way, now and after a restart. */
  async setOptions(changed: Partial<TreeOptions>): Promise<void> {
    this.#model.options = { ...this.#model.options, ...changed };
    this.lookAgain();
    await this.#options.memento.update(OPTIONS_KEY, this.#model.options);
    await publishTreeOptions(this.#model.options);
  }

  /** What the view says above its rows, such as what it waits for; '' for nothing. */
  set message(message: string) {
    this.#message = message;
    this.#describe();
  }

  /** The sessions cannot be read; `reason` is for people. */
  fail(reason: string): void {
    this.#isReading = false;
    this.message = reason;
    this.lookAgain();
  }

  /** Ids of the sessions whose rows are selected. */
  get selectedSessions(): string[] {
    return this.#view.selection.flatMap((node) => (node.kind === 'session' ? [node.id] : []));
  }

  get isVisible(): boolean {
    return this.#view.visible;
  }

  /** Reads sessions again; all of them where no ids are named. */
  ask(ids?: readonly string[]): void {
    if (ids === undefined) this.#asked = undefined;
    else for (const id of ids) this.#asked?.add(id);
    this.#refresh.ask();
  }

  /** Shows sessions that were read. */
  async take(changed: readonly SessionSummary[], gone: readonly string[] = []): Promise<void> {
    this.#options.changed(changed);
    await this.#paint(this.#model.update(changed, gone, Date.now()));
  }

  /** A person sees the session as it is now. */
  markSeen(id: string): void {
    const session = this.#model.session(id);
    if (session !== undefined) this.#options.marks.markSeen([session]);
  }

  /** Looks at the known sessions again: marks, folders, options or ages changed. */
  lookAgain(): void {
    this.#paint(this.#model.refresh(Date.now())).catch(this.#options.onError);
  }

  /** Selects the session's row, and unfolds what is around it. A filter that leaves it out is cleared. */
  async reveal(id: string): Promise<void> {
    await this.take([await this.#options.source.getSession(id)]);
    if (!this.#model.isListed(id)) await this.setOptions({ text: '', situations: [], onlyHere: false });
    if (this.#view.visible) await this.#first.read;
    // VS Code opens the view by that, and refuses to select a row while it reads the rows for the first time.
    await this.#select(id).catch(async () => await this.#first.read.then(async () => await this.#select(id)));
  }

  getChildren(parent?: TreeNode): TreeNode[] | Promise<TreeNode[]> {
    if (parent === undefined) return this.#roots();
    switch (parent.kind) {
      case 'repository':
        return this.#model.children(parent.path);
      case 'section':
        return this.#model.children(parent.key);
      case 'group':
        return this.#model.membersOf(parent).map(({ id }) => this.#model.node(id));
      case 'session': {
        const session = this.#model.session(parent.id);
        return session === undefined ? [] : detailsOf(session, this.#model.sessions());
      }
      case 'changes':
        return changedFiles(this.#options.source, parent.id);
      default:
        return [];
    }
  }

  getParent(node: TreeNode): TreeNode | undefined {
    switch (node.kind) {
      case 'repository':
      case 'section':
        return undefined;
      case 'group':
        return this.#model.isFlat ? undefined : this.#model.sectionNode(node.repository);
      case 'session':
        return this.#model.parentOf(node.id);
      default:
        return this.#model.node(node.id);
    }
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    switch (node.kind) {
      case 'group':
        return groupItem(node, this.#model.membersOf(node));
      case 'repository': {
        const marks = { isHere: this.#options.isHere(node.path), isLookedAt: this.#isLookedAt(node.path) };
        return repositoryItem(node, this.#sessionsOf(node.path), marks);
      }
      case 'section':
        return sectionItem(node, this.#sessionsOf(node.key), this.#isLookedAt(node.key));
      case 'session':
        return this.#sessionItem(node);
      default: {
        const session = this.#model.session(node.id);
        if (session === undefined) return new vscode.TreeItem(node.id); // just removed
        return detailItem(node, session, node.kind === 'relative' ? this.#model.session(node.otherId) : undefined);
      }
    }
  }

  /** The tooltip is made when somebody points at the row. */
  async resolveTreeItem(item: vscode.TreeItem, node: TreeNode): Promise<vscode.TreeItem> {
    if (node.kind !== 'session') return item;
    const session = this.#model.session(node.id);
    const row = this.#model.row(node.id);
    if (session !== undefined && row !== undefined)
      item.tooltip = await sessionHover(this.#options.source, session, row);
    return item;
  }

  dispose(): void {
    clearInterval(this.#clock);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #roots(): Promise<TreeNode[]> {
    await this.#first.wait();
    return this.#model.roots();
  }

  #sessionItem(node: SessionNode): vscode.TreeItem {
    const session = this.#model.session(node.id);
    const row = this.#model.row(node.id);
    if (session === undefined || row === undefined) return new vscode.TreeItem(node.id); // just removed
    this.#model.noteQuestion(node, row.question, Date.now());
    return sessionItem(node, session, row);
  }

  #sessionsOf(section: string): SessionSummary[] {
    return this.#model.idsOf(section).flatMap((id) => this.#model.session(id) ?? []);
  }

  /** True where the section has a selected row, which folding would hide. */
  #isLookedAt(section: string): boolean {
    return this.selectedSessions.some((id) => this.#model.idsOf(section).includes(id));
  }

  async #read(): Promise<void> {
    const { source, marks } = this.#options;
    const asked = this.#asked;
    this.#asked = new Set();
    const { sessions, gone } = await readSessions(source, asked);
    if (gone !== undefined) {
      await this.take(sessions, gone);
      return;
    }
    this.#isReading = false;
    const listed = new Set(sessions.map(({ id }) => id));
    const others = this.#model.sessions().flatMap(({ id }) => (listed.has(id) ? [] : [id]));
    await this.take(sessions, others);
    if (others.length > 0) marks.prune((id) => listed.has(id));
  }

  /** Paints only the rows that look different, and keeps the selected one in sight. */
  async #paint(change: Generator<void, TreeChange>): Promise<void> {
    const [selected] = this.selectedSessions;
    const parent = selected === undefined ? undefined : this.#model.parentOf(selected);
    const changes = await runInTurns(change);
    if (this.#first.areKnown) this.#announce(changes);
    else if (!this.#isReading || this.#model.shownCount > 0) {
      this.#first.begin();
      this.#changed.rest();
    }
    this.#describe();
    this.#options.listed(this.#model.sessions());
    if (selected === undefined || !this.#view.visible || !this.#model.isListed(selected)) return;
    if (this.#model.parentOf(selected) !== parent) void this.#select(selected);
  }

  #announce(changes: TreeChange): void {
    if (changes === 'all') this.#changed.addAll();
    else for (const row of this.#model.nodesOf(changes)) this.#changed.add(row);
  }

  async #select(id: string): Promise<void> {
    this.#changed.flush(); // VS Code finds only rows that it was told of
    await this.#view.reveal(this.#model.node(id), { select: true, focus: false });
  }

  #describe(): void {
    describeView(this.#view, this.#model, { message: this.#message, isReading: this.#isReading });
  }

  /** Ages are refreshed only while somebody can see them. */
  #setVisible(visible: boolean): void {
    clearInterval(this.#clock);
    if (!visible) return;
    this.lookAgain();
    this.#clock = setInterval(() => this.lookAgain(), AGE_STEP_MS);
  }
}
