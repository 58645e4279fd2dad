import * as l10n from '@vscode/l10n';
import { oneLine } from '../../shared/plainText';
import type { CardProps } from '../events/cardProps';
import { ReasoningCard } from '../events/messageCards';
import { Markdown } from '../events/text/markdown';
import { CutNotice } from '../events/text/textBlocks';
import { rowFold } from '../model/rows/listRows';
import { callKind } from '../model/rows/foldEvents';
import type { ToolCall } from '../model/rows/callIndex';
import type { TimelineModel } from '../model/timelineModel';
import { CallRow, CallStatus } from './callRow';
import { CallList, GroupStatus, summaryOf } from './groupRow';
import { RowLine, RowPart } from './rowLine';

/** Events of a sub-agent that its row has at most; all of them have rows of their own at the level `everything`. */
const MAX_SHOWN = 200;

/** True where the call started a sub-agent. */
export function startsAgent(model: TimelineModel, call: ToolCall): boolean {
  return callKind(call) === 'agent' || model.events.callOf(call.runId, call.data.callId).children.length > 0;
}

/** A sub-agent: its task, what it did, and what it told the agent. */
export function AgentRow({ model, event, isLive }: CardProps<'tool.call'> & { isLive: boolean }) {
  const { result, children } = model.events.callOf(event.runId, event.data.callId);
  const calls = children.filter((child) => child.kind === 'tool.call');
  const isOpen = model.isToggled(rowFold(event));
  const title = (
    <>
      <span class="faint">{l10n.t('Sub-agent')}</span> <span dir="auto">{oneLine(event.data.title)}</span>
      {calls.length > 0 && <span class="faint"> · {summaryOf(calls)}</span>}
    </>
  );
  return (
    <>
      <RowLine model={model} event={event} title={title}>
        <GroupStatus model={model} calls={calls} isLive={false} />
        <CallStatus model={model} event={event} isLive={isLive} />
      </RowLine>
      {!isOpen && <CallList model={model} calls={calls} isOpen={false} isLive={isLive} />}
      {isOpen && (
        <div class="inside">
          {children.length > MAX_SHOWN && (
            <div class="faint">{l10n.t('The last {0} of {1} steps', MAX_SHOWN, children.length)}</div>
          )}
          {children.slice(-MAX_SHOWN).map((child) => (
            <RowPart key={child.seq} model={model} event={child}>
              {child.kind === 'tool.call' ? (
                startsAgent(model, child) ? (
                  <AgentRow model={model} event={child} isLive={isLive} />
                ) : (
                  <CallRow model={model} event={child} isLive={isLive} />
                )
              ) : (
                child.kind === 'reasoning' && <ReasoningCard model={model} event={child} />
              )}
            </RowPart>
          ))}
          {result !== undefined && (
            <RowPart model={model} event={result}>
              <Markdown model={model} text={result.data.output} />
              <CutNotice model={model} event={result} field="output" shownLength={result.data.output.length} />
            </RowPart>
          )}
        </div>
      )}
    </>
  );
}
