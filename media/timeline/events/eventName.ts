import * as l10n from '@vscode/l10n';
import type { TimelineEvent, TimelineSession } from '../../../src/protocol/timelineProtocol';
import type { IconName } from '../../shared/icons';
import { oneLine } from '../../shared/plainText';
import { turnNumber } from '../model/rows/turnNumber';
import { CHANGE_LABELS, RESULT_LABELS } from './toolLabels';

export const ROLE_LABELS = { user: l10n.t('You'), assistant: l10n.t('Agent'), system: l10n.t('System') } as const;

const MESSAGE_NAMES = {
  user: l10n.t('Your message'),
  assistant: l10n.t('Agent message'),
  system: l10n.t('System message'),
} as const;

/** What the event is, in a few words: the start of its label for screen readers. */
export function eventName(event: TimelineEvent, session: TimelineSession | undefined): string {
  switch (event.kind) {
    case 'message':
      return event.data.compaction === undefined ? MESSAGE_NAMES[event.data.role] : l10n.t('Context compacted');
    case 'reasoning':
      return l10n.t('Reasoning');
    case 'plan':
      return l10n.t('Plan');
    case 'tool.call':
      return l10n.t('Tool call {0}', oneLine(event.data.title, 80));
    case 'tool.result':
      return l10n.t('Tool result: {0}', RESULT_LABELS[event.data.status]);
    case 'file.change':
      return `${CHANGE_LABELS[event.data.change]} ${oneLine(event.data.path, 80)}`;
    case 'permission.request':
      return l10n.t('Permission request {0}', oneLine(event.data.title, 80));
    case 'permission.answer':
      return l10n.t('Permission answer');
    case 'turn.started':
      return l10n.t('Turn {0}', turnNumber(session, event));
    case 'turn.ended':
      return l10n.t('Turn ended');
    case 'run.started':
      return l10n.t('Run started');
    case 'run.exited':
      return l10n.t('Run ended');
    case 'agent.session':
      return l10n.t('Agent session');
    case 'usage':
      return l10n.t('Usage');
    case 'snapshot':
      return l10n.t('Snapshot');
    case 'output':
      return l10n.t('Output');
    case 'error':
      return l10n.t('Error');
    case 'status':
      return l10n.t('Status');
    default:
      return event satisfies never;
  }
}

export function eventIcon(event: TimelineEvent): IconName | undefined {
  switch (event.kind) {
    case 'message':
      return event.data.role;
    case 'reasoning':
      return 'think';
    case 'tool.call':
      return event.data.category;
    case 'file.change':
      return 'edit';
    case 'plan':
      return 'plan';
    case 'permission.request':
    case 'permission.answer':
      return 'permission';
    case 'error':
      return 'error';
    case 'snapshot':
      return 'snapshot';
    case 'run.started':
    case 'run.exited':
      return 'run';
    case 'turn.ended':
    case 'usage':
      return 'usage';
    case 'output':
      return 'execute';
    case 'agent.session':
    case 'status':
      return 'system';
    case 'tool.result':
    case 'turn.started':
      return undefined;
    default:
      return event satisfies never;
  }
}
