import * as l10n from '@vscode/l10n';
import { resolve } from 'node:path';
import { isInside } from '../../common/isInside';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import { worktreeFolder } from '../text/worktreeLabels';

/**
 * The file that an agent named, if it lies in the session's worktree. An agent can name anything, and on Windows
 * merely looking at a path such as `\\host\share` logs in there.
 */
export function worktreeFile(
  session: Pick<SessionSummary, 'worktreePath' | 'worktreeUri' | 'subfolder'>,
  path: string,
): string {
  const folder = worktreeFolder(session);
  const file = resolve(folder, session.subfolder ?? '', path);
  if (!isInside(file, folder))
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('{path} is outside of the session’s worktree and is not opened.', { path }),
    );
  return file;
}
