import * as l10n from '@vscode/l10n';
import type { SessionSummary } from '../../supervisor/api';
import type { WorktreeSummary } from '../../supervisor/git/worktrees/worktreeSummary';

const MAX_NAMED = 3;

/** The folder of the session's worktree, which may be one on another host; '' where there is none yet. */
export function worktreeFolder({
  worktreePath,
  worktreeUri,
}: Pick<SessionSummary, 'worktreePath' | 'worktreeUri'>): string {
  return worktreeUri === undefined ? worktreePath : decodeURIComponent(new URL(worktreeUri).pathname);
}

/** The path of the session's worktree, or its address on another host. */
export function worktreePlace({ worktreePath, worktreeUri }: SessionSummary): string {
  return worktreeUri === undefined ? worktreePath : decodeURI(worktreeUri);
}

/**
 * What goes with a session, for the question before it is deleted.
 * `summary` is `unknown` where the work could not be counted, undefined where there is no worktree.
 */
export function deletionDetail(summary: WorktreeSummary | 'unknown' | undefined, isRunning: boolean): string {
  return [
    ...(isRunning ? [l10n.t('The session is running and will be stopped.')] : []),
    ...worktreeDetail(summary),
    l10n.t('Its history stays.'),
  ].join(' ');
}

/** The same for several sessions. `open` of them run. */
export function deletionDetailOfMany(
  summaries: readonly (WorktreeSummary | 'unknown' | undefined)[],
  open: number,
): string {
  const counted = summaries.filter((each) => each !== undefined && each !== 'unknown');
  const sum = (count: (summary: WorktreeSummary) => number): number =>
    counted.reduce((total, summary) => total + count(summary), 0);
  const work = describeWork({
    changedFiles: sum(({ changedFiles }) => changedFiles),
    untrackedFiles: sum(({ untrackedFiles }) => untrackedFiles),
    commits: sum(({ commits }) => commits),
  });
  const uncounted = summaries.filter((each) => each === 'unknown').length;
  return [
    ...(open === 0 ? [] : [l10n.t('Those that run will be stopped: {0}.', open)]),
    work === ''
      ? l10n.t('Their worktrees hold no work of their own.')
      : l10n.t('Their worktrees hold {work}. All of it is kept in snapshots; “Undo Delete” brings it back.', { work }),
    ...(uncounted === 0 ? [] : [l10n.t('Worktrees whose work could not be counted: {0}.', uncounted)]),
    l10n.t('Their history stays.'),
  ].join(' ');
}

function worktreeDetail(summary: WorktreeSummary | 'unknown' | undefined): string[] {
  if (summary === undefined)
    return [l10n.t('Its worktree is missing. “Undo Delete” makes it again from the last snapshot.')];
  if (summary === 'unknown')
    return [l10n.t('The work in its worktree could not be counted. “Undo Delete” brings all of it back.')];
  const work = describeWork(summary);
  return [
    work === ''
      ? l10n.t('Its worktree holds no work of its own.')
      : l10n.t('Its worktree holds {work}. All of it is kept in a snapshot; “Undo Delete” brings it back.', { work }),
    ...(summary.replaceable.length > 0
      ? [l10n.t('Not kept, because tools can make it again: {paths}.', { paths: listPaths(summary.replaceable) })]
      : []),
  ];
}

/** The work in a worktree, counted; empty where there is none. */
export function describeWork({
  changedFiles,
  untrackedFiles,
  commits,
}: Pick<WorktreeSummary, 'changedFiles' | 'untrackedFiles' | 'commits'>): string {
  const parts: string[] = [];
  if (changedFiles > 0)
    parts.push(changedFiles === 1 ? l10n.t('1 changed file') : l10n.t('{0} changed files', changedFiles));
  if (untrackedFiles > 0)
    parts.push(untrackedFiles === 1 ? l10n.t('1 new file') : l10n.t('{0} new files', untrackedFiles));
  if (commits > 0)
    parts.push(commits === 1 ? l10n.t('1 commit on no branch') : l10n.t('{0} commits on no branch', commits));
  return joinWithAnd(parts);
}

/** What a worktree holds, also where that is nothing or could not be counted. */
export function describeContents(summary: WorktreeSummary | 'unknown'): string {
  if (summary === 'unknown') return l10n.t('work that could not be counted');
  const work = describeWork(summary);
  return work === '' ? l10n.t('no work of its own') : work;
}

/** How much differs: `3 files, +12 −4`. */
export function describeChanges({
  files,
  addedLines,
  removedLines,
}: {
  files: number;
  addedLines: number;
  removedLines: number;
}): string {
  if (files === 0) return l10n.t('no changes');
  const lines = `+${addedLines} −${removedLines}`;
  return files === 1 ? l10n.t('1 file, {lines}', { lines }) : l10n.t('{files} files, {lines}', { files, lines });
}

/** The names of folders, each once: `node_modules and target`. */
export function describeFolders(folders: readonly { name: string }[]): string {
  return listPaths([...new Set(folders.map(({ name }) => name.split('/').at(-1) ?? name))]);
}

function joinWithAnd(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : l10n.t('{0} and {1}', parts.slice(0, -1).join(', '), last);
}

/** The first `most` paths, and how many more there are: `a, b and 2 more`. */
export function listPaths(paths: readonly string[], most = MAX_NAMED): string {
  const names = paths.slice(0, most).map((path) => path.replace(/\/$/, ''));
  return joinWithAnd(paths.length > most ? [...names, l10n.t('{0} more', paths.length - most)] : names);
}
