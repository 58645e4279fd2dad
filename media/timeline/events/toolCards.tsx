import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { FilePath } from './filePath';
import { Icon } from '../../shared/icons';
import { inputText, oneLine, visibleText } from '../../shared/plainText';
import { formatDuration } from '../../shared/times';
import { CodeBlock, Fold, countLines } from './textBlocks';
import type { TimelineModel } from '../timelineModel';
import './toolCards.css';

type EventOf<K extends TimelineEvent['kind']> = Extract<TimelineEvent, { kind: K }>;
type ToolResult = EventOf<'tool.result'>;

const MAX_LOCATIONS = 8;
/** A longer diff is folded at first. */
const OPEN_DIFF_LINES = 24;

const RESULT_LABELS: Record<ToolResult['data']['status'], string> = { ok: 'OK', failed: 'Failed', denied: 'Denied' };

function ResultBadge({ result, call }: { result: ToolResult; call: TimelineEvent | undefined }) {
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

export function ToolCallCard({
  model,
  event,
  isLive,
}: {
  model: TimelineModel;
  event: EventOf<'tool.call'>;
  isLive: boolean;
}) {
  const { callId, name, title, input, locations } = event.data;
  const { result } = model.callOf(event.runId, callId);
  const text = inputText(input);
  return (
    <>
      <div class="line">
        <strong dir="auto">{oneLine(title) || oneLine(name)}</strong>
        {title !== name && <span class="chip">{oneLine(name, 60)}</span>}
        {result !== undefined && <ResultBadge result={result} call={event} />}
        {result === undefined && isLive && (
          <span class="result result-pending">
            {model.asksFor(event.runId, callId) ? 'waits for your answer' : 'at work'}
          </span>
        )}
      </div>
      {locations.length > 0 && (
        <div class="line faint">
          {locations.slice(0, MAX_LOCATIONS).map(({ path, line }) => (
            <FilePath model={model} path={path} line={line} />
          ))}
          {locations.length > MAX_LOCATIONS && ` and ${String(locations.length - MAX_LOCATIONS)} more`}
        </div>
      )}
      {text !== '' && (
        <Fold
          model={model}
          event={event}
          name="input"
          summary={
            <>
              Input <span class="faint">{oneLine(text, 120)}</span>
            </>
          }
        >
          <CodeBlock model={model} event={event} field="input" text={text} label="Input" />
        </Fold>
      )}
    </>
  );
}

export function ToolResultCard({ model, event }: { model: TimelineModel; event: ToolResult }) {
  const { call } = model.callOf(event.runId, event.data.callId);
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
      {event.data.output.trim() === '' ? (
        <div class="faint">No output</div>
      ) : (
        <CodeBlock model={model} event={event} field="output" text={event.data.output} label="Output" look="terminal" />
      )}
    </>
  );
}

const CHANGE_LABELS: Record<EventOf<'file.change'>['data']['change'], string> = {
  added: 'Added',
  modified: 'Changed',
  deleted: 'Deleted',
  renamed: 'Renamed',
};

export function FileChangeCard({ model, event }: { model: TimelineModel; event: EventOf<'file.change'> }) {
  const { path, change, addedLines, removedLines, diff } = event.data;
  return (
    <>
      <div class="line">
        <span>{CHANGE_LABELS[change]}</span>
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
      </div>
      {diff !== undefined && diff !== '' && (
        <Fold
          model={model}
          event={event}
          name="diff"
          openAtFirst={countLines(diff, OPEN_DIFF_LINES + 1) <= OPEN_DIFF_LINES}
          summary="Diff"
        >
          <CodeBlock
            model={model}
            event={event}
            field="diff"
            text={diff}
            label={`Diff of ${oneLine(path)}`}
            look="diff"
          />
        </Fold>
      )}
    </>
  );
}

export function PermissionRequestCard({
  model,
  event,
}: {
  model: TimelineModel;
  event: EventOf<'permission.request'>;
}) {
  const { title, toolName, input, options } = event.data;
  const question = { runId: event.runId, requestId: event.data.requestId };
  const answer = model.answerOf(question.runId, question.requestId);
  const isPending = model.permissions.isPending(question) && answer === undefined;
  const text = inputText(input);
  return (
    <div class={`permission ${isPending ? 'pending' : ''}`} data-testid="permission">
      <div class="line">
        <strong dir="auto">{oneLine(title)}</strong>
        {toolName !== undefined && toolName !== title && <span class="chip">{oneLine(toolName, 60)}</span>}
      </div>
      {text !== '' && <CodeBlock model={model} event={event} field="input" text={text} label="What is asked for" />}
      <div class="buttons">
        {options.map((option) => (
          <button
            type="button"
            class={option.kind === 'allow_once' ? 'primary' : 'secondary'}
            disabled={!isPending || model.lostSinceMs !== undefined || model.permissions.isBeingAnswered(question)}
            onClick={() => {
              void model.permissions.answer(question, option.optionId);
            }}
          >
            {oneLine(option.name, 80)}
          </button>
        ))}
      </div>
      <div class="faint">
        {answer !== undefined
          ? answerText(answer.data, options)
          : isPending
            ? model.lostSinceMs === undefined
              ? 'Waiting for your answer'
              : 'Cannot be answered here without a connection'
            : model.replay.position === undefined
              ? 'Not open any more'
              : 'Not answered yet at this moment'}
      </div>
    </div>
  );
}

/** What was answered, in words. */
export function answerText(
  answer: EventOf<'permission.answer'>['data'],
  options: EventOf<'permission.request'>['data']['options'],
): string {
  if (answer.outcome === 'withdrawn') return 'Withdrawn by the agent; nobody answered';
  const word = answer.outcome === 'allowed' ? 'Allowed' : 'Denied';
  const choice = options.find((option) => option.optionId === answer.optionId)?.name;
  return [...new Set([word, choice, answer.message])]
    .filter((part) => part !== undefined)
    .map((part) => oneLine(part))
    .join(' · ');
}
