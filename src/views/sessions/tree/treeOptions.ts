/** How the Sessions tree is grouped and filtered. */
import * as v from 'valibot';
import type { SessionSummary } from '../../../supervisor/api';
import { isWaiting, needsYou } from '../../sessionPredicates';
import { shownStatus } from '../../text/statusLabel';

export const GROUPINGS = ['repository', 'status', 'day'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What a session is at, in the order of its sections. */
export const SITUATIONS = ['needsYou', 'running', 'waiting', 'completed', 'failed', 'stopped'] as const;
export type Situation = (typeof SITUATIONS)[number];

export const treeOptionsSchema = v.object({
  grouping: v.picklist(GROUPINGS),
  /** Rows without this text in title, prompt, agent, repository or branch are left out. */
  text: v.string(),
  /** Only these; all where empty. */
  situations: v.array(v.picklist(SITUATIONS)),
  /** Only sessions of this window's repositories. */
  onlyHere: v.boolean(),
});
export type TreeOptions = v.InferOutput<typeof treeOptionsSchema>;

export const DEFAULT_TREE_OPTIONS: TreeOptions = { grouping: 'repository', text: '', situations: [], onlyHere: false };

export function situationOf(session: SessionSummary): Situation {
  if (session.unreadable !== undefined) return 'failed';
  if (session.checking) return 'running';
  if (needsYou(session)) return 'needsYou';
  if (isWaiting(session)) return 'waiting';
  switch (shownStatus(session)) {
    case 'Completed':
      return 'completed';
    case 'Failed':
      return 'failed';
    case 'Stopped':
      return 'stopped';
    default:
      return 'running';
  }
}

export function isFiltered({ text, situations, onlyHere }: TreeOptions): boolean {
  return text !== '' || situations.length > 0 || onlyHere;
}

export function fits(options: TreeOptions, session: SessionSummary, isHere: (repository: string) => boolean): boolean {
  const { text, situations, onlyHere } = options;
  if (onlyHere && !isHere(session.repository)) return false;
  if (situations.length > 0 && !situations.includes(situationOf(session))) return false;
  const wanted = text.toLocaleLowerCase();
  const { title, prompt, agent, repository, branch = '' } = session;
  return (
    text === '' || [title, prompt, agent, repository, branch].some((each) => each.toLocaleLowerCase().includes(wanted))
  );
}
