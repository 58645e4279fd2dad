import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { NativeSession } from '../../supervisor/imports/nativeSession';
import type { Supervisor } from '../../supervisor/supervisor';
import { elapsedTime } from '../text/elapsedTime';
import { inProgress } from '../progress';
import { plainLabel } from '../text/plainLabel';

/** A session that an agent had in the repository without Corral. Throws CANCELLED, and INVALID_ARGUMENT where there is none. */
export async function chooseNativeSession(supervisor: Supervisor, repository: string): Promise<NativeSession> {
  const sessions = await inProgress(async () => await (await supervisor.nativeSessions()).list(repository));
  if (sessions.length === 0)
    throw new CorralError(
      'INVALID_ARGUMENT',
      'Neither Claude Code nor Codex has a session in this repository that Corral does not know.',
    );
  const items = sessions.map((session) => ({
    label: plainLabel(session.title),
    description: `${session.agent} · ${elapsedTime(session.updatedAt, Date.now())}`,
    detail: session.cwd,
    session,
  }));
  const title = 'Import Agent Session';
  const placeHolder = 'It gets a worktree with what is in your checkout now, and the agent goes on there.';
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', 'No session was chosen.');
  return chosen.session;
}
