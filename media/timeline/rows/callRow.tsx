import * as l10n from '@vscode/l10n';
import { describeTool, recordedCall } from '../../../src/tools/describeTool';
import { Icon } from '../../shared/icons';
import { joinParts, oneLine } from '../../shared/plainText';
import { formatDuration } from '../../shared/times';
import { PermissionRequestCard } from '../events/permission/permissionCards';
import { ToolParts } from '../events/permission/toolParts';
import { FileDiff } from '../events/diff/fileDiff';
import { Pictures } from '../events/pictures';
import { countLines } from '../events/text/lines';
import { CodeBlock } from '../events/text/textBlocks';
import { ChangedFile, FileChangeCard, Output } from '../events/toolCards';
import type { CardProps } from '../events/cardProps';
import { toolInputText } from '../events/toolInput';
import { CHANGE_LABELS, RESULT_LABELS } from '../events/toolLabels';
import { rowFold } from '../model/rows/listRows';
import { partFold } from '../model/rows/unfold';
import { callKind } from '../model/rows/foldEvents';
import type { CallFacts, PermissionAnswer, PermissionRequest, ToolCall } from '../model/rows/callIndex';
import { RowLine, RowPart } from './rowLine';
import './rows.css';

/** A longer output of a tool that succeeded is shown when its row is opened. */
const MAX_SHORT_LINES = 3;
/** Nobody waits for less. */
const MIN_DURATION_MS = 1_000;
/** A longer input is in the page, but its start is what the row shows. */
const MAX_LINE_COUNT = 10_000;

/** A tool call with everything that belongs to it: the question about it, its changes and its result. */
export function CallRow({ model, event, isLive }: CardProps<'tool.call'> & { isLive: boolean }) {
  const facts = model.events.callOf(event.runId, event.data.callId);
  const { request, result, changes } = facts;
  const answer = request === undefined ? undefined : model.events.answerOf(event.runId, request.data.requestId);
  if (request !== undefined && answer === undefined)
    return (
      <RowPart model={model} event={request}>
        <PermissionRequestCard model={model} event={request} />
      </RowPart>
    );
  const isOpen = model.isToggled(rowFold(event));
  const isAsking = asksPerson(event);
  const [change, ...others] = changes;
  return (
    <>
      {change === undefined ? (
        <RowLine model={model} event={event} title={<CallTitle model={model} event={event} />}>
          {request !== undefined && answer !== undefined && <ChoiceNote request={request} answer={answer} />}
          <CallStatus model={model} event={event} isLive={isLive} />
        </RowLine>
      ) : (
        <RowLine model={model} event={event} title={CHANGE_LABELS[change.data.change]}>
          <ChangedFile model={model} event={change} />
          <CallStatus model={model} event={event} isLive={isLive} />
        </RowLine>
      )}
      {change !== undefined && (
        <RowPart model={model} event={change}>
          <FileDiff model={model} event={change} />
        </RowPart>
      )}
      {others.map((other) => (
        <RowPart key={other.seq} model={model} event={other}>
          <FileChangeCard model={model} event={other} />
        </RowPart>
      ))}
      {isOpen && request !== undefined && isAsking ? (
        <PermissionRequestCard model={model} event={request} />
      ) : (
        isOpen && <CallInput model={model} event={event} facts={facts} />
      )}
      <CallOutput model={model} event={event} facts={facts} isOpen={isOpen} answer={answer} />
      {result !== undefined && <Pictures model={model} event={result} />}
    </>
  );
}

/** True for a call that asks a person: what was asked and chosen is all there is to read. */
function asksPerson(event: ToolCall): boolean {
  const kind = callKind(event);
  return kind === 'question' || kind === 'plan';
}

/** What a person chose, where that says more than that they allowed or denied it. */
function ChoiceNote({ request, answer }: { request: PermissionRequest; answer: PermissionAnswer }) {
  const { answers, message, outcome, optionId } = answer.data;
  const { options } = request.data;
  const option = options.find((each) => each.optionId === optionId);
  const isPlain =
    (outcome === 'allowed' && option?.kind === 'allow_once' && options.length <= 3) || option?.kind === 'reject_once';
  const name = request.data.toolName === 'AskUserQuestion' || !isPlain ? option?.name : undefined;
  const words = answers?.map((each) => each.filter((word) => word !== '').join(', ')).filter((said) => said !== '');
  const note = joinParts([...(words ?? [name]), message]);
  return note === '' ? null : (
    <span class="faint note" dir="auto">
      {note}
    </span>
  );
}

/** What the tool does, on one line; a command in the editor's font. */
function CallTitle({ model, event }: CardProps<'tool.call'>) {
  const { name, title, category } = event.data;
  const isCommand = category === 'execute';
  const shown = isCommand ? title : withinWorktree(title, model.session?.worktreePath);
  const text = oneLine(shown) || oneLine(name);
  return isCommand ? <code dir="auto">{text}</code> : <span dir="auto">{text}</span>;
}

/** The title with paths as they are inside of the worktree. */
function withinWorktree(title: string, root = ''): string {
  return root === '' ? title : title.replaceAll(`${root}/`, '').replaceAll(`${root}\\`, '').replaceAll(root, '.');
}

/** How the call ended and how long it took; while the run goes on, what it waits for. */
export function CallStatus({ model, event, isLive }: CardProps<'tool.call'> & { isLive: boolean }) {
  const { result } = model.events.callOf(event.runId, event.data.callId);
  if (result !== undefined) {
    const { status } = result.data;
    const durationMs = Date.parse(result.timestamp) - Date.parse(event.timestamp);
    return (
      <span class={`result result-${status}`}>
        <Icon name={status} />
        <span class={status === 'ok' ? 'unseen' : ''}>{RESULT_LABELS[status]}</span>
        {durationMs >= MIN_DURATION_MS && <span class="faint">{formatDuration(durationMs)}</span>}
      </span>
    );
  }
  if (!isLive) return null;
  return (
    <span class="result result-pending">
      {model.events.awaitsPermission(event.runId, event.data.callId)
        ? l10n.t('waits for your answer')
        : l10n.t('in progress')}
    </span>
  );
}

/** What the call does beyond its title, as a person reads it. The menu of the row opens it as it was recorded. */
function CallInput({ model, event, facts }: CardProps<'tool.call'> & { facts: CallFacts }) {
  const text = toolInputText(event.data.input);
  if (text === '') return null;
  if (event.cut?.['input'] !== undefined || event.data.blobs !== undefined)
    return <CodeBlock model={model} event={event} field="input" text={text} label={l10n.t('Input')} />;
  const roots = model.session?.worktreePath === undefined ? [] : [model.session.worktreePath];
  const description = describeTool(recordedCall(event.data), roots);
  // What was changed says more than what was to be.
  const edits = facts.changes.length > 0 ? [] : description.edits;
  return <ToolParts model={model} id={partFold(event, 'input')} description={{ ...description, edits }} look="plain" />;
}

interface CallOutputProps extends CardProps<'tool.call'> {
  facts: CallFacts;
  isOpen: boolean;
  answer: PermissionAnswer | undefined;
}

function CallOutput({ model, event, facts: { result, changes }, isOpen, answer }: CallOutputProps) {
  if (result === undefined) return null;
  const { status, output } = result.data;
  // The row says already that it was denied, and why.
  if (!isOpen && status === 'denied' && answer !== undefined) return null;
  if (output.trim() === '') return isOpen ? <div class="faint">{l10n.t('No output')}</div> : null;
  const lines = countLines(output, MAX_LINE_COUNT);
  const isShort =
    lines <= MAX_SHORT_LINES && changes.length === 0 && event.data.category !== 'read' && !asksPerson(event);
  const hasPictures = (result.data.pictures ?? []).length > 0;
  if (!isOpen && status === 'ok' && (!isShort || hasPictures)) return null;
  return (
    <RowPart model={model} event={result}>
      <Output model={model} event={result} />
    </RowPart>
  );
}
