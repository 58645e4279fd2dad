import type { TimelineSession } from '../../protocol/timelineProtocol';
import type { SessionSummary } from '../../supervisor/api';
import { isOnHost, hasBegun, isHostAway, isOpen } from '../sessionPredicates';

/** What can be done with the session now. Of one without a change there is nothing to take. */
export function offeredActions(session: SessionSummary): TimelineSession['actions'] {
  const hasChanges = hasBegun(session) && session.baseCommit !== '' && (session.changes?.files ?? 0) > 0;
  const actions: TimelineSession['actions'] = [];
  if (hasChanges) actions.push('review');
  if (hasChanges && !isOpen(session) && session.applied !== true) actions.push('apply');
  if (hasChanges) actions.push('branch');
  if (isOnHost(session) && isHostAway(session)) actions.push('continueHere');
  if (!session.deleted) actions.push('message');
  return actions;
}
