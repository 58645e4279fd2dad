import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import type { TimelineModel } from '../model/timelineModel';
import { ErrorCard, MessageCard, OutputCard, PlanCard, ReasoningCard } from './messageCards';
import { PermissionAnswerCard, PermissionRequestCard } from './permission/permissionCards';
import {
  AgentSessionCard,
  RunExitedCard,
  RunStartedCard,
  SnapshotCard,
  StatusCard,
  TurnEndedCard,
  TurnStartedCard,
  UsageCard,
} from './runCards';
import { FileChangeCard, ToolCallCard, ToolResultCard } from './toolCards';
import './eventCard.css';

interface EventCardProps {
  model: TimelineModel;
  event: TimelineEvent;
  /** True while the run goes on and its newest events are shown. */
  isLive: boolean;
}

/** The content of an event. Agents' texts become text nodes only, never markup. */
export function EventCard({ model, event, isLive }: EventCardProps) {
  switch (event.kind) {
    case 'message':
      return <MessageCard model={model} event={event} />;
    case 'reasoning':
      return <ReasoningCard model={model} event={event} />;
    case 'plan':
      return <PlanCard model={model} event={event} />;
    case 'error':
      return <ErrorCard model={model} event={event} />;
    case 'output':
      return <OutputCard model={model} event={event} />;
    case 'tool.call':
      return <ToolCallCard model={model} event={event} isLive={isLive} />;
    case 'tool.result':
      return <ToolResultCard model={model} event={event} />;
    case 'file.change':
      return <FileChangeCard model={model} event={event} />;
    case 'permission.request':
      return <PermissionRequestCard model={model} event={event} />;
    case 'permission.answer':
      return <PermissionAnswerCard model={model} event={event} />;
    case 'run.started':
      return <RunStartedCard model={model} event={event} />;
    case 'run.exited':
      return <RunExitedCard model={model} event={event} />;
    case 'agent.session':
      return <AgentSessionCard model={model} event={event} />;
    case 'status':
      return <StatusCard model={model} event={event} />;
    case 'turn.started':
      return <TurnStartedCard model={model} event={event} />;
    case 'turn.ended':
      return <TurnEndedCard model={model} event={event} />;
    case 'snapshot':
      return <SnapshotCard model={model} event={event} />;
    case 'usage':
      return <UsageCard model={model} event={event} />;
    default:
      return event satisfies never;
  }
}
