import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isFolder } from '../../common/disks/pathState';
import { isInside } from '../../common/isInside';
import { CorralError } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { Git } from '../git/git';

type Place = Pick<SessionFacts, 'worktreePath' | 'subfolder'>;

/** The folder of its worktree in which the session's agent starts, if that is there. */
export function agentFolderOf({ worktreePath, subfolder }: Place): string {
  return subfolder === undefined ? worktreePath : join(worktreePath, ...subfolder.split('/'));
}

/** As `agentFolderOf`; the worktree's top where that folder is missing, or a link leads out of the worktree. */
export async function findAgentFolder(place: Place): Promise<string> {
  const { worktreePath } = place;
  const folder = agentFolderOf(place);
  return (await isFolder(folder)) && isInside(await realpath(folder), await realpath(worktreePath))
    ? folder
    : worktreePath;
}

/** Refuses a folder without its own link to git: an agent there would work in the checkout around it. */
export async function requireWorktree(git: Git, worktreePath: string): Promise<void> {
  await git.requireDisk(worktreePath);
  const link = await lstat(join(worktreePath, '.git')).catch(() => undefined);
  if (link?.isFile() !== true)
    throw new CorralError(
      'WORKTREE_MISSING',
      l10n.t('There is no worktree of this session at {path}. Restore it from its last snapshot.', {
        path: worktreePath,
      }),
    );
}

/** Recorded, so not translated. */
export function notCopiedNotice(notCopied: readonly string[]): string {
  return `Not copied from your checkout, since it is a repository of its own or cannot be read: ${notCopied.join(', ')}`;
}
