import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../../../common/errors';
import { oneLine } from '../../../common/oneLine';
import { visibleText } from '../../../common/visibleText';
import type { RunSummary, SessionSummary } from '../../../supervisor/api';
import type { WorktreeControl } from '../../../supervisor/lifecycle/worktreeControl';
import { comparedFile, type SideOf } from '../../review/changesEditor';
import { revisionUri } from '../../review/revisionFiles';
import { timelineUri } from '../../timelineUri';
import { COMMANDS } from '../../text/contributions';
import { shortElapsedTime } from '../../text/elapsedTime';
import { shownStatus, statusLabel } from '../../text/statusLabel';
import { describeChanges, worktreeFolder, worktreePlace } from '../../text/worktreeLabels';
import { contextValue } from '../rowFlags';
import { sessionRow } from '../sessionRow';
import { CHANGED_FILE_SCHEME } from './rowBadges';
import { runLabel, runLook } from './runLooks';
import type { DetailNode, Relation } from './treeNodes';

const { None, Collapsed } = vscode.TreeItemCollapsibleState;
/** More is rather looked at in a review. */
const MAX_FILES = 200;

/** What the rows below a session need of the supervisor. */
export interface DetailsSource {
  worktree(id: string): Promise<Pick<WorktreeControl, 'changes'>>;
}

/** The rows below a session: its changes, its runs, its worktree, and the sessions that it has to do with. */
export function detailsOf(session: SessionSummary, others: readonly SessionSummary[]): DetailNode[] {
  const { id, runs, baseCommit } = session;
  const relatives = others.flatMap((other) => {
    const relation = relationOf(session, other);
    return relation === undefined ? [] : [{ kind: 'relative' as const, id, relation, otherId: other.id }];
  });
  return [
    ...(baseCommit === '' ? [] : [{ kind: 'changes' as const, id }]),
    ...runs.map(({ runId }) => ({ kind: 'run' as const, id, runId })),
    ...(baseCommit === '' ? [] : [{ kind: 'worktree' as const, id }]),
    ...relatives,
  ];
}

function relationOf({ id, startedBy }: SessionSummary, other: SessionSummary): Relation | undefined {
  if (other.deleted) return undefined;
  if (other.id === startedBy?.sessionId) return 'parent';
  if (other.startedBy?.sessionId === id) return 'child';
  return other.dependsOn?.includes(id) === true ? 'follower' : undefined;
}

const RELATIONS: Record<Relation, string> = {
  parent: vscode.l10n.t('started this one'),
  child: vscode.l10n.t('started by this one'),
  follower: vscode.l10n.t('starts after this one'),
};

/** The changed files, read when their row is unfolded. */
export async function changedFiles(source: DetailsSource, id: string): Promise<DetailNode[]> {
  try {
    const { before, after, worktreePath, changes } = await (await source.worktree(id)).changes();
    const isInPlace = worktreePath !== undefined;
    const more = changes.length - MAX_FILES;
    return [
      ...changes.slice(0, MAX_FILES).map((change) => ({ kind: 'file' as const, id, change, before, after, isInPlace })),
      ...(changes.length === 0 ? [{ kind: 'note' as const, id, text: vscode.l10n.t('no changes') }] : []),
      ...(more > 0 ? [{ kind: 'note' as const, id, text: vscode.l10n.t('and {0} more', more) }] : []),
    ];
  } catch (error) {
    return [{ kind: 'note', id, text: messageOf(error) }];
  }
}

export function detailItem(node: DetailNode, session: SessionSummary, other?: SessionSummary): vscode.TreeItem {
  switch (node.kind) {
    case 'changes':
      return changesItem(session);
    case 'file':
      return fileItem(node, session);
    case 'run':
      return runItem(
        session,
        session.runs.find(({ runId }) => runId === node.runId),
      );
    case 'worktree':
      return worktreeItem(session);
    case 'relative':
      return relativeItem(session, node.relation, other);
    case 'note': {
      const item = new vscode.TreeItem('');
      item.id = `note ${session.id}`;
      item.description = node.text;
      return item;
    }
  }
}

function changesItem({ id, changes }: SessionSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Changes'), Collapsed);
  item.id = `changes ${id}`;
  if (changes !== undefined) item.description = describeChanges(changes);
  item.iconPath = new vscode.ThemeIcon('diff-multiple');
  item.contextValue = contextValue(['changes']);
  return item;
}

function fileItem(node: DetailNode & { kind: 'file' }, session: SessionSummary): vscode.TreeItem {
  const { change, before, after, isInPlace } = node;
  const { path, kind } = change;
  const item = new vscode.TreeItem(basename(path), None);
  item.id = `file ${session.id} ${path}`;
  item.description = path.includes('/') ? dirname(path) : '';
  // An address of our own: that of the file would bring what Source Control and Problems say about it.
  item.resourceUri = vscode.Uri.from({ scheme: CHANGED_FILE_SCHEME, path: `/${path}`, query: kind });
  item.iconPath = vscode.ThemeIcon.File;
  if (change.filter !== undefined)
    item.tooltip = vscode.l10n.t(
      '{path}: Git’s filter “{filter}” changes this file when it is stored, so a side that comes from Git looks as the filter made it.',
      { path: visibleText(path), filter: visibleText(change.filter) },
    );
  const at =
    (revision: string): SideOf =>
    (file, kept) =>
      revisionUri(worktreeFolder(session), file, session.repository, revision, kept);
  const onDisk = (file: string): vscode.Uri => vscode.Uri.joinPath(vscode.Uri.file(session.worktreePath), file);
  const [, left, right] = comparedFile(change, at(before), isInPlace ? onDisk : at(after));
  const title = `${basename(path)} · ${session.title}`;
  item.command =
    left !== undefined && right !== undefined
      ? { command: 'vscode.diff', title: vscode.l10n.t('Open'), arguments: [left, right, title, { preview: true }] }
      : { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [left ?? right] };
  return item;
}

function runItem({ id, runs }: SessionSummary, run: RunSummary | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Run {0}', run?.ordinal ?? 0), None);
  item.id = `run ${id} ${run?.runId ?? ''}`;
  if (run === undefined) return item;
  const since = run.endedAt ?? run.startedAt;
  const age = since === undefined ? [] : [shortElapsedTime(since, Date.now())];
  const agent = runs.some((each) => each.agent !== run.agent) ? [run.agent] : [];
  item.description = [...agent, runLabel(run.state), ...age].join(' · ');
  const { icon, color } = runLook(run.state);
  item.iconPath = new vscode.ThemeIcon(icon, color === undefined ? undefined : new vscode.ThemeColor(color));
  item.contextValue = contextValue(['run']);
  const row = { kind: 'run', id, runId: run.runId };
  item.command = { command: COMMANDS.replayTimeline, title: vscode.l10n.t('Open'), arguments: [row] };
  return item;
}

function worktreeItem(session: SessionSummary): vscode.TreeItem {
  const { id, branch, host } = session;
  const place = worktreePlace(session);
  const item = new vscode.TreeItem(vscode.l10n.t('Worktree'), None);
  item.id = `worktree ${id}`;
  item.description = branch ?? host?.name ?? basename(place);
  item.tooltip = place;
  item.iconPath = new vscode.ThemeIcon('git-branch');
  item.contextValue = contextValue(['folder']);
  return item;
}

/** Looks like the other session's own row, with what it has to do with this one. */
function relativeItem({ id }: SessionSummary, relation: Relation, other: SessionSummary | undefined): vscode.TreeItem {
  const item = new vscode.TreeItem(other?.title ?? '', None);
  item.id = `${relation} ${id} ${other?.id ?? ''}`;
  item.description = RELATIONS[relation];
  if (other === undefined) return item; // just removed
  const { icon, iconColor } = sessionRow(other, Date.now());
  item.iconPath = new vscode.ThemeIcon(icon, iconColor === undefined ? undefined : new vscode.ThemeColor(iconColor));
  const label = [oneLine(other.title), RELATIONS[relation], statusLabel(shownStatus(other))].join(', ');
  item.tooltip = label;
  item.accessibilityInformation = { label };
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [timelineUri(other)] };
  return item;
}
