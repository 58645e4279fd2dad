import type { SessionSummary } from '../../../supervisor/api';
import type { SessionRow } from '../sessionRow';
import { sessionRow } from '../sessionRow';
import { daySection } from './daySections';
import type { GroupNode, RepositoryNode, SectionNode, SessionNode, TreeNode } from './treeNodes';
import { TreeRelations } from './treeRelations';
import { compare, rankOf } from './treeOrder';
import type { TreeOptions } from './treeOptions';
import { DEFAULT_TREE_OPTIONS, fits, SITUATIONS, situationOf } from './treeOptions';

export const PINNED = 'pinned';

export interface TreeModelContext {
  /** True for a repository that is one of this window's folders. */
  isHere: (repository: string) => boolean;
  isPinned: (id: string) => boolean;
  isUnseen: (session: SessionSummary) => boolean;
}

/** What looks different now. `all` stands for the whole tree. */
export type TreeChange = 'all' | { sections: string[]; ids: string[] };

interface Layout {
  ids: string[];
  /** Ids of compared sessions, by their group. */
  groups: Map<string, string[]>;
}

interface Entry {
  session: SessionSummary;
  row: SessionRow;
  /** The row as text, to see whether it looks different. */
  look: string;
  /** Undefined where the filter leaves it out. */
  section: string | undefined;
  /** Where in its section it stands: rows are in the order of these texts. */
  rank: string;
}

/** Which rows the Sessions tree has, in which order. The work for a change follows what changed. */
export class TreeModel {
  readonly #context: TreeModelContext;
  readonly #entries = new Map<string, Entry>();
  readonly #sections = new Map<string, Set<string>>();
  /** The order of each section, until the section changes. */
  readonly #layouts = new Map<string, Layout>();
  readonly #sessionNodes = new Map<string, SessionNode>();
  readonly #sectionNodes = new Map<string, SectionNode | RepositoryNode>();
  readonly #groupNodes = new Map<string, GroupNode>();
  readonly #relations = new TreeRelations();
  options: TreeOptions = DEFAULT_TREE_OPTIONS;

  constructor(context: TreeModelContext) {
    this.#context = context;
  }

  get shownCount(): number {
    return [...this.#sections.values()].reduce((sum, ids) => sum + ids.size, 0);
  }

  /** Of sessions that would be shown without a filter. */
  get count(): number {
    return this.sessions().filter(isListable).length;
  }

  session(id: string): SessionSummary | undefined {
    return this.#entries.get(id)?.session;
  }

  /** False also for a session that the filter leaves out. */
  isListed(id: string): boolean {
    return this.#entries.get(id)?.section !== undefined;
  }

  row(id: string): SessionRow | undefined {
    return this.#entries.get(id)?.row;
  }

  sessions(): SessionSummary[] {
    return [...this.#entries.values()].map(({ session }) => session);
  }

  /**
   * Takes what changed of sessions, one at each step, and asks `changed` for it only then.
   * A session that is not to be listed any more is removed.
   */
  *update(changed: Iterable<SessionSummary>, gone: readonly string[], nowMs: number): Generator<void, TreeChange> {
    const before = this.#shape();
    const sections = new Set<string>();
    const ids = new Set<string>();
    for (const id of gone) for (const related of this.#remove(id, sections)) ids.add(related);
    for (const session of changed) {
      if (this.#place(session, nowMs, sections)) ids.add(session.id);
      for (const related of this.#relations.note(session)) ids.add(related);
      yield;
    }
    if (this.#shape() !== before || (sections.size > 0 && this.isFlat)) return 'all';
    return { sections: [...sections], ids: [...ids].filter((id) => this.#entries.get(id)?.section !== undefined) };
  }

  /** Looks at all sessions anew: time passed, or marks, folders or options changed. */
  refresh(nowMs: number): Generator<void, TreeChange> {
    return this.update(this.#known(), [], nowMs);
  }

  /** Each session as it is when it is asked for. */
  *#known(): Generator<SessionSummary, void> {
    for (const { session } of this.#entries.values()) yield session;
  }

  /** True where the sessions stand at the top: all are of one repository. */
  get isFlat(): boolean {
    if (this.options.grouping !== 'repository') return false;
    const [pinned, ...others] = [this.#sections.get(PINNED), ...this.#keys().filter((key) => key !== PINNED)];
    if (others.length > 1) return false;
    const repositories = new Set([...(pinned ?? [])].map((id) => this.session(id)?.repository ?? ''));
    return [...repositories].every((path) => (others.length === 0 ? repositories.size < 2 : others.includes(path)));
  }

  roots(): (RepositoryNode | SectionNode | GroupNode | SessionNode)[] {
    if (this.isFlat) return this.#keys().flatMap((key) => this.children(key));
    return this.#keys().map((key) => this.sectionNode(key));
  }

  /** The rows of a section. Compared sessions are one row, at the place of the first of them. */
  children(section: string): (GroupNode | SessionNode)[] {
    const groups = new Set<GroupNode>();
    return this.#layout(section).ids.flatMap((id): (GroupNode | SessionNode)[] => {
      const group = this.groupOf(id);
      if (group === undefined) return [this.node(id)];
      if (groups.has(group)) return [];
      groups.add(group);
      return [group];
    });
  }

  membersOf({ group, repository }: GroupNode): SessionSummary[] {
    return (this.#layout(repository).groups.get(group) ?? []).flatMap((id) => this.session(id) ?? []);
  }

  /** The one node of a session, as `reveal` needs it. */
  node(id: string): SessionNode {
    return known(this.#sessionNodes, id, () => ({ kind: 'session', id }));
  }

  nodesOf({ sections, ids }: Exclude<TreeChange, 'all'>): TreeNode[] {
    const rows = ids.flatMap((id) => [this.node(id), this.groupOf(id) ?? []].flat());
    return [...sections.map((key) => this.sectionNode(key)), ...rows];
  }

  sectionNode(key: string): SectionNode | RepositoryNode {
    const isRepository = this.options.grouping === 'repository' && key !== PINNED;
    const name = `${isRepository ? 'repository' : 'section'} ${key}`;
    return known(this.#sectionNodes, name, () =>
      isRepository ? { kind: 'repository', path: key } : { kind: 'section', key },
    );
  }

  /** The row above a session's; undefined at the top. */
  parentOf(id: string): GroupNode | SectionNode | RepositoryNode | undefined {
    const section = this.#entries.get(id)?.section;
    if (section === undefined) return undefined;
    return this.groupOf(id) ?? (this.isFlat ? undefined : this.sectionNode(section));
  }

  /** Undefined also for a session that is alone in its group. */
  groupOf(id: string): GroupNode | undefined {
    const entry = this.#entries.get(id);
    if (entry?.section === undefined || entry.session.group === undefined) return undefined;
    // Sessions of a group are at different things, and one of them may be pinned.
    if (this.options.grouping !== 'repository' || entry.section === PINNED) return undefined;
    const { group, repository } = entry.session;
    if ((this.#layout(repository).groups.get(group)?.length ?? 0) < 2) return undefined;
    return known(this.#groupNodes, `${repository} ${group}`, () => ({ kind: 'group', group, repository }));
  }

  idsOf(section: string): readonly string[] {
    return this.#layout(section).ids;
  }

  /** Notes since when the question stands where it stands: a click can be meant for what stood there before. */
  noteQuestion(node: SessionNode, question: string | undefined, nowMs: number): void {
    const place = question === undefined ? -1 : this.placeOf(node.id);
    if (node.question === question && node.place === place) return;
    Object.assign(node, { question, place, sinceMs: nowMs });
  }

  /** Where a listed row stands among all rows, from the top. Cheap for those that need a person, which come first. */
  placeOf(id: string): number {
    const section = this.#entries.get(id)?.section;
    const keys = this.#keys();
    const above = section === undefined ? [] : keys.slice(0, keys.indexOf(section));
    const count = above.reduce((sum, key) => sum + this.idsOf(key).length, 0);
    return count + (section === undefined ? 0 : this.idsOf(section).indexOf(id));
  }

  /** @returns whether the session's row looks different now, in its old place */
  #place(session: SessionSummary, nowMs: number, sections: Set<string>): boolean {
    const { isPinned, isUnseen, isHere } = this.#context;
    const before = this.#entries.get(session.id);
    const row = sessionRow(session, nowMs, { isPinned: isPinned(session.id), isUnseen: isUnseen(session) });
    const entry: Entry = {
      session,
      row,
      look: JSON.stringify(row),
      section: isListable(session) && fits(this.options, session, isHere) ? this.#sectionOf(session, nowMs) : undefined,
      rank: rankOf(session),
    };
    this.#entries.set(session.id, entry);
    if (before?.section === entry.section && before?.rank === entry.rank) return before.look !== entry.look;
    if (before?.section !== undefined) this.#leave(before.section, session.id, sections);
    if (entry.section !== undefined) {
      known(this.#sections, entry.section, () => new Set<string>()).add(session.id);
      this.#layouts.delete(entry.section);
      sections.add(entry.section);
    }
    return false;
  }

  #sectionOf(session: SessionSummary, nowMs: number): string {
    if (this.#context.isPinned(session.id)) return PINNED;
    switch (this.options.grouping) {
      case 'repository':
        return session.repository;
      case 'status':
        return situationOf(session);
      case 'day':
        return daySection(session.lastActivityAt, nowMs);
    }
  }

  /** @returns the sessions below which it had a row */
  #remove(id: string, sections: Set<string>): string[] {
    const entry = this.#entries.get(id);
    if (entry?.section !== undefined) this.#leave(entry.section, id, sections);
    this.#entries.delete(id);
    this.#sessionNodes.delete(id);
    return entry === undefined ? [] : this.#relations.forget(entry.session);
  }

  #leave(section: string, id: string, sections: Set<string>): void {
    const ids = this.#sections.get(section);
    ids?.delete(id);
    if (ids?.size === 0) this.#sections.delete(section);
    this.#layouts.delete(section);
    sections.add(section);
  }

  #layout(section: string): Layout {
    return known(this.#layouts, section, () => {
      const ids = [...(this.#sections.get(section) ?? [])].sort((a, b) => compare(this.#rank(a), this.#rank(b)));
      const groups = new Map<string, string[]>();
      for (const id of ids) {
        const { group } = this.session(id) ?? {};
        if (group !== undefined) known(groups, group, () => []).push(id);
      }
      return { ids, groups };
    });
  }

  #rank(id: string): string {
    return this.#entries.get(id)?.rank ?? '';
  }

  /** The sections that have rows, in order: pinned first, then this window's repositories. */
  #keys(): string[] {
    const { isHere } = this.#context;
    const order = (key: string): number =>
      key === PINNED
        ? -1
        : this.options.grouping === 'repository'
          ? Number(!isHere(key))
          : this.options.grouping === 'status'
            ? SITUATIONS.findIndex((situation) => situation === key)
            : Number(key.split(' ')[0]);
    return [...this.#sections.keys()].sort((a, b) => order(a) - order(b) || a.localeCompare(b));
  }

  /** Changes where rows come to stand elsewhere than in the sections that changed. */
  #shape(): string {
    return JSON.stringify([this.isFlat, this.options.grouping, this.#keys()]);
  }
}

function isListable({ deleted, archived }: SessionSummary): boolean {
  return !deleted && !archived;
}

function known<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
