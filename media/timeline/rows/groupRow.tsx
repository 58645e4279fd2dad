import * as l10n from '@vscode/l10n';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { Icon } from '../../shared/icons';
import { rowFold } from '../model/rows/listRows';
import type { ToolCall } from '../model/rows/callIndex';
import type { TimelineModel } from '../model/timelineModel';
import { CallRow } from './callRow';
import { RowLine, RowPart } from './rowLine';

interface GroupRowProps {
  model: TimelineModel;
  /** More than one call. */
  group: readonly TimelineEvent[];
  isLive: boolean;
}

type ToolCategory = ToolCall['data']['category'];

/** Calls in a row of which a person seldom reads each: `Read 3 files, searched 5 times`. */
export function GroupRow({ model, group, isLive }: GroupRowProps) {
  const calls = group.filter((event) => event.kind === 'tool.call');
  const [head] = calls;
  if (head === undefined) return null;
  const isOpen = model.isToggled(rowFold(head));
  return (
    <>
      <RowLine model={model} event={head} title={summaryOf(calls)}>
        <GroupStatus model={model} calls={calls} isLive={isLive} />
      </RowLine>
      <CallList model={model} calls={calls} isOpen={isOpen} isLive={isLive} />
    </>
  );
}

/** The calls inside of a row: all where it is open, else those that wait for an answer. */
export function CallList(props: {
  model: TimelineModel;
  calls: readonly ToolCall[];
  isOpen: boolean;
  isLive: boolean;
}) {
  const { model, calls, isOpen, isLive } = props;
  const shown = calls.filter((call) => isOpen || isAsking(model, call));
  if (shown.length === 0) return null;
  return (
    <div class="inside">
      {shown.map((call) => (
        <RowPart key={call.seq} model={model} event={call}>
          <CallRow model={model} event={call} isLive={isLive} />
        </RowPart>
      ))}
    </div>
  );
}

/** True while nobody has answered the question about the call. */
function isAsking(model: TimelineModel, { runId, data }: ToolCall): boolean {
  const { request } = model.events.callOf(runId, data.callId);
  return request !== undefined && model.events.answerOf(runId, request.data.requestId) === undefined;
}

export function GroupStatus({ model, calls, isLive }: Omit<GroupRowProps, 'group'> & { calls: readonly ToolCall[] }) {
  const results = calls.map(({ runId, data }) => model.events.callOf(runId, data.callId).result?.data.status);
  const failed = results.filter((status) => status === 'failed' || status === 'denied').length;
  if (failed > 0)
    return (
      <span class="result result-failed">
        <Icon name="failed" />
        <span>{l10n.t('{0} failed', failed)}</span>
      </span>
    );
  if (isLive && results.includes(undefined)) return <span class="result result-pending">{l10n.t('in progress')}</span>;
  return null;
}

/** What the calls did, each kind with its number. */
export function summaryOf(calls: readonly ToolCall[]): string {
  const counts = new Map<ToolCategory, number>();
  for (const { data } of calls) counts.set(data.category, (counts.get(data.category) ?? 0) + 1);
  const parts = [...counts].map(([category, count]) => countText(category, count));
  const line = parts.join(', ');
  return line.charAt(0).toLocaleUpperCase() + line.slice(1);
}

function countText(category: ToolCategory, count: number): string {
  const isOne = count === 1;
  switch (category) {
    case 'read':
      return isOne ? l10n.t('read 1 file') : l10n.t('read {0} files', count);
    case 'search':
      return isOne ? l10n.t('searched once') : l10n.t('searched {0} times', count);
    case 'edit':
      return isOne ? l10n.t('edited once') : l10n.t('edited {0} times', count);
    case 'delete':
      return isOne ? l10n.t('deleted once') : l10n.t('deleted {0} times', count);
    case 'move':
      return isOne ? l10n.t('moved once') : l10n.t('moved {0} times', count);
    case 'execute':
      return isOne ? l10n.t('ran 1 command') : l10n.t('ran {0} commands', count);
    case 'fetch':
      return isOne ? l10n.t('fetched 1 page') : l10n.t('fetched {0} pages', count);
    case 'think':
    case 'other':
      return isOne ? l10n.t('used 1 tool') : l10n.t('used tools {0} times', count);
    default:
      return category satisfies never;
  }
}
