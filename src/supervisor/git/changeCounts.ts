import { withObjects } from './isolated/isolatedGit';
import type { Repository } from './repository';

/** How much differs between two moments. */
export interface ChangeCounts {
  files: number;
  addedLines: number;
  removedLines: number;
}

/** Options of git's that print counts alone, and keep it from running programs that the repository's config names. */
export const COUNTING = [
  '--shortstat',
  '--find-renames',
  '--submodule=short',
  '--no-ext-diff',
  '--no-textconv',
] as const;

/** Reads what `--shortstat` prints; it prints nothing where nothing differs. */
export function parseCounts(text: string): ChangeCounts {
  const count = (noun: RegExp): number => Number(noun.exec(text)?.[1] ?? 0);
  return {
    files: count(/(\d+) files? changed/),
    addedLines: count(/(\d+) insertions?/),
    removedLines: count(/(\d+) deletions?/),
  };
}

/** Counts what differs between two commits or trees. */
export async function countChanges(
  repository: Repository,
  before: string,
  after: string,
  signal?: AbortSignal,
): Promise<ChangeCounts> {
  const counting = ['diff-tree', '-r', ...COUNTING, before, after, '--'];
  return parseCounts(await withObjects(repository, async (git) => git.text(counting), { signal }));
}
