/** The rows of the Sessions tree. VS Code knows a row by its node, so that each has one for as long as it is shown. */
import type { FileChange } from '../../../supervisor/git/review/changes';

export interface RepositoryNode {
  kind: 'repository';
  path: string;
}
/** Rows of one status or day, or those that are pinned. */
export interface SectionNode {
  kind: 'section';
  key: string;
}
/** Sessions that are compared with each other. */
export interface GroupNode {
  kind: 'group';
  group: string;
  repository: string;
}
export interface SessionNode {
  kind: 'session';
  id: string;
  /** The question that its row shows, for the commands on it. */
  question?: string | undefined;
  /** Where that stands: its place in the list, and since when, in milliseconds since the epoch. */
  place?: number;
  sinceMs?: number;
}
/** What another session is to the one above it: its agent started it, was started by it, or it waits for its end. */
export type Relation = 'child' | 'parent' | 'follower';
/** What belongs to a session, below its row. */
export type DetailNode = { id: string } & (
  | { kind: 'run'; runId: string }
  | { kind: 'changes' }
  | { kind: 'file'; change: FileChange; before: string; after: string; isInPlace: boolean }
  | { kind: 'worktree' }
  | { kind: 'relative'; relation: Relation; otherId: string }
  | { kind: 'note'; text: string }
);
export type TreeNode = RepositoryNode | SectionNode | GroupNode | SessionNode | DetailNode;
