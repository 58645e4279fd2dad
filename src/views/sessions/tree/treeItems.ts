import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { isOutcome } from '../../../storage/runState';
import type { SessionSummary } from '../../../supervisor/api';
import { hasBegun } from '../../sessionPredicates';
import { timelineUri } from '../../timelineUri';
import { contextValue } from '../rowFlags';
import { groupDescription, groupTitle } from '../sessionGroups';
import type { SessionRow } from '../sessionRow';
import { dayLabel } from './daySections';
import { PINNED_SCHEME, UNSEEN_SCHEME } from './rowBadges';
import { PINNED } from './treeModel';
import type { GroupNode, RepositoryNode, SectionNode, SessionNode } from './treeNodes';
import type { Situation } from './treeOptions';

const { Expanded, Collapsed, None } = vscode.TreeItemCollapsibleState;
/** Sections with nothing newer than this begin folded, unless somebody looks at one of their rows. */
const RECENT_MS = 7 * 86_400_000;

export const SITUATION_LABELS: Readonly<Record<Situation, string>> = {
  needsYou: vscode.l10n.t('Needs You'),
  running: vscode.l10n.t('Running'),
  waiting: vscode.l10n.t('Waiting'),
  completed: vscode.l10n.t('Completed'),
  failed: vscode.l10n.t('Failed'),
  stopped: vscode.l10n.t('Stopped'),
};
export const SITUATION_ICONS: Readonly<Record<Situation, string>> = {
  needsYou: 'bell-dot',
  running: 'play-circle',
  waiting: 'watch',
  completed: 'pass',
  failed: 'error',
  stopped: 'circle-slash',
};

/** Only at first: VS Code remembers how a person leaves it. */
function foldingOf(sessions: readonly SessionSummary[], isLookedAt: boolean): vscode.TreeItemCollapsibleState {
  const isRecent = ({ lastActivityAt }: SessionSummary): boolean => Date.now() - Date.parse(lastActivityAt) < RECENT_MS;
  return isLookedAt || sessions.some((session) => !isOutcome(session.state) || isRecent(session))
    ? Expanded
    : Collapsed;
}

export function repositoryItem(
  { path }: RepositoryNode,
  sessions: readonly SessionSummary[],
  { isHere, isLookedAt }: { isHere: boolean; isLookedAt: boolean },
): vscode.TreeItem {
  // Of sessions of which nothing can be read, the repository is not known.
  const unknown = path === '' ? vscode.l10n.t('Sessions that cannot be read') : undefined;
  const item = new vscode.TreeItem(unknown ?? basename(path), foldingOf(sessions, isHere || isLookedAt));
  item.id = `repository ${path}`;
  item.iconPath = new vscode.ThemeIcon('repo');
  if (!isHere && unknown === undefined) item.description = dirname(path);
  item.tooltip = unknown ?? path;
  item.contextValue = contextValue(unknown === undefined ? ['repository'] : ['unknown']);
  return item;
}

export function sectionItem(
  { key }: SectionNode,
  sessions: readonly SessionSummary[],
  isLookedAt: boolean,
): vscode.TreeItem {
  const situation = key in SITUATION_LABELS ? (key as Situation) : undefined; // the keys of the table
  const label =
    key === PINNED ? vscode.l10n.t('Pinned') : situation === undefined ? dayLabel(key) : SITUATION_LABELS[situation];
  const item = new vscode.TreeItem(label, foldingOf(sessions, isLookedAt || key === PINNED));
  item.id = `section ${key}`;
  item.description = String(sessions.length);
  const icon = key === PINNED ? 'pinned' : situation === undefined ? 'calendar' : SITUATION_ICONS[situation];
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = contextValue(['section']);
  const count = sessions.length === 1 ? vscode.l10n.t('1 session') : vscode.l10n.t('{0} sessions', sessions.length);
  item.accessibilityInformation = { label: `${label}, ${count}`, role: 'treeitem' };
  return item;
}

export function groupItem(node: GroupNode, sessions: readonly SessionSummary[]): vscode.TreeItem {
  const item = new vscode.TreeItem(groupTitle(node.group, sessions), Expanded);
  item.id = `group ${node.repository} ${node.group}`;
  item.description = groupDescription(sessions);
  item.iconPath = new vscode.ThemeIcon('git-compare');
  item.tooltip = sessions[0]?.prompt;
  item.contextValue = contextValue(['group']);
  return item;
}

export function sessionItem({ id }: SessionNode, session: SessionSummary, row: SessionRow): vscode.TreeItem {
  const { label, isUnseen, isPinned, icon, iconColor } = row;
  const item = new vscode.TreeItem(label, hasBegun(session) ? Collapsed : None);
  item.id = `session ${id}`;
  const mark = isUnseen ? UNSEEN_SCHEME : isPinned ? PINNED_SCHEME : undefined;
  if (mark !== undefined) item.resourceUri = vscode.Uri.from({ scheme: mark, path: `/${id}` });
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(icon, iconColor === undefined ? undefined : new vscode.ThemeColor(iconColor));
  item.contextValue = row.contextValue;
  item.accessibilityInformation = { label: row.accessibleLabel, role: 'treeitem' };
  // VS Code's own command: a click opens the preview tab and leaves the focus here, a double-click or Enter keeps it.
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open'), arguments: [timelineUri(session)] };
  return item;
}
