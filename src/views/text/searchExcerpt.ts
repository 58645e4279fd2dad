import { stripVTControlCharacters } from 'node:util';
import { oneLine } from '../../common/oneLine';
import { findSearchable, searchable } from '../../common/searchable';
import { endOf, startOf } from '../../common/shorten';
import type { SessionEvent } from '../../storage/events';
import { eventText } from '../../supervisor/history/eventText';

/** So few that the text is seen in a narrow side bar. */
const MAX_CHARACTERS_BEFORE = 12;
const MAX_CHARACTERS = 140;

/**
 * One line of the event that shows the text which was searched for.
 * The event's heading or beginning where only a payload outside the journal has the text.
 */
export function searchExcerpt(event: SessionEvent, text: string): string {
  const { heading } = eventText(event);
  const title = oneLine(heading);
  const line = oneLine(stripVTControlCharacters(readableText(event)), Infinity);
  const wanted = searchable(oneLine(text, Infinity));
  const found = findSearchable(line, wanted);
  if (found === undefined)
    return line === '' || searchable(title).includes(wanted) ? title : startOf(line, MAX_CHARACTERS);
  const before = endOf(line.slice(0, found.start), MAX_CHARACTERS_BEFORE);
  const shown = startOf(`${before}${line.slice(found.start)}`, MAX_CHARACTERS);
  return `${before.length < found.start ? '…' : ''}${shown}`;
}

/** What a person would read of the event: of data the values alone, and of bookkeeping nothing. */
function readableText(event: SessionEvent): string {
  if (event.kind === 'usage' || event.kind === 'snapshot') return '';
  if (event.kind === 'tool.call' || event.kind === 'permission.request') return textsIn(event.data.input).join(' · ');
  const { prose = '', code = '' } = eventText(event);
  return `${prose} ${code}`;
}

/** The texts of a value at any depth, in their order. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsIn);
  return typeof value === 'string' ? [value] : [];
}
