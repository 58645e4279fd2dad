import * as l10n from '@vscode/l10n';
import type { EventKind } from '../../../src/storage/events';

/** Groups of event kinds, as people see them in the filter and in the density chart. */
export const EVENT_GROUPS = {
  messages: { label: l10n.t('Messages'), kinds: ['message'] },
  reasoning: { label: l10n.t('Reasoning'), kinds: ['reasoning', 'plan'] },
  tools: { label: l10n.t('Tools'), kinds: ['tool.call', 'tool.result'] },
  files: { label: l10n.t('Files'), kinds: ['file.change', 'snapshot'] },
  permissions: { label: l10n.t('Permissions'), kinds: ['permission.request', 'permission.answer'] },
  errors: { label: l10n.t('Errors'), kinds: ['error'] },
  output: { label: l10n.t('Output'), kinds: ['output'] },
  turns: {
    label: l10n.t('Turns and runs'),
    kinds: ['turn.started', 'turn.ended', 'run.started', 'run.exited', 'agent.session', 'usage', 'status'],
  },
} as const satisfies Record<string, { label: string; kinds: readonly EventKind[] }>;
export type EventGroup = keyof typeof EVENT_GROUPS;

export const GROUP_NAMES = Object.keys(EVENT_GROUPS) as EventGroup[]; // the table has exactly these keys

// Complete, since the table above has every kind in exactly one group.
const GROUP_OF_KIND = Object.fromEntries(
  GROUP_NAMES.flatMap((group) => EVENT_GROUPS[group].kinds.map((kind) => [kind, group])),
) as Record<EventKind, EventGroup>;

export function groupOf(kind: EventKind): EventGroup {
  return GROUP_OF_KIND[kind];
}
