/** Names of worktrees' folders, which people read in titles of windows and in paths. */
import { isId } from '../../storage/ids';

/** Windows limits a path to 260 characters. */
const MAX_SLUG_LENGTH = 20;
/** With a session's id after it. Earlier versions named a worktree by the id alone. */
const SLUG_BEFORE_ID = /^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?-(?=[^-]+$)/;

/** `<slug>-<sessionId>` with at most 20 ASCII characters of the title; the id alone where it has no such word. */
export function worktreeName(title: string, sessionId: string): string {
  const words = title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  const slug = (words ?? []).reduce((shorter, word) => {
    const longer = shorter === '' ? word.slice(0, MAX_SLUG_LENGTH) : `${shorter}-${word}`;
    return longer.length > MAX_SLUG_LENGTH ? shorter : longer;
  }, '');
  return slug === '' ? sessionId : `${slug}-${sessionId}`;
}

/** True for a name that `worktreeName` can give. Whose worktree it is, only its lock tells. */
export function isWorktreeName(name: string): boolean {
  return isId(name.replace(SLUG_BEFORE_ID, ''));
}
