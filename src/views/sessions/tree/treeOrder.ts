/** The order of the rows of a section: by rank. Pure. */
import type { SessionSummary } from '../../../supervisor/api';
import { needsYou } from '../../sessionPredicates';

/** Who needs a person comes first, then the newest. */
export function rankOf(session: SessionSummary): string {
  const newestFirst = String(8.64e15 - (Date.parse(session.createdAt) || 0)).padStart(17, '0');
  return `${needsYou(session) ? '0' : '1'} ${newestFirst} ${session.id}`;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
