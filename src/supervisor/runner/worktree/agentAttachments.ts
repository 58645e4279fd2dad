import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { pictureFile } from '../../../common/pictureFile';
import type { AttachmentReference } from '../../../storage/attachments';
import { isPictureType } from '../../../common/pictures/pictureType';
import { listAttachments, readAttachmentFile, settleAttachments } from '../../../storage/journal/attachmentFiles';
import { ATTACHMENT_COPIES_IGNORE, attachmentCopy, type SessionPaths, StorePaths } from '../../../storage/paths';
import type { ConversationRequest } from '../../agents/driver/driver';
import type { AgentAttachment } from '../../agents/driver/userMessages';
import { rememberCopies } from '../../git/snapshots/includedCopies';
import { atWorktreeTop, type RunBootstrap } from '../../runnerProtocol/protocol';

/** Claude's service takes 5 MB of Base64 and 8,000 pixels; one picture above that fails every later turn. */
const PICTURE_LIMIT = { bytes: 3_500_000, pixels: 8_000 };
const TEXT_LIMIT_BYTES = 64 * 1024;

/** What a driver needs to begin. */
export async function withAttachments(bootstrap: RunBootstrap): Promise<ConversationRequest> {
  return { ...bootstrap, attachments: await loadAttachments(bootstrap, bootstrap.attachments) };
}

/** The files as the agent gets them, with copies of all the session's in its worktree. */
export async function loadAttachments(
  bootstrap: RunBootstrap,
  references: readonly AttachmentReference[] = [],
): Promise<AgentAttachment[]> {
  const session = new StorePaths(bootstrap.storeRoot).session(bootstrap.sessionId);
  const worktree = atWorktreeTop(bootstrap).cwd;
  await settleAttachments(session, references);
  // Also those of earlier messages: the worktree may have been made anew since.
  const placed = await placeCopies(session, worktree, await listAttachments(session));
  return await Promise.all(
    references.map(async (reference) => ({
      reference,
      path: placed.has(reference.id)
        ? join(worktree, ...attachmentCopy(reference.id).split('/'))
        : session.attachment(reference.id),
      ...(await contentFor(session, reference)),
    })),
  );
}

async function contentFor(
  session: SessionPaths,
  reference: AttachmentReference,
): Promise<Pick<AgentAttachment, 'picture' | 'text'>> {
  const { id, mediaType, bytes } = reference;
  if (isPictureType(reference.mediaType) && bytes <= PICTURE_LIMIT.bytes) {
    const content = await readAttachmentFile(session, id);
    const { width, height } = pictureFile(content) ?? { width: 0, height: 0 };
    return Math.max(width, height) > PICTURE_LIMIT.pixels ? {} : { picture: content.toString('base64') };
  }
  if (mediaType.startsWith('text/') && bytes <= TEXT_LIMIT_BYTES)
    return { text: (await readAttachmentFile(session, id)).toString('utf8') };
  return {};
}

/** Answers with the ids whose copy is there. A copy that the agent changed stays as it is. */
async function placeCopies(session: SessionPaths, worktree: string, ids: readonly string[]): Promise<Set<string>> {
  const placed = new Set<string>();
  if (ids.length === 0) return placed;
  const made: string[] = [];
  if (await makeFolders(worktree, ATTACHMENT_COPIES_IGNORE)) {
    const ignore = join(worktree, ...ATTACHMENT_COPIES_IGNORE.split('/'));
    if (await isMade(writeFile(ignore, '*\n', { flag: 'wx' }))) made.push(ATTACHMENT_COPIES_IGNORE);
  }
  for (const id of ids) {
    const path = attachmentCopy(id);
    if (!(await makeFolders(worktree, path))) continue;
    const target = join(worktree, ...path.split('/'));
    const copying = copyFile(session.attachment(id), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (await isMade(copying)) made.push(path);
    placed.add(id);
  }
  await rememberCopies(worktree, made);
  return placed;
}

/** False where something is there already. */
async function isMade(making: Promise<void>): Promise<boolean> {
  return await making.then(
    () => true,
    (error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
      return false;
    },
  );
}

/** False where one of the folders is a link or a file: nothing may be written through it. */
async function makeFolders(worktree: string, path: string): Promise<boolean> {
  let folder = worktree;
  for (const part of path.split('/').slice(0, -1)) {
    folder = join(folder, part);
    await isMade(mkdir(folder));
    if (!(await lstat(folder)).isDirectory()) return false;
  }
  return true;
}
