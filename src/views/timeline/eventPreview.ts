import { endOf, startOf } from '../../common/shorten';
import type { SessionEvent } from '../../storage/events';
import { PREVIEW_LENGTH } from '../../protocol/timelineProtocol';
import type { TimelineEvent } from '../../protocol/timelineProtocol';

/**
 * The event with long texts cut, so that a page of events stays small whatever an agent printed. They keep their start,
 * and the output of a tool that failed its end.
 */
export function previewOf(event: SessionEvent): TimelineEvent {
  const data: Record<string, unknown> = { ...event.data };
  const cut: Record<string, number> = {};
  for (const [name, value] of Object.entries(data)) {
    // A tool's input can be any value: a large one becomes the start of its own JSON.
    const whole =
      name === 'input' && typeof value === 'object' && value !== null ? JSON.stringify(value, undefined, 2) : value;
    if (typeof whole !== 'string' || whole.length <= PREVIEW_LENGTH) continue;
    const isEndShown = name === 'output' && event.kind === 'tool.result' && hasFailedEnd(event.data);
    data[name] = (isEndShown ? endOf : startOf)(whole, PREVIEW_LENGTH);
    cut[name] = whole.length;
  }
  // Only texts were shortened, and an input may be any value: the data still has the shape of its kind.
  return Object.keys(cut).length === 0 ? event : ({ ...event, data, cut } as TimelineEvent);
}

/** True where the output is of a failure and not stored apart: then only its start is here. */
function hasFailedEnd({ status, blobs = {} }: Extract<SessionEvent, { kind: 'tool.result' }>['data']): boolean {
  return status === 'failed' && blobs['/output'] === undefined;
}
