import type { SessionEvent } from '../../storage/events';
import { oneLine } from '../../common/oneLine';
import { eventText } from '../../supervisor/history/eventText';

const CHARACTERS_BEFORE = 24;
const CHARACTERS = 140;

/** One line of the event with the text that was searched for in sight; its heading where the text stands only in what is kept beside the journal. */
export function excerpt(event: SessionEvent, text: string): string {
  const { heading, prose = '', code = '' } = eventText(event);
  const whole = oneLine(`${prose} ${code}`.trim());
  const at = whole.toLowerCase().indexOf(oneLine(text).toLowerCase());
  if (at === -1)
    return whole === '' || oneLine(heading).toLowerCase().includes(oneLine(text).toLowerCase())
      ? oneLine(heading)
      : whole.slice(0, CHARACTERS);
  const start = Math.max(0, at - CHARACTERS_BEFORE);
  return `${start > 0 ? '…' : ''}${whole.slice(start, start + CHARACTERS)}`;
}
