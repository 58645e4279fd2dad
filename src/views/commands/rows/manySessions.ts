/** Commands on several sessions at once. */
import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { showErrorMessage } from '../../text/messages';

/** See `ChooseSession`; gives all that are selected and fit where the command was called on several rows. */
export type ChooseSessions = (...parameters: Parameters<ChooseSession>) => Promise<SessionSummary[]>;

const MAX_NAMED = 10;

/** Rows of the tree; those of other kinds are passed over. */
const rowsSchema = v.array(v.looseObject({ kind: v.string(), id: v.optional(v.string()) }));

/** What a key of the tree passes. */
const selectionSchema = v.object({ kind: v.literal('selection') });

/**
 * What VS Code passes to a command of a menu: the row, and all that are selected where it is one of several. A key
 * passes no row, and stands for `selectedSessions`.
 */
export function rowsOf(row: unknown, selected: unknown, selectedSessions: readonly string[]): unknown {
  if (v.is(selectionSchema, row)) {
    const rows = selectedSessions.map((id) => ({ kind: 'session', id }));
    if (rows.length === 0)
      throw new CorralError('INVALID_ARGUMENT', vscode.l10n.t('Select a session in the list first.'));
    return rows.length === 1 ? rows[0] : rows;
  }
  return Array.isArray(selected) && selected.length > 1 ? selected : row;
}

export function chooseSessions(source: Pick<CorralApi, 'getSession'>, choose: ChooseSession): ChooseSessions {
  return async (argument, title, fits, none) => {
    const rows = v.safeParse(rowsSchema, argument);
    if (!rows.success) return [await choose(argument, title, fits, none)];
    const ids = rows.output.flatMap(({ kind, id }) => (kind === 'session' && id !== undefined ? [id] : []));
    const sessions = await Promise.all(ids.map(async (id) => await source.getSession(id)));
    return sessions.filter(fits);
  };
}

/** The titles of the sessions, one a line, for a question about all of them. */
export function listTitles(sessions: readonly SessionSummary[]): string {
  const titles = sessions.slice(0, MAX_NAMED).map(({ title }) => `“${title}”`);
  const more = sessions.length - titles.length;
  return [...titles, ...(more > 0 ? [vscode.l10n.t('and {0} more', more)] : [])].join('\n');
}

/** Acts on one after the other. What fails is told at the end, by the session's title, and stops none of the others. */
export async function forEachSession(
  sessions: readonly SessionSummary[],
  action: (session: SessionSummary) => Promise<void>,
): Promise<SessionSummary[]> {
  const [only, ...others] = sessions;
  if (only !== undefined && others.length === 0) {
    await action(only);
    return [only];
  }
  const done: SessionSummary[] = [];
  const failures: string[] = [];
  for (const session of sessions) {
    try {
      await action(session);
      done.push(session);
    } catch (error) {
      failures.push(`“${session.title}”: ${messageOf(error)}`);
    }
  }
  if (failures.length > 0) void showErrorMessage(failures.join('\n'));
  return done;
}
