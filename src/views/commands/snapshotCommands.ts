import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { ListedSnapshot } from '../../supervisor/git/snapshots/snapshotList';
import type { SnapshotPoint, WorktreeControl } from '../../supervisor/lifecycle/worktreeControl';
import { startingPlace } from '../pickers/repositoryChoice';
import type { ChooseSession } from '../pickers/sessionChoice';
import { inProgress } from '../progress';
import { showChanges } from '../review/changesEditor';
import { hasBegun, isOpen } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import { elapsedTime } from '../text/elapsedTime';
import { showInformationMessage } from '../text/messages';
import { plainLabel } from '../text/plainLabel';
import { describeChanges } from '../text/worktreeLabels';
import type { Attempt, CommandActions } from './commandRunner';
import type { SessionStarter } from './sessionStarter';

export type SnapshotCommandName = Extract<CommandName, 'takeSnapshot' | 'showSnapshots'>;

/** What these commands need of the supervisor. */
export interface SnapshotsSource {
  worktree(id: string): Promise<Pick<WorktreeControl, 'changes' | 'snapshots' | 'takeSnapshot' | 'restoreSnapshot'>>;
}

export interface SnapshotCommandsOptions {
  source: SnapshotsSource;
  choose: ChooseSession;
  attempt: Attempt;
  starter: SessionStarter;
}

/** A snapshot of the session, or what it started from: then there is no `previous`. */
interface PastPoint {
  label: string;
  commit: string;
  previous: SnapshotPoint | undefined;
}

/** Names a snapshot, where the caller knows which one is wanted. */
const snapshotArgumentSchema = v.object({ commit: v.string() });

/** Commands to take, compare and restore snapshots, and to start a session from one. */
export function snapshotCommands(options: SnapshotCommandsOptions): CommandActions<SnapshotCommandName> {
  const { source, choose } = options;
  const chooseBegun = async (argument: unknown, title: string): Promise<SessionSummary> =>
    await choose(argument, title, hasBegun, vscode.l10n.t('No session has begun yet.'));
  return {
    takeSnapshot: async (argument) =>
      await takeSnapshot(source, await chooseBegun(argument, vscode.l10n.t('Take Snapshot'))),
    showSnapshots: async (argument) => {
      const session = await chooseBegun(argument, vscode.l10n.t('Snapshots'));
      const items = pointItems(
        session,
        await inProgress(async () => await (await source.worktree(session.id)).snapshots()),
      );
      const given = v.safeParse(snapshotArgumentSchema, argument);
      const wanted = given.success ? items.find(({ point }) => point.commit === given.output.commit) : undefined;
      if (wanted !== undefined) {
        await actOn(options, session, wanted.point);
        return;
      }
      const take: vscode.QuickPickItem & { point?: PastPoint } = {
        label: `$(device-camera) ${vscode.l10n.t('Take a Snapshot Now')}`,
      };
      const chosen = await vscode.window.showQuickPick([take, ...items], {
        title: vscode.l10n.t('Snapshots · {title}', { title: session.title }),
        placeHolder: vscode.l10n.t('Choose a snapshot to see what can be done with it'),
        matchOnDescription: true,
        matchOnDetail: true,
      });
      if (chosen === take) await takeSnapshot(source, session);
      else if (chosen?.point !== undefined) await actOn(options, session, chosen.point);
    },
  };
}

async function takeSnapshot(source: SnapshotsSource, { id, title }: SessionSummary): Promise<void> {
  const { changed } = await inProgress(async () => await (await source.worktree(id)).takeSnapshot());
  void showInformationMessage(
    changed
      ? vscode.l10n.t('Took a snapshot of “{title}”.', { title })
      : vscode.l10n.t('The files of “{title}” are the same as in its last snapshot.', { title }),
  );
}

/** Asks what to do with the point, and does it. */
async function actOn(options: SnapshotCommandsOptions, session: SessionSummary, point: PastPoint): Promise<void> {
  const { label, commit, previous } = point;
  const { title } = session;
  const compare = async (from: SnapshotPoint, to: SnapshotPoint, comparedTitle: string): Promise<void> => {
    const comparison = await inProgress(
      async () => await (await options.source.worktree(session.id)).changes(from, to),
    );
    const none = vscode.l10n.t('No file differs: {comparison}.', { comparison: comparedTitle });
    await showChanges(session, `${title}: ${comparedTitle}`, comparison, none);
  };
  const actions: (vscode.QuickPickItem & { run: () => Promise<void> })[] = [
    {
      label: `$(diff) ${vscode.l10n.t('Compare with Now')}`,
      run: async () => await compare(commit, 'now', vscode.l10n.t('{point}, and now', { point: label })),
    },
  ];
  if (previous !== undefined)
    actions.push(
      {
        label: `$(diff) ${vscode.l10n.t('Compare with the One Before')}`,
        run: async () =>
          await compare(previous, commit, vscode.l10n.t('{point}, and the one before', { point: label })),
      },
      {
        label: `$(diff) ${vscode.l10n.t('Compare with the Base')}`,
        run: async () => await compare('base', commit, vscode.l10n.t('{point}, and the base', { point: label })),
      },
    );
  if (!isOpen(session))
    actions.push({
      label: `$(discard) ${vscode.l10n.t('Restore the Files')}`,
      description: vscode.l10n.t('as they are now, they are kept in a snapshot'),
      run: async () => await restoreSnapshot(options, session, point),
    });
  actions.push({
    label: `$(repo-forked) ${vscode.l10n.t('New Session from It…')}`,
    run: async () =>
      await options.starter.start(await startingPlace(session), {
        base: { label: `“${title}”, ${label}`, revision: commit, includeChanges: false },
        agent: session.agent,
      }),
  });
  const chosen = await vscode.window.showQuickPick(actions, {
    title: `${title} · ${label}`,
    placeHolder: vscode.l10n.t('What do you want to do with it?'),
  });
  await chosen?.run();
}

async function restoreSnapshot(
  { source, attempt }: SnapshotCommandsOptions,
  { id, title }: SessionSummary,
  { label, commit }: PastPoint,
): Promise<void> {
  const worktree = await source.worktree(id);
  const { before } = await inProgress(async () => await worktree.restoreSnapshot(commit));
  const undo = vscode.l10n.t('Undo');
  const names = { title, point: label };
  // Not awaited: the notification stays as long as the person likes, and the command is done.
  void showInformationMessage(
    vscode.l10n.t('The files of “{title}” are restored: {point}. A snapshot keeps what they were before.', names),
    undo,
  ).then(async (chosen) => {
    if (chosen !== undo) return;
    await attempt('showSnapshots', async () => {
      await inProgress(async () => await worktree.restoreSnapshot(before));
      void showInformationMessage(vscode.l10n.t('The files of “{title}” are as they were before.', { title }));
    });
  });
}

/** The run in which a snapshot was taken, where there are several: each counts its own turns. */
function runAt({ runs }: SessionSummary, takenAt: string): string[] {
  const run = runs.findLast(({ startedAt = '' }) => startedAt !== '' && startedAt <= takenAt);
  return run === undefined || runs.length === 1 ? [] : [vscode.l10n.t('run {0}', run.ordinal)];
}

/** Newest first; the base is last. */
function pointItems(
  session: SessionSummary,
  snapshots: readonly ListedSnapshot[],
): (vscode.QuickPickItem & { point: PastPoint })[] {
  const nowMs = Date.now();
  const items = snapshots.map(({ commit, message, takenAt, ...counts }, index) => ({
    label: `$(history) ${plainLabel(message)}`,
    description: [...runAt(session, takenAt), describeChanges(counts), elapsedTime(takenAt, nowMs)].join(' · '),
    detail: `${new Date(takenAt).toLocaleString()} · ${commit.slice(0, 10)}`,
    point: {
      label: message.charAt(0).toLowerCase() + message.slice(1),
      commit,
      previous: snapshots[index + 1]?.commit ?? 'base',
    },
  }));
  const base = { label: vscode.l10n.t('at its base'), commit: session.baseCommit, previous: undefined };
  const baseItem = { label: `$(git-commit) ${vscode.l10n.t('The base')}`, detail: session.baseCommit.slice(0, 10) };
  return [...items, { ...baseItem, point: base }];
}
