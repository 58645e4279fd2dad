import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import { sessionRow } from '../sessions/sessionRow';
import { plainLabel } from '../text/plainLabel';

/** What a menu, a key binding or another extension may pass to a command: a row of the tree, or a session's id. */
const argumentSchema = v.union([
  v.pipe(
    v.string(),
    v.transform((id) => ({ id })),
  ),
  v.object({ kind: v.literal('session'), id: v.string() }),
]);

export const hasBegun = (session: SessionSummary): boolean => session.runs.length > 0;
export const isRunning = (session: SessionSummary): boolean =>
  !isOutcome(session.state) && !session.restored && session.currentRunId !== undefined;

/** Asks which session a command is about, where that is open. */
export type ChooseSession = (
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
) => Promise<SessionSummary>;

/**
 * The session that a command is about: the one it was called on, else the only one that fits, else the one that is picked.
 * Throws CANCELLED, and INVALID_ARGUMENT with `noneSentence` where none fits.
 */
export async function chooseSession(
  supervisor: Supervisor,
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
): Promise<SessionSummary> {
  const given = v.safeParse(argumentSchema, argument);
  if (given.success) return await supervisor.getSession(given.output.id);
  const sessions = (await supervisor.listSessions()).filter(fits);
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
  if (chosen === undefined) throw new CorralError('CANCELLED', 'No session was chosen.');
  return chosen.session;
}
