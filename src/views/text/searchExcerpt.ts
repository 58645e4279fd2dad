import { oneLine } from '../../common/oneLine';
import { findSearchable, searchable } from '../../common/searchable';
import { endOf, startOf } from '../../common/shorten';
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
  const wanted = searchable(oneLine(text, Infinity));
  const found = findSearchable(line, wanted);
  if (found === undefined)
    return line === '' || searchable(title).includes(wanted) ? title : startOf(line, MAX_CHARACTERS);
  const before = endOf(line.slice(0, found.start), MAX_CHARACTERS_BEFORE);
  const shown = startOf(`${before}${line.slice(found.start)}`, MAX_CHARACTERS);
  return `${before.length < found.start ? '…' : ''}${shown}`;
}
