import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { sessionRow } from '../sessions/sessionRow';
import { plainLabel } from '../text/plainLabel';

/** What is needed to choose a session. */
export type SessionsSource = Pick<CorralApi, 'listSessions' | 'getSession'>;

/** What may be passed to a command: a row of the tree, or a session's id. */
const argumentSchema = v.union([
  v.pipe(
    v.string(),
    v.transform((id) => ({ id })),
  ),
  v.object({ kind: v.literal('session'), id: v.string() }),
]);

/** See `chooseSession`. */
export type ChooseSession = (
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
) => Promise<SessionSummary>;

/**
 * The session that a command is about: the one it was called on, else the one that fits.
 * A person picks where several fit.
 *
 * @throws INVALID_ARGUMENT with `noneSentence` where none fits
 * @throws CANCELLED
 */
export async function chooseSession(
  source: SessionsSource,
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
): Promise<SessionSummary> {
  const given = v.safeParse(argumentSchema, argument);
  if (given.success) return await source.getSession(given.output.id);
  const sessions = (await source.listSessions()).filter(fits);
  const [only, ...others] = sessions;
  if (only === undefined) throw new CorralError('INVALID_ARGUMENT', noneSentence);
  if (others.length === 0) return only;
  const items = sessions.map((session) => {
    const { label, description, icon } = sessionRow(session, Date.now());
    return {
      label: plainLabel(label),
      description: plainLabel(description),
      detail: session.repository,
      iconPath: new vscode.ThemeIcon(icon.replace('~spin', '')),
      session,
    };
  });
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No session was chosen.'));
  return chosen.session;
}
