import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { sessionRow } from '../sessions/sessionRow';
import { sessionOfTimeline } from '../timelineUri';
import { plainLabel } from '../text/plainLabel';

/** What is needed to choose a session. */
export type SessionsSource = Pick<CorralApi, 'listSessions' | 'getSession'>;

/** What may be passed to a command: a row of the tree, a timeline's address, or a session's id. */
const argumentSchema = v.union([
  v.pipe(
    v.custom<vscode.Uri>((value) => value instanceof vscode.Uri),
    v.transform((uri) => ({ id: sessionOfTimeline(uri) })),
    v.object({ id: v.string() }),
  ),
  v.pipe(
    v.string(),
    v.transform((id) => ({ id })),
  ),
  v.object({ kind: v.picklist(['session', 'changes', 'run', 'worktree']), id: v.string() }),
]);

/** What a person has in front of them, of which a command may be meant that was called without an argument. */
export interface SessionsInFront {
  /** The session whose timeline or review is in the active tab. */
  active: (sessions: readonly SessionSummary[]) => string | undefined;
  /** The session whose row is selected in the tree. */
  selected: () => string | undefined;
}

/** See `chooseSession`. */
export type ChooseSession = (
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
) => Promise<SessionSummary>;

/**
 * The session that a command is about: the one it was called on, else that of the active timeline or review, else the
 * selected one, as far as they fit. A person picks where several others fit.
 *
 * @throws INVALID_ARGUMENT with `noneSentence` where none fits
 * @throws CANCELLED
 */
export async function chooseSession(
  source: SessionsSource,
  inFront: SessionsInFront,
  argument: unknown,
  title: string,
  fits: (session: SessionSummary) => boolean,
  noneSentence: string,
): Promise<SessionSummary> {
  const given = v.safeParse(argumentSchema, argument);
  if (given.success) return await source.getSession(given.output.id);
  const all = await source.listSessions();
  const sessions = all.filter(fits);
  const findFitting = (id: string | undefined): SessionSummary | undefined => sessions.find((each) => each.id === id);
  const near = findFitting(inFront.active(all)) ?? findFitting(inFront.selected());
  if (near !== undefined) return near;
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
