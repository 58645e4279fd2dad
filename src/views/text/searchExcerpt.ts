import type { SessionEvent } from '../../storage/events';
import { oneLine } from '../../common/oneLine';
import { eventText } from '../../supervisor/history/eventText';

const MAX_CHARACTERS_BEFORE = 24;
const MAX_CHARACTERS = 140;

/**
 * One line of the event in which `text`, which was searched for, can be seen.
 * The event's heading where the text is only in a payload that is kept beside the journal.
 */
export function searchExcerpt(event: SessionEvent, text: string): string {
  const { heading, prose = '', code = '' } = eventText(event);
  const whole = oneLine(`${prose} ${code}`.trim());
  const at = whole.toLowerCase().indexOf(oneLine(text).toLowerCase());
  if (at === -1)
    return whole === '' || oneLine(heading).toLowerCase().includes(oneLine(text).toLowerCase())
      ? oneLine(heading)
      : whole.slice(0, MAX_CHARACTERS);
  const start = Math.max(0, at - MAX_CHARACTERS_BEFORE);
  return `${start > 0 ? '…' : ''}${whole.slice(start, start + MAX_CHARACTERS)}`;
}
