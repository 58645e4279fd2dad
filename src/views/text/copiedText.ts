import { stripVTControlCharacters } from 'node:util';
import type { SessionEvent } from '../../storage/events';
import { eventText } from '../../supervisor/history/eventText';
import { describeTool, recordedCall, recordedRequest } from '../../tools/describeTool';
import type { ToolDescription } from '../../tools/toolDescription';

/** What a person wants of an event on the clipboard: what was said, run or printed, without what the page adds. */
export function copiedText(event: SessionEvent): string {
  switch (event.kind) {
    case 'tool.call':
      return callText(describeTool(recordedCall(event.data)));
    case 'permission.request':
      return callText(describeTool(recordedRequest(event.data)));
    case 'file.change':
      return event.data.diff ?? event.data.path;
    case 'snapshot':
      return event.data.commit;
    default: {
      const { heading, prose, code } = eventText(event);
      return stripVTControlCharacters(prose ?? code ?? heading);
    }
  }
}

/** The command, plan or task, else what is done in a line. */
function callText({ block, title, questions }: ToolDescription): string {
  const asked = questions.map(({ text, options }) => [text, ...options.map(({ label }) => `- ${label}`)].join('\n'));
  return [block?.text ?? (asked.length > 0 ? '' : title), ...asked].filter((text) => text !== '').join('\n\n');
}
