/** Says in words what an event tells, for exports and search results. */
import type { SessionEvent } from '../../storage/events';

export interface EventText {
  heading: string;
  /** What a person or the agent said. */
  prose?: string;
  /** Output, code or data, to be shown in a fixed-width font. */
  code?: string;
}

const ROLES = { user: 'You', assistant: 'Agent', system: 'System' } as const;

function json(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

export function eventText(event: SessionEvent): EventText {
  switch (event.kind) {
    case 'run.started':
      return { heading: `Run ${event.data.ordinal} started`, code: event.data.argv.join(' ') };
    case 'agent.session':
      return { heading: `Session of ${event.data.backendType}: ${event.data.nativeSessionId}` };
    case 'turn.started':
      return { heading: `Turn ${event.data.turn}` };
    case 'turn.ended':
      return { heading: `Turn ${event.data.turn} ended: ${event.data.message ?? event.data.stopReason}` };
    case 'message':
      return { heading: ROLES[event.data.role], prose: event.data.text };
    case 'reasoning':
      return { heading: 'Reasoning', prose: event.data.text };
    case 'tool.call':
      return { heading: `${event.data.name}: ${event.data.title}`, code: json(event.data.input) };
    case 'tool.result':
      return { heading: `Result: ${event.data.status}`, code: event.data.output };
    case 'file.change':
      return {
        heading: `File ${event.data.change}: ${event.data.path}`,
        ...(event.data.diff === undefined ? {} : { code: event.data.diff }),
      };
    case 'plan':
      return {
        heading: 'Plan',
        prose: event.data.entries
          .map(({ text, status }) => `- [${status === 'completed' ? 'x' : ' '}] ${text}`)
          .join('\n'),
      };
    case 'permission.request':
      return {
        heading: `Asked: ${event.data.title}`,
        ...(event.data.input === undefined ? {} : { code: json(event.data.input) }),
      };
    case 'permission.answer':
      return {
        heading: `Answer: ${event.data.outcome}`,
        ...(event.data.message === undefined ? {} : { prose: event.data.message }),
      };
    case 'output':
      return { heading: event.data.stream === 'stdout' ? 'Output' : 'Error output', code: event.data.text };
    case 'error':
      return { heading: 'Error', code: event.data.message };
    case 'status':
      return { heading: event.data.reason };
    case 'run.exited':
      return { heading: `Run ended (${event.data.outcome}): ${event.data.reason}` };
    case 'usage':
    case 'snapshot':
      return { heading: event.kind === 'usage' ? 'Usage' : 'Snapshot', code: JSON.stringify(event.data) };
    default:
      return event satisfies never;
  }
}
