/** The files that people attach to prompts and messages for agents on this host. */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ChannelError } from '../../../common/channels/channel';
import { ATTACHMENT_LIMITS } from '../../../storage/attachments';
import { makeDirectory, replaceFile } from '../../../storage/journal/durableFile';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { storePaths } from './hostStore';

/** Keeps the file where the runner looks for it. One that came before is replaced by the same bytes. */
export async function putAttachment(request: HostRequestOf<'putAttachment'>, content: Readable): Promise<void> {
  const { storeId, sessionId, attachment } = request;
  if (attachment.bytes > ATTACHMENT_LIMITS.fileBytes) throw new ChannelError('TOO_LARGE', 'The file is too large');
  const bytes = await buffer(content);
  if (createHash('sha256').update(bytes).digest('hex') !== attachment.sha256)
    throw new ChannelError('INVALID_REQUEST', 'Not all of the file has come');
  const path = storePaths(storeId).session(sessionId).attachment(attachment.id);
  await makeDirectory(dirname(path));
  await replaceFile(path, bytes);
}
