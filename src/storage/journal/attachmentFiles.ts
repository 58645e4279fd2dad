/**
 * The files that people attach, in the session's folder. They are staged in a folder whose name ends in `.tmp`, and
 * settled once a record names them: what a crash leaves staged belongs to nothing, or is settled later.
 */
import { createHash } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openRegular } from '../../common/disks/regularFile';
import { hasCode } from '../../common/errors';
import { oneLine } from '../../common/oneLine';
import { pictureFile } from '../../common/pictureFile';
import { startOf } from '../../common/shorten';
import { readdirIfExists } from '../../common/readdirIfExists';
import type { AttachmentReference } from '../attachments';
import { newId } from '../ids';
import type { SessionPaths } from '../paths';
import { makeDirectory, syncDirectory, TEMPORARY_SUFFIX, writeNewFile } from './durableFile';

/** A file that is to be attached. */
export interface NewAttachment {
  name: string;
  mediaType?: string;
  read(): Promise<Uint8Array>;
}

/** No window stages for so long. */
const STALE_MS = 24 * 60 * 60_000;
const MAX_NAME_BYTES = 120;
const NOT_IN_NAMES = /[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu;
const RESERVED_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/** Writes the files durably. A failure leaves nothing. */
export async function stageAttachments(
  session: SessionPaths,
  files: readonly NewAttachment[],
): Promise<AttachmentReference[]> {
  if (files.length === 0) return [];
  await removeStale(session);
  const set = newId();
  const folder = `${session.attachmentSet(set)}${TEMPORARY_SUFFIX}`;
  try {
    await makeDirectory(folder);
    const references: AttachmentReference[] = [];
    const taken = new Set<string>();
    for (const file of files) {
      const content = Buffer.from(await file.read());
      const name = freeName(file.name, taken);
      await writeNewFile(join(folder, name), content);
      references.push({
        id: `${set}/${name}`,
        name: oneLine(file.name),
        mediaType: mediaTypeOf(content, file.mediaType),
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      });
    }
    await syncDirectory(folder);
    return references;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** To be called once a record names the files; again after a crash. */
export async function settleAttachments(
  session: SessionPaths,
  references: readonly Pick<AttachmentReference, 'id'>[],
): Promise<void> {
  const folders = new Set(references.map(({ id }) => dirname(session.attachment(id))));
  for (const folder of folders)
    await rename(`${folder}${TEMPORARY_SUFFIX}`, folder).catch((error: unknown) => {
      if (!hasCode(error, 'ENOENT')) throw error; // it is settled already
    });
  if (folders.size > 0) await syncDirectory(session.attachments);
}

/** Removes files that no record names. */
export async function discardAttachments(
  session: SessionPaths,
  references: readonly Pick<AttachmentReference, 'id'>[],
): Promise<void> {
  for (const { id } of references)
    await rm(`${dirname(session.attachment(id))}${TEMPORARY_SUFFIX}`, { recursive: true, force: true });
}

/** The content, also while it is staged. Throws the system's error. */
export async function readAttachmentFile(session: SessionPaths, id: string): Promise<Buffer> {
  const path = session.attachment(id);
  const staged = path.replace(/[\\/][^\\/]+$/, (name) => `${TEMPORARY_SUFFIX}${name}`);
  const file = await openRegular(path).catch(async (error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
    return await openRegular(staged);
  });
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Ids of all settled files of the session. */
export async function listAttachments(session: SessionPaths): Promise<string[]> {
  const sets = (await readdirIfExists(session.attachments)).filter((name) => !name.endsWith(TEMPORARY_SUFFIX));
  const lists = await Promise.all(
    sets.map(async (set) => (await readdir(session.attachmentSet(set))).map((name) => `${set}/${name}`)),
  );
  return lists.flat();
}

async function removeStale(session: SessionPaths): Promise<void> {
  for (const name of (await readdirIfExists(session.attachments)).filter((each) => each.endsWith(TEMPORARY_SUFFIX))) {
    const folder = join(session.attachments, name);
    const { mtimeMs } = (await stat(folder).catch(() => undefined)) ?? { mtimeMs: Infinity };
    if (mtimeMs < Date.now() - STALE_MS) await rm(folder, { recursive: true, force: true });
  }
}

/** A name that every system takes and that no file beside it has. */
function freeName(name: string, taken: Set<string>): string {
  const plain = name
    .normalize('NFC')
    .replace(NOT_IN_NAMES, '_')
    .replace(/[. ]+$/, '');
  const safe = plain === '' || RESERVED_NAME.test(plain) ? `_${plain}` : plain;
  const dot = safe.lastIndexOf('.');
  const [stem, extension] = dot > 0 && safe.length - dot <= 12 ? [safe.slice(0, dot), safe.slice(dot)] : [safe, ''];
  for (let number = 1; ; number++) {
    const mark = `${number === 1 ? '' : ` ${number}`}${extension}`;
    let start = stem;
    while (Buffer.byteLength(start + mark) > MAX_NAME_BYTES) start = startOf(start, start.length - 1);
    const candidate = `${start}${mark}`;
    if (taken.has(candidate.toLowerCase())) continue;
    taken.add(candidate.toLowerCase());
    return candidate;
  }
}

/** The bytes decide what is a picture and what is text; of other files, what people say. */
function mediaTypeOf(content: Buffer, said: string | undefined): string {
  const picture = pictureFile(content)?.mediaType;
  if (picture !== undefined) return picture;
  const given = said !== undefined && /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(said) ? said : undefined;
  if (given !== undefined && !/^image\/(png|jpeg|gif|webp)$/.test(given)) return given;
  return isText(content) ? 'text/plain' : 'application/octet-stream';
}

function isText(content: Buffer): boolean {
  if (content.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
    return true;
  } catch {
    return false;
  }
}
