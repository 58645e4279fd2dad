import { basename, isAbsolute } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { openRegular } from '../../common/disks/regularFile';
import { messageOf } from '../../common/errors';
import { pathOf } from '../../common/folderPath';
import { oneLine } from '../../common/oneLine';
import { ATTACHMENT_LIMITS, attachmentSchema } from '../../storage/attachments';
import { CorralError } from '../../storage/errors';
import { idSchema } from '../../storage/ids';
import { type NewAttachment, readAttachmentFile } from '../../storage/journal/attachmentFiles';
import type { StorePaths } from '../../storage/paths';
import type { Attachment } from '../api';

const text = v.string();
const schema = v.union([
  v.object({ path: text, name: v.optional(text) }),
  v.object({ name: text, mediaType: v.optional(text), bytes: v.instance(Uint8Array) }),
  v.object({ sessionId: idSchema, id: attachmentSchema.entries.id }),
]);
const MEBIBYTE = 1024 * 1024;

/**
 * Looks at all files before anything is made.
 * @throws ATTACHMENT_REFUSED ATTACHMENT_NOT_FOUND
 */
export async function newAttachmentsOf(
  paths: StorePaths,
  attachments: readonly Attachment[] = [],
): Promise<NewAttachment[]> {
  const { count, totalBytes } = ATTACHMENT_LIMITS;
  if (attachments.length > count) throw refused(l10n.t('Attach at most {count} files to one message.', { count }));
  const files: NewAttachment[] = [];
  let total = 0;
  for (const attachment of attachments) {
    const parsed = v.safeParse(schema, attachment);
    if (!parsed.success)
      throw refused(l10n.t('An attachment needs a path, or a name and bytes, or the id of one of another session.'));
    const { bytes, ...file } = await fileOf(paths, parsed.output);
    requireSize(file.name, bytes);
    files.push(file);
    total += bytes;
  }
  if (total > totalBytes)
    throw refused(
      l10n.t('The attached files have more than {limit} MB together. Attach fewer, or name them in the prompt.', {
        limit: totalBytes / MEBIBYTE,
      }),
    );
  return files;
}

async function fileOf(
  paths: StorePaths,
  attachment: v.InferOutput<typeof schema>,
): Promise<NewAttachment & { bytes: number }> {
  if ('bytes' in attachment) {
    const { name, mediaType, bytes } = attachment;
    const read = async (): Promise<Uint8Array> => await Promise.resolve(bytes);
    return { name, read, bytes: bytes.length, ...(mediaType === undefined ? {} : { mediaType }) };
  }
  if ('id' in attachment) {
    const { sessionId, id } = attachment;
    const content = await readKept(paths, sessionId, id);
    const read = async (): Promise<Uint8Array> => await Promise.resolve(content);
    return { name: basename(id), read, bytes: content.length };
  }
  const path = pathOf(attachment.path);
  const name = attachment.name ?? basename(path);
  const read = async (): Promise<Uint8Array> => await readFileAt(path, name);
  return { name, read, bytes: await sizeOf(path, name) };
}

/**
 * The content of an attachment.
 * @throws ATTACHMENT_NOT_FOUND
 */
export async function readKept(paths: StorePaths, sessionId: string, id: string): Promise<Buffer> {
  const notFound = (cause?: unknown): CorralError =>
    new CorralError('ATTACHMENT_NOT_FOUND', l10n.t('The session has no attachment “{id}”.', { id: oneLine(id) }), {
      cause,
    });
  if (!v.is(attachmentSchema.entries.id, id)) throw notFound();
  return await readAttachmentFile(paths.session(sessionId), id).catch((error: unknown) => {
    throw notFound(error);
  });
}

async function sizeOf(path: string, name: string): Promise<number> {
  if (!isAbsolute(path)) throw refused(l10n.t('“{name}” cannot be attached: give its whole path.', { name }));
  await using file = await opened(path, name);
  return (await file.stat()).size;
}

async function readFileAt(path: string, name: string): Promise<Uint8Array> {
  await using file = await opened(path, name);
  requireSize(name, (await file.stat()).size); // it may have grown
  return await file.readFile();
}

async function opened(path: string, name: string): Promise<Awaited<ReturnType<typeof openRegular>>> {
  return await openRegular(path).catch((cause: unknown) => {
    throw refused(
      l10n.t('“{name}” cannot be attached: {reason}. Attach files; name folders in the prompt.', {
        name: oneLine(name),
        reason: messageOf(cause),
      }),
      cause,
    );
  });
}

function requireSize(name: string, bytes: number): void {
  if (bytes > ATTACHMENT_LIMITS.fileBytes)
    throw refused(
      l10n.t('“{name}” has more than {limit} MB. Name its path in the prompt instead.', {
        name: oneLine(name),
        limit: ATTACHMENT_LIMITS.fileBytes / MEBIBYTE,
      }),
    );
}

function refused(message: string, cause?: unknown): CorralError {
  return new CorralError('ATTACHMENT_REFUSED', message, { cause });
}
