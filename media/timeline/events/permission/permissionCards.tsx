import * as l10n from '@vscode/l10n';
import type { EventData, PermissionOption } from '../../../../src/storage/events';
import { describeTool, recordedRequest } from '../../../../src/tools/describeTool';
import type { ToolDescription, ToolKind } from '../../../../src/tools/toolDescription';
import { joinParts, oneLine } from '../../../shared/plainText';
import type { TimelineModel } from '../../model/timelineModel';
import type { CardProps, EventOf } from '../cardProps';
import { CodeBlock, Fold } from '../text/textBlocks';
import { toolInputText } from '../toolInput';
import { AnsweredQuestions } from './answeredQuestions';
import { PermissionAnswers } from './permissionAnswers';
import './permissionCards.css';
import { ToolParts } from './toolParts';

const HEADINGS: Record<ToolKind, string> = {
  shell: l10n.t('Allow this command?'),
  edit: l10n.t('Allow this change?'),
  write: l10n.t('Allow this change?'),
  read: l10n.t('Allow this to be read?'),
  search: l10n.t('Allow this search?'),
  fetch: l10n.t('Allow this request to the web?'),
  plan: l10n.t('Approve this plan?'),
  todo: l10n.t('Allow this plan?'),
  question: l10n.t('The agent asks'),
  agent: l10n.t('Allow this task for another agent?'),
  other: l10n.t('Allow this?'),
};

/** All that an answer allows, and all ways to answer. */
export function PermissionRequestCard({ model, event }: CardProps<'permission.request'>) {
  const { input, options, requestId } = event.data;
  const hasInput = !['', '{}'].includes(toolInputText(input));
  const permission = { runId: event.runId, requestId };
  const answer = model.events.answerOf(permission.runId, permission.requestId);
  const isPending = model.permissions.isPending(permission) && answer === undefined;
  const isConnected = model.lostSinceMs === undefined;
  const isWhole = isAllHere(event);
  const description = describe(model, event);
  const isRead = isWhole || model.actions.hasOpened(event, 'input');
  return (
    <section
      class={`permission ${isPending ? 'pending' : ''}`}
      data-testid="permission"
      tabIndex={isPending ? 0 : undefined}
      aria-label={`${HEADINGS[description.kind]} ${oneLine(description.title, 120)}`}
      onKeyDown={(key) => {
        if (isPending && isConnected) pressedInCard(model, event, key, isRead);
      }}
    >
      <RequestHeading event={event} description={description} />
      {description.risks.length > 0 && <div class="risks">{description.risks.join(' · ')}</div>}
      {isWhole && <ToolParts model={model} id={String(event.id)} description={description} look="exact" />}
      {answer !== undefined && isWhole && (
        <AnsweredQuestions questions={description.questions} answer={answer.data} options={options} />
      )}
      {!isWhole && <RawInput model={model} event={event} />}
      {isPending && (
        <PermissionAnswers
          model={model}
          event={event}
          questions={description.questions}
          isEnabled={isConnected && !model.permissions.isBeingAnswered(permission)}
          isRead={isRead}
        />
      )}
      {isWhole && hasInput && (
        <Fold model={model} event={event} name="raw" summary={l10n.t('Raw')}>
          <RawInput model={model} event={event} />
        </Fold>
      )}
      <div class="faint" role="status">
        {answer !== undefined
          ? answerText(answer.data, options)
          : unansweredText({ isPending, isConnected, isRead, isReplaying: model.replay.position !== undefined })}
      </div>
    </section>
  );
}

function RequestHeading({
  event,
  description,
}: {
  event: EventOf<'permission.request'>;
  description: ToolDescription;
}) {
  const { toolName, title } = event.data;
  const { kind } = description;
  // A command, an edit or a plan says it all below; a title of the agent's is only ever more.
  const isSaidBelow = kind === 'shell' || kind === 'plan' || description.edits.length > 0;
  const said = kind === 'question' && description.questions.length > 0 ? undefined : description.title || title;
  return (
    <>
      <div class="line">
        <strong>{HEADINGS[kind]}</strong>
        {toolName !== undefined && toolName !== '' && <span class="chip">{oneLine(toolName, 60)}</span>}
      </div>
      {!isSaidBelow && said !== undefined && (
        <div class="asked" dir="auto">
          {oneLine(said)}
        </div>
      )}
    </>
  );
}

/** The input as it came. */
function RawInput(props: CardProps<'permission.request'>) {
  const text = toolInputText(props.event.data.input);
  return <CodeBlock {...props} field="input" text={text} label={l10n.t('What is asked for')} look="exact" />;
}

function describe(model: TimelineModel, event: EventOf<'permission.request'>): ToolDescription {
  const { callId } = event.data;
  const call = callId === undefined ? undefined : model.events.callOf(event.runId, callId).call;
  const roots = model.session?.worktreePath === undefined ? [] : [model.session.worktreePath];
  return describeTool(recordedRequest(event.data, call?.cut === undefined ? call?.data : undefined), roots);
}

/** Keys of the card that has the focus: no other key ever answers. */
function pressedInCard(
  model: TimelineModel,
  { runId, data: { requestId, options, answerOption } }: EventOf<'permission.request'>,
  key: KeyboardEvent,
  isRead: boolean,
): void {
  if (!(key.ctrlKey || key.metaKey) || key.shiftKey || key.altKey || key.repeat || key.defaultPrevented) return;
  const [allow, ...others] = options.filter(({ kind }) => kind === 'allow_once');
  const isClear = isRead && allow !== undefined && others.length === 0 && answerOption === undefined;
  const chosen =
    key.key === 'Enter'
      ? isClear
        ? allow
        : undefined
      : key.key === 'Backspace' &&
          !(key.target instanceof HTMLTextAreaElement || key.target instanceof HTMLInputElement)
        ? options.find(({ kind }) => kind === 'reject_once')
        : undefined;
  if (chosen === undefined || model.permissions.isBeingAnswered({ runId, requestId })) return;
  key.preventDefault();
  key.stopPropagation();
  void model.permissions.answer({ runId, requestId }, { optionId: chosen.optionId });
}

export function PermissionAnswerCard({ event }: CardProps<'permission.answer'>) {
  return <div class="line">{answerText(event.data, [])}</div>;
}

/** What is allowed has to be there whole, be it in this card or in an editor. */
function isAllHere({ cut, data }: EventOf<'permission.request'>): boolean {
  const isStored = Object.keys(data.blobs ?? {}).some(
    (pointer) => pointer === '/input' || pointer.startsWith('/input/'),
  );
  return cut?.['input'] === undefined && !isStored;
}

function unansweredText(is: {
  isPending: boolean;
  isConnected: boolean;
  isRead: boolean;
  isReplaying: boolean;
}): string {
  if (is.isPending && !is.isConnected) return l10n.t('You cannot answer here until the connection is back');
  if (is.isPending)
    return is.isRead
      ? l10n.t('Waiting for your answer')
      : l10n.t('Show all of it, or open it in an editor, to allow it');
  return is.isReplaying ? l10n.t('Not answered yet at this moment') : l10n.t('No longer waiting for an answer');
}

/** The outcome, the option that was chosen, and what came with it. */
function answerText(answer: EventData<'permission.answer'>, options: readonly PermissionOption[]): string {
  if (answer.outcome === 'withdrawn') return l10n.t('Withdrawn by the agent before it was answered');
  const said = answer.answers?.map((words) => words.join(', ')).filter((words) => words !== '');
  if (said !== undefined) return joinParts([l10n.t('Answered'), ...said]);
  const outcome = answer.outcome === 'allowed' ? l10n.t('Allowed') : l10n.t('Denied');
  const chosen = options.find((option) => option.optionId === answer.optionId);
  // Where there was one way to allow or to deny, its name says nothing more.
  const isOnly = options.filter(({ kind }) => kind === chosen?.kind).length === 1 && chosen?.kind.endsWith('_once');
  return joinParts([outcome, isOnly === true ? undefined : chosen?.name, answer.message]);
}
