import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { ListedSnapshot } from '../../supervisor/git/snapshots/snapshotList';
import type { Supervisor } from '../../supervisor/supervisor';
import type { SnapshotPoint } from '../../supervisor/lifecycle/worktreeControl';
import { elapsedTime } from '../text/elapsedTime';
import type { SessionDraft } from './newSession';
import { showChanges } from '../review/changesEditor';
import { showInformationMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { inProgress } from '../progress';
import type { ChooseSession } from '../pickers/sessionChoice';
import { hasBegun, isRunning } from '../pickers/sessionChoice';
import { describeChanges } from '../text/worktreeLabels';
import { plainLabel } from '../text/plainLabel';

export type SnapshotCommandName = Extract<CommandName, 'takeSnapshot' | 'showSnapshots'>;

export interface SnapshotCommandsOptions {
  supervisor: Supervisor;
  choose: ChooseSession;
  /** Runs an action as a command does, with its errors shown. */
  attempt: (doing: string, action: () => Promise<void>) => Promise<void>;
  /** Asks for a prompt and starts a session from there. */
  startSession: (repository: string, draft: Pick<SessionDraft, 'base' | 'agent'>) => Promise<void>;
}

/** One of the session's moments: a snapshot, or what it began with. */
type PastSnapshotPoint = { label: string; commit: string; previous: SnapshotPoint | undefined };

/** A view that knows the snapshot already, such as the timeline, names it. */
const snapshotArgumentSchema = v.object({ commit: v.string() });

/** To look at what a session's files were at some moment, to go back there, and to start another session from there. */
export function snapshotCommands({
  supervisor,
  choose,
  attempt,
  startSession,
}: SnapshotCommandsOptions): Record<SnapshotCommandName, (argument: unknown) => Promise<void>> {
  async function takeSnapshot(session: SessionSummary): Promise<void> {
    const { changed } = await inProgress(async () => await (await supervisor.worktree(session.id)).takeSnapshot());
    const sentence = changed
      ? `The files of “${session.title}” are in a snapshot.`
      : `The files of “${session.title}” are as in its last snapshot.`;
    void showInformationMessage(sentence);
  }

  async function compare(
    session: SessionSummary,
    { label }: PastSnapshotPoint,
    from: SnapshotPoint,
    to: SnapshotPoint,
    words: string,
  ): Promise<void> {
    const comparison = await inProgress(async () => await (await supervisor.worktree(session.id)).changes(from, to));
    await showChanges(
      session,
      `${session.title}: ${label}, ${words}`,
      comparison,
      `No file differs: ${label}, ${words}.`,
    );
  }

  async function restoreSnapshot(session: SessionSummary, { label, commit }: PastSnapshotPoint): Promise<void> {
    const worktree = await supervisor.worktree(session.id);
    const { before } = await inProgress(async () => await worktree.restoreSnapshot(commit));
    const undo = 'Undo';
    // Not awaited: the notification stays as long as the person likes, and the command is done.
    void showInformationMessage(
      `The worktree of “${session.title}” is as it was: ${label}. What it was before is in a snapshot.`,
      undo,
    ).then(async (chosen) => {
      if (chosen !== undo) return;
      await attempt('showSnapshots', async () => {
        await inProgress(async () => await worktree.restoreSnapshot(before));
        void showInformationMessage(`The worktree of “${session.title}” is again as it was before.`);
      });
    });
  }

  async function act(session: SessionSummary, moment: PastSnapshotPoint): Promise<void> {
    const { label, commit, previous } = moment;
    const actions: (vscode.QuickPickItem & { run: () => Promise<void> })[] = [
      { label: '$(diff) Compare with Now', run: async () => await compare(session, moment, commit, 'now', 'and now') },
    ];
    if (previous !== undefined)
      actions.push(
        {
          label: '$(diff) Compare with the One Before',
          run: async () => await compare(session, moment, previous, commit, 'and the one before'),
        },
        {
          label: '$(diff) Compare with the Base',
          run: async () => await compare(session, moment, 'base', commit, 'and the base'),
        },
      );
    if (!isRunning(session))
      actions.push({
        label: '$(discard) Put the Worktree Back to It',
        description: 'after a snapshot of now',
        run: async () => await restoreSnapshot(session, moment),
      });
    actions.push({
      label: '$(repo-forked) New Session from It…',
      run: async () =>
        await startSession(session.repository, {
          base: { label: `“${session.title}”, ${label}`, revision: commit, includeChanges: false },
          agent: session.agent,
        }),
    });
    const chosen = await vscode.window.showQuickPick(actions, {
      title: `${session.title} · ${label}`,
      placeHolder: 'What do you want with it?',
    });
    await chosen?.run();
  }

  return {
    takeSnapshot: async (argument) =>
      await takeSnapshot(await choose(argument, 'Take Snapshot', hasBegun, 'No session has begun yet.')),
    showSnapshots: async (argument) => {
      const session = await choose(argument, 'Snapshots', hasBegun, 'No session has begun yet.');
      const moments = momentItems(
        session,
        await inProgress(async () => await (await supervisor.worktree(session.id)).snapshots()),
      );
      const given = v.safeParse(snapshotArgumentSchema, argument);
      const named = given.success ? moments.find(({ moment }) => moment.commit === given.output.commit) : undefined;
      if (named !== undefined) {
        await act(session, named.moment);
        return;
      }
      const take: vscode.QuickPickItem & { moment?: PastSnapshotPoint } = {
        label: '$(device-camera) Take a Snapshot Now',
      };
      const chosen = await vscode.window.showQuickPick([take, ...moments], {
        title: `Snapshots · ${session.title}`,
        placeHolder: 'Which moment?',
        matchOnDescription: true,
        matchOnDetail: true,
      });
      if (chosen === take) await takeSnapshot(session);
      else if (chosen?.moment !== undefined) await act(session, chosen.moment);
    },
  };
}

function momentItems(
  session: SessionSummary,
  snapshots: readonly ListedSnapshot[],
): (vscode.QuickPickItem & { moment: PastSnapshotPoint })[] {
  const now = Date.now();
  const items = snapshots.map(({ commit, message, takenAt, ...counts }, index) => ({
    label: `$(history) ${plainLabel(message)}`,
    description: `${describeChanges(counts)} · ${elapsedTime(takenAt, now)}`,
    detail: `${new Date(takenAt).toLocaleString()} · ${commit.slice(0, 10)}`,
    moment: {
      label: message.charAt(0).toLowerCase() + message.slice(1),
      commit,
      previous: snapshots[index + 1]?.commit ?? 'base',
    },
  }));
  const base = { label: 'at its base', commit: session.baseCommit, previous: undefined };
  return [...items, { label: '$(git-commit) The base', detail: session.baseCommit.slice(0, 10), moment: base }];
}
