/** Tries whether a disk can do what a store that several processes write rests on. */
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { hasCode, messageOf } from '../../common/errors';
import { CorralError } from '../errors';
import { replaceFile, temporaryPath, writeNewFile } from '../journal/durableFile';
import { publishOnce, readPublished, removePublished } from '../journal/publishedFile';

/** What a disk answers that cannot do something at all. A full one or one that may not be written can be read still. */
const CANNOT = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EXDEV', 'EISDIR'];
const TEXT = 'corral';

/**
 * Makes files in the folder, replaces one and publishes one twice, and removes all of them.
 *
 * @throws STORE_FAILED where that cannot work on this disk.
 */
export async function probeDisk(folder: string): Promise<void> {
  const path = temporaryPath(join(folder, 'probe'));
  try {
    const reason = await findFault(path).catch((error: unknown) => {
      if (CANNOT.some((code) => hasCode(error, code))) return messageOf(error);
      return undefined;
    });
    if (reason === undefined) return;
    throw new CorralError(
      'STORE_FAILED',
      l10n.t(
        'The disk of {folder} cannot keep sessions that several windows share ({reason}). Choose another folder in the setting “{setting}”.',
        { folder, reason, setting: 'corral.storage.location' },
      ),
    );
  } finally {
    await removePublished(path).catch(() => undefined);
    await removePublished(`${path}.once`).catch(() => undefined);
  }
}

/** Undefined where all is well. */
async function findFault(path: string): Promise<string | undefined> {
  const content = Buffer.from(TEXT);
  await writeNewFile(path, content);
  const isTakenTwice = await writeNewFile(path, content).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    },
  );
  if (isTakenTwice) return l10n.t('a file can be made twice');
  await replaceFile(path, content);
  const published = `${path}.once`;
  const [first, second] = [await publishOnce(published, TEXT), await publishOnce(published, '')];
  return first && !second && (await readPublished(published)) === TEXT ? undefined : l10n.t('a file can be made twice');
}
