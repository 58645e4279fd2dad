/** What is new of a session for a person. Pure. */
import { warningName } from '../../storage/budget';
import type { SessionSummary } from '../../supervisor/api';
import { hasEnded } from '../sessionPredicates';
import type { NoticeKind } from '../noticeChoice';

export interface News {
  kind: 'question' | 'end' | 'limit' | 'budget';
  /** Whose choice in the settings holds for it. */
  choice: NoticeKind;
  runId: string;
  /** Together with the run what it is known by, so that one window tells it once. */
  name: string;
}

/** `endedRunId`: a run of the session that came to its end, as this window saw. */
export function newsOf(session: SessionSummary, nowMs: number, endedRunId?: string): News[] {
  const { checking, needsInput, pendingPermissions, budget, status, runs, currentRunId } = session;
  if (currentRunId === undefined || checking) return [];
  const news: News[] = [];
  const add = (kind: News['kind'], choice: NoticeKind, name: string, runId = currentRunId): void =>
    void news.push({ kind, choice, runId, name });
  if (needsInput) for (const { requestId } of pendingPermissions) add('question', 'questions', requestId);
  // Of the run of a teardown, or one after which another began, there is nothing to tell.
  if (endedRunId === currentRunId && hasEnded(session) && !session.restored)
    add('end', status === 'Failed' ? 'failures' : 'ends', 'end');
  if (Date.parse(session.waitsUntil ?? '') > nowMs) add('limit', 'limits', 'limit');
  // A budget that is used up asks a question. That of a session is told once over all its runs.
  if (budget !== undefined && budget.used < budget.limit && status === 'Running')
    add('budget', 'limits', `budget ${warningName(budget)}`, budget.scope === 'session' ? runs[0]?.runId : undefined);
  return news;
}
