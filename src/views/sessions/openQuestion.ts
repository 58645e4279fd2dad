import type { PermissionOption } from '../../storage/events';
import type { PermissionSummary, SessionSummary } from '../../supervisor/api';
import { plainMessage } from '../text/plainMessage';

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
