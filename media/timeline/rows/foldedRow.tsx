import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { EventCard } from '../events/eventCard';
import type { TimelineModel } from '../model/timelineModel';
import { AgentRow, startsAgent } from './agentRow';
import { CallRow } from './callRow';
import { GroupRow } from './groupRow';
import { OutcomeCard } from './outcomeCard';

export interface FoldedRowProps {
  model: TimelineModel;
  event: TimelineEvent;
  /** True while the run goes on and its newest events are shown. */
  isLive: boolean;
}

/** A row of the list, with all events that belong in it. */
export function FoldedRow({ model, event, isLive }: FoldedRowProps) {
  switch (event.kind) {
    case 'tool.call': {
      const group = model.rows.groupOf(event);
      if (group.length > 1) return <GroupRow model={model} group={group} isLive={isLive} />;
      if (startsAgent(model, event)) return <AgentRow model={model} event={event} isLive={isLive} />;
      return <CallRow model={model} event={event} isLive={isLive} />;
    }
    case 'turn.ended':
    case 'run.exited':
      return <OutcomeCard model={model} event={event} />;
    default:
      return <EventCard model={model} event={event} isLive={isLive} />;
  }
}
