import { lstat } from 'node:fs/promises';
import type { StorePaths } from '../../../storage/paths';

/** Where a session's filtered files are kept, and which filters may run for it. */
export interface FilterAccess {
  /** The folder in which the files of a session are kept as they are, outside of git. */
  folderOf: (sessionId: string) => string;
  /** True where a person allowed a filter of exactly this text. */
  mayRun: (command: string) => Promise<boolean>;
  /** Not even Git LFS and git-crypt run: where they are asked for, what they need is not there. */
  runsNone?: true;
}

/** The access of whoever runs no filter, such as a runner. */
export function filterAccessWithoutPrograms(paths: StorePaths): FilterAccess {
  const folderOf = (sessionId: string): string => paths.session(sessionId).filtered;
  return { folderOf, mayRun: () => Promise.resolve(false), runsNone: true };
}

/** False for a session of an older version, whose worktree was made with the user's own filters alone. */
export async function isMadeWithFilters(access: FilterAccess, sessionId: string): Promise<boolean> {
  return await lstat(access.folderOf(sessionId)).then(
    () => true,
    () => false,
  );
}
