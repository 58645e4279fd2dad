import { oneLine } from '../../common/oneLine';
import type { SessionEvent } from '../../storage/events';
import { eventText } from '../../supervisor/history/eventText';

const MAX_CHARACTERS_BEFORE = 24;
const MAX_CHARACTERS = 140;

/**
 * One line of the event that shows the text which was searched for.
 * The event's heading or beginning where only a payload outside the journal has the text.
 */
export function searchExcerpt(event: SessionEvent, text: string): string {
  const { heading, prose = '', code = '' } = eventText(event);
  const title = oneLine(heading);
  const line = oneLine(`${prose} ${code}`, Infinity);
  const wanted = oneLine(text, Infinity).toLowerCase();
  const index = line.toLowerCase().indexOf(wanted);
  if (index === -1) return line === '' || title.toLowerCase().includes(wanted) ? title : line.slice(0, MAX_CHARACTERS);
  const start = Math.max(0, index - MAX_CHARACTERS_BEFORE);
  return `${start > 0 ? '…' : ''}${line.slice(start, start + MAX_CHARACTERS)}`;
}
