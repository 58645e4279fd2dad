import type { TimelineSession } from '../../protocol/timelineProtocol';
import type { SessionSummary } from '../../supervisor/api';
import { hasBegun, isOpen } from '../sessionPredicates';

/** What can be done now with what the session has done. Of a session without a change there is nothing to take. */
export function outcomeActions(session: SessionSummary): TimelineSession['actions'] {
  const hasChanges = hasBegun(session) && session.baseCommit !== '' && (session.changes?.files ?? 0) > 0;
  const actions: TimelineSession['actions'] = [];
  if (hasChanges) actions.push('review');
  if (hasChanges && !isOpen(session) && session.applied !== true) actions.push('apply');
  if (hasChanges) actions.push('branch');
  if (!session.deleted) actions.push('message');
  return actions;
}
