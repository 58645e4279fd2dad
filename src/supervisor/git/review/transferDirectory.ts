import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFolder } from '../../../common/disks/pathState';
import type { Repository } from '../repository';
import { quoteValue } from '../settingText';

/** A git directory for one push or fetch. */
export interface TransferDirectory {
  path: string;
  /** What git needs besides its own: the repository's objects. */
  environment: Record<string, string>;
}

export interface TransferOptions {
  /** The absolute path of Git LFS, which sends the files that it keeps before the commits of a push go. */
  lfs?: string | undefined;
  /** The repository's refs, one `<id> <name>` on a line: what a fetch need not bring, as it is here already. */
  refs?: string;
}

/**
 * Gives `transfer` a git directory with the repository's objects and without its configuration, in which an agent could
 * have named other addresses and programs. The user's own configuration holds.
 */
export async function withTransferDirectory<T>(
  { git, mainWorktree, commonDirectory }: Repository,
  { lfs, refs }: TransferOptions,
  transfer: (directory: TransferDirectory) => Promise<T>,
): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'corral-transfer-'));
  try {
    const format = await git.text(mainWorktree, ['rev-parse', '--show-object-format']);
    await mkdir(join(path, 'refs'));
    await mkdir(join(path, 'hooks'));
    const head = await git.text(mainWorktree, ['rev-parse', '--verify', 'HEAD^{commit}']);
    await writeFile(join(path, 'HEAD'), `${head}\n`);
    if (refs !== undefined && refs !== '') await writeFile(join(path, 'packed-refs'), `${refs}\n`);
    const hasLfsFiles = await isFolder(join(commonDirectory, 'lfs'));
    await writeFile(
      join(path, 'config'),
      [
        '[core]',
        `\trepositoryformatversion = 1`,
        '\tbare = true',
        `\thooksPath = ${quoteValue(join(path, 'hooks'))}`,
        '[extensions]',
        `\tobjectformat = ${format}`,
        ...(hasLfsFiles ? ['[lfs]', `\tstorage = ${quoteValue(join(commonDirectory, 'lfs'))}`] : []),
        '',
      ].join('\n'),
    );
    if (hasLfsFiles && lfs !== undefined)
      await writeFile(
        join(path, 'hooks', 'pre-push'),
        `#!/bin/sh\nexec '${lfs.replaceAll("'", "'\\''")}' pre-push "$@"\n`,
        {
          mode: 0o700,
        },
      );
    const shallow = await readFile(join(commonDirectory, 'shallow')).catch(() => undefined);
    if (shallow !== undefined) await writeFile(join(path, 'shallow'), shallow);
    return await transfer({
      path,
      environment: { GIT_DIR: path, GIT_OBJECT_DIRECTORY: join(commonDirectory, 'objects') },
    });
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
