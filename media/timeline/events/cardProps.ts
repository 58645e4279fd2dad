import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import type { TimelineModel } from '../model/timelineModel';

export type EventOf<K extends TimelineEvent['kind']> = Extract<TimelineEvent, { kind: K }>;

/** What the card of an event of kind `K` is rendered from. */
export interface CardProps<K extends TimelineEvent['kind']> {
  model: TimelineModel;
  event: EventOf<K>;
}
