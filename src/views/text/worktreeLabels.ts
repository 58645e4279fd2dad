import type { WorktreeSummary } from '../../supervisor/git/worktrees/worktreeSummary';

const MAX_NAMED = 3;

/** What goes with a session, said before it is asked. `unknown` where it could not be counted, undefined where there is no worktree. */
export function deletionDetail(summary: WorktreeSummary | 'unknown' | undefined, isRunning: boolean): string {
  const sentences = isRunning ? ['It is running and will be stopped.'] : [];
  if (summary === undefined)
    sentences.push('Its worktree is not there any more. “Undo Delete” makes it again from its last snapshot.');
  else if (summary === 'unknown')
    sentences.push('What is in its worktree could not be counted. “Undo Delete” brings all of it back.');
  else {
    const work = workWords(summary);
    sentences.push(
      work === ''
        ? 'Its worktree holds no work of its own.'
        : `Its worktree goes with ${work}. All of it is kept in a snapshot; “Undo Delete” brings it back.`,
    );
    if (summary.replaceable.length > 0)
      sentences.push(`Not kept, as tools make it again: ${named(summary.replaceable)}.`);
  }
  sentences.push('Its history stays.');
  return sentences.join(' ');
}

/** The work in a worktree, counted; empty where there is none. */
export function workWords({ changedFiles, untrackedFiles, commits }: WorktreeSummary): string {
  const parts = [
    changedFiles > 0 && counted(changedFiles, 'changed file'),
    untrackedFiles > 0 && counted(untrackedFiles, 'new file'),
    commits > 0 && `${counted(commits, 'commit')} on no branch`,
  ];
  return listed(parts.filter((part) => part !== false));
}

/** How much differs: `3 files, +12 −4`. */
export function changeWords({
  files,
  addedLines,
  removedLines,
}: {
  files: number;
  addedLines: number;
  removedLines: number;
}): string {
  return files === 0 ? 'no file differs' : `${counted(files, 'file')}, +${addedLines} −${removedLines}`;
}

/** The names of folders, each once: `node_modules and target`. */
export function folderWords(folders: readonly { name: string }[]): string {
  return named([...new Set(folders.map(({ name }) => name.split('/').at(-1) ?? name))]);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

function named(paths: readonly string[]): string {
  const names = paths.slice(0, MAX_NAMED).map((path) => path.replace(/\/$/, ''));
  return listed(paths.length > MAX_NAMED ? [...names, `${paths.length - MAX_NAMED} more`] : names);
}
