import { lstat } from 'node:fs/promises';
import type { StorePaths } from '../../../storage/paths';

/** Where a session's filtered files are kept, and which filters may run for it. */
export interface FilterAccess {
  /** The folder in which the files of a session are kept as they are, outside of git. */
  folderOf: (sessionId: string) => string;
  /** True where a person allowed a filter of exactly this text. */
  mayRun: (command: string) => Promise<boolean>;
}

/** The access of whoever runs no filter, such as a runner. */
export function filterAccessWithoutPrograms(paths: StorePaths): FilterAccess {
  return { folderOf: (sessionId) => paths.session(sessionId).filtered, mayRun: () => Promise.resolve(false) };
}

/** False for a session of an older version, whose worktree was made with the user's own filters alone. */
export async function isMadeWithFilters(access: FilterAccess, sessionId: string): Promise<boolean> {
  return await lstat(access.folderOf(sessionId)).then(
    () => true,
    () => false,
  );
}
