import { visibleLine } from '../../common/visibleText';
import type { PermissionOption } from '../../storage/events';
import type { PermissionSummary, SessionSummary } from '../../supervisor/api';
import { describeTool } from '../../tools/describeTool';
import type { ToolQuestion } from '../../tools/toolDescription';
import { plainMessage } from '../text/plainMessage';

/** Nobody reads a question faster. */
const READING_MS = 700;
/** What a button shows whole. */
const MAX_BUTTON_CHARACTERS = 40;
/** What the quick pick shows whole. */
const MAX_PLACEHOLDER_CHARACTERS = 80;

/** The question that the session's row shows; undefined where it shows something more urgent, or asks nothing. */
export function questionInRow(session: SessionSummary): PermissionSummary | undefined {
  const isHidden =
    session.checking || session.restored || session.unreachable !== undefined || session.paused !== undefined;
  return isHidden ? undefined : session.pendingPermissions[0];
}

/** A question as it was shown: of which run, and which of its requests. */
export function questionId({ currentRunId = '' }: SessionSummary, { requestId }: PermissionSummary): string {
  return `${currentRunId} ${requestId}`;
}

/** What a row shows: a question, and since when it stands in its place, in milliseconds since the epoch. */
export interface ShownQuestion {
  question: string;
  sinceMs: number;
}

/**
 * True for a click that was meant for what stood there before: the question that was just answered from a row, or the
 * row whose place another one took by that answer.
 */
export function isHastyAnswer(
  clicked: ShownQuestion,
  last: { question: string; answeredMs: number } | undefined,
  nowMs: number,
): boolean {
  if (last === undefined) return false;
  const since = clicked.question === last.question ? last.answeredMs : clicked.sinceMs;
  return since >= last.answeredMs && nowMs - since < READING_MS;
}

/**
 * The options that stand for “Allow” and “Deny”, for places that show no more than the question's title.
 * Undefined where that is not all that would be allowed: then only the timeline may ask.
 */
export function plainOptions({
  isWhole,
  options,
}: PermissionSummary): { allow: PermissionOption; deny: PermissionOption | undefined } | undefined {
  const [allow, ...others] = options.filter(({ kind }) => kind === 'allow_once');
  const deny = options.find(({ kind }) => kind === 'reject_once');
  const isClear = [allow, deny].every((option) => option === undefined || option.name.length <= MAX_BUTTON_CHARACTERS);
  return isWhole && isClear && allow !== undefined && others.length === 0 && allow.name !== deny?.name
    ? { allow, deny }
    : undefined;
}

/**
 * The agent's questions with all that can be chosen, where a quick pick shows all of it as it is.
 * Undefined where it asks for something else, or where only the timeline has room for it.
 */
export function questionsInPicker(pending: PermissionSummary): ToolQuestion[] | undefined {
  const { kind, questions } = describeTool({
    name: pending.toolName ?? '',
    title: pending.title,
    input: pending.input,
  });
  if (kind !== 'question' || questions.length === 0) return undefined;
  const fits = questions.every(
    ({ text, options }) =>
      isShownWhole(text) &&
      options.every(({ label, description = '' }) => isShownWhole(label) && isShownWhole(description)),
  );
  const isOffered = ({ options }: ToolQuestion): boolean =>
    options.every(({ label }) => pending.options.some(({ name }) => name === label));
  return fits && (pending.answerOption !== undefined || (questions.length === 1 && questions.every(isOffered)))
    ? questions
    : undefined;
}

function isShownWhole(text: string): boolean {
  return visibleLine(text, MAX_PLACEHOLDER_CHARACTERS).isExact;
}

/** True where a notification shows the title as it is. */
export function isPlainMessage({ title }: PermissionSummary): boolean {
  return plainMessage(title) === title;
}

/** True where a quick pick shows the question and its answers as they are. */
export function fitsQuickPick({ isWhole, title, options }: PermissionSummary): boolean {
  return (
    [title, ...options.map(({ name }) => name)].every((text) => text.length <= MAX_PLACEHOLDER_CHARACTERS) && isWhole
  );
}
