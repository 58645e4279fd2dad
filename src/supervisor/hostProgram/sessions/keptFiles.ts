/** Files with a filter, such as those of Git LFS, that a snapshot names and does not hold. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ChannelError } from '../../../common/channels/channel';
import { makeDirectory, temporaryPath } from '../../../storage/journal/durableFile';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { storePaths } from './hostStore';

/** Keeps the bytes where the session's worktree is made of them. */
export async function putKeptFile(request: HostRequestOf<'putKeptFile'>, content: Readable): Promise<void> {
  const { storeId, sessionId, sha256 } = request;
  const { filtered } = storePaths(storeId).session(sessionId);
  await makeDirectory(filtered);
  const temporary = temporaryPath(join(filtered, 'file'));
  const file = await open(temporary, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    for await (const chunk of content as AsyncIterable<Buffer>) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (hash.digest('hex') !== sha256) throw new ChannelError('INVALID_REQUEST', 'Not all of the file has come');
    await file.datasync();
    await rename(temporary, join(filtered, sha256));
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}
