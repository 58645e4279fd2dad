import type { EventKind } from '../../../src/storage/events';

/** What people call the kinds of events. */
export const EVENT_GROUPS = {
  messages: { label: 'Messages', kinds: ['message'] },
  reasoning: { label: 'Reasoning', kinds: ['reasoning', 'plan'] },
  tools: { label: 'Tools', kinds: ['tool.call', 'tool.result'] },
  files: { label: 'Files', kinds: ['file.change', 'snapshot'] },
  permissions: { label: 'Permissions', kinds: ['permission.request', 'permission.answer'] },
  errors: { label: 'Errors', kinds: ['error'] },
  output: { label: 'Output', kinds: ['output'] },
  turns: {
    label: 'Turns and runs',
    kinds: ['turn.started', 'turn.ended', 'run.started', 'run.exited', 'agent.session', 'usage', 'status'],
  },
} as const satisfies Record<string, { label: string; kinds: readonly EventKind[] }>;
export type EventGroup = keyof typeof EVENT_GROUPS;

export const GROUP_NAMES = Object.keys(EVENT_GROUPS) as EventGroup[]; // the keys of our own table

// Each kind is in one group: the table above has them all.
const GROUP_OF_KIND = Object.fromEntries(
  GROUP_NAMES.flatMap((group) => EVENT_GROUPS[group].kinds.map((kind) => [kind, group])),
) as Record<EventKind, EventGroup>;

export function groupOf(kind: EventKind): EventGroup {
  return GROUP_OF_KIND[kind];
}
