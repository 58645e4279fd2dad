import * as l10n from '@vscode/l10n';
import { Icon } from '../../shared/icons';
import { visibleText } from '../../../src/common/visibleText';
import { oneLine } from '../../shared/plainText';
import { formatDuration } from '../../shared/times';
import { Pictures } from './pictures';
import type { CardProps, EventOf } from './cardProps';
import { FileDiff } from './diff/fileDiff';
import { FilePath } from './text/filePath';
import { CodeBlock, Fold } from './text/textBlocks';
import { toolInputText } from './toolInput';
import { CHANGE_LABELS, RESULT_LABELS } from './toolLabels';
import './toolCards.css';

const MAX_LOCATIONS = 8;

/** `isLive` is true while the run can still end the call. */
export function ToolCallCard({ model, event, isLive }: CardProps<'tool.call'> & { isLive: boolean }) {
  const { callId, name, title, input, locations } = event.data;
  const { result } = model.events.callOf(event.runId, callId);
  const text = toolInputText(input);
  const summary = (
    <>
      {l10n.t('Input')} <span class="faint">{oneLine(text, 120)}</span>
    </>
  );
  return (
    <>
      <div class="line">
        <strong dir="auto">{oneLine(title) || oneLine(name)}</strong>
        {title !== name && <span class="chip">{oneLine(name, 60)}</span>}
        {result !== undefined && <ResultBadge result={result} call={event} />}
        {result === undefined && isLive && (
          <span class="result result-pending">
            {model.events.awaitsPermission(event.runId, callId)
              ? l10n.t('waits for your answer')
              : l10n.t('in progress')}
          </span>
        )}
      </div>
      {locations.length > 0 && (
        <div class="line faint">
          {locations.slice(0, MAX_LOCATIONS).map(({ path, line }) => (
            <FilePath model={model} path={path} line={line} />
          ))}
          {locations.length > MAX_LOCATIONS && l10n.t('and {0} more', locations.length - MAX_LOCATIONS)}
        </div>
      )}
      {text !== '' && (
        <Fold model={model} event={event} name="input" summary={summary}>
          <CodeBlock model={model} event={event} field="input" text={text} label={l10n.t('Input')} />
        </Fold>
      )}
    </>
  );
}

export function ToolResultCard({ model, event }: CardProps<'tool.result'>) {
  const { callId, output } = event.data;
  const { call } = model.events.callOf(event.runId, callId);
  return (
    <>
      <div class="line">
        <ResultBadge result={event} call={call} />
        {call !== undefined && (
          <span class="faint" dir="auto">
            {oneLine(call.data.title) || oneLine(call.data.name)}
          </span>
        )}
      </div>
      {output.trim() === '' ? <div class="faint">{l10n.t('No output')}</div> : <Output model={model} event={event} />}
      <Pictures model={model} event={event} />
    </>
  );
}

/** The output of a tool: of one that failed, the end. */
export function Output({ model, event }: CardProps<'tool.result'>) {
  const { status, output } = event.data;
  return (
    <CodeBlock
      model={model}
      event={event}
      field="output"
      text={output}
      label={l10n.t('Output')}
      look="terminal"
      part={status === 'failed' ? 'end' : 'start'}
    />
  );
}

function ResultBadge({ result, call }: { result: EventOf<'tool.result'>; call: EventOf<'tool.call'> | undefined }) {
  const { status } = result.data;
  return (
    <span class={`result result-${status}`}>
      <Icon name={status} />
      <span>{RESULT_LABELS[status]}</span>
      {call !== undefined && (
        <span class="faint">{formatDuration(Date.parse(result.timestamp) - Date.parse(call.timestamp))}</span>
      )}
    </span>
  );
}

export function FileChangeCard({ model, event }: CardProps<'file.change'>) {
  return (
    <>
      <div class="line">
        <span>{CHANGE_LABELS[event.data.change]}</span>
        <ChangedFile model={model} event={event} />
      </div>
      <FileDiff model={model} event={event} />
    </>
  );
}

/** The file, and how many lines were added and removed. */
export function ChangedFile({ model, event }: CardProps<'file.change'>) {
  const { path, change, addedLines, removedLines } = event.data;
  return (
    <>
      <strong>
        {change === 'deleted' ? (
          <span class="path" dir="auto">
            {visibleText(path)}
          </span>
        ) : (
          <FilePath model={model} path={path} />
        )}
      </strong>
      {addedLines !== undefined && <span class="added">{`+${String(addedLines)}`}</span>}
      {removedLines !== undefined && <span class="removed">{`−${String(removedLines)}`}</span>}
    </>
  );
}
