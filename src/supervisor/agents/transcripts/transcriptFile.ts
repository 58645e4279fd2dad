/** Takes an agent's own transcript out of the folder where the agent keeps it, and puts one there. */
import { constants } from 'node:fs';
import { lstat, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { openRegular } from '../../../common/disks/regularFile';
import { ifExists } from '../../../common/ifExists';
import { uuidSchema } from '../../../storage/ids';
import { makeDirectory, temporaryPath } from '../../../storage/journal/durableFile';
import { readAt } from '../../../storage/journal/journalReader';
import { transcriptFoldersOf, type TranscriptPlace } from './transcriptFolders';

/** More than any conversation has that an agent can still take up. */
export const MAX_TRANSCRIPT_BYTES = 256 << 20;

/** `constants` lacks it on Windows, where links are found only by looking first. */
const NO_FOLLOW = (constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0;

/**
 * The bytes of the transcript as it is now.
 * @throws Error where there is none, or where it is a link or has more than `MAX_TRANSCRIPT_BYTES`
 */
export async function readTranscript(place: TranscriptPlace, nativeSessionId: string): Promise<Readable> {
  const id = v.parse(uuidSchema, nativeSessionId);
  const folders = await transcriptFoldersOf(place);
  const { root } = folders;
  const path = await folders.find(id);
  if (path === undefined) throw new Error(`There is no transcript of ${id} in ${root}`);
  const file = await openOwn(root, path);
  const { size } = await file.stat();
  if (size > 0 && size <= MAX_TRANSCRIPT_BYTES) return file.createReadStream({ start: 0, end: size - 1 });
  await file.close();
  throw new Error(`The transcript ${path} has ${String(size)} bytes`);
}

/**
 * Puts a transcript where the agent looks for it when it resumes the session in `cwd`. One that is there already has to
 * be the beginning of it, as that of an earlier visit is, since transcripts only grow.
 * @throws Error where another one is there, a link is in the way, or `content` has more than `MAX_TRANSCRIPT_BYTES`
 */
export async function putTranscript(
  place: TranscriptPlace,
  nativeSessionId: string,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const id = v.parse(uuidSchema, nativeSessionId);
  const folders = await transcriptFoldersOf(place);
  const { root } = folders;
  const found = await folders.find(id);
  const path = found ?? folders.newPath(id);
  await requireNoLink(root, path);
  const target = join(root, path);
  await makeDirectory(dirname(target));
  const staged = temporaryPath(target);
  try {
    const earlierBytes = await stage(staged, content, found === undefined ? undefined : await openOwn(root, path));
    const bytesNow = (await ifExists(lstat(target)))?.size ?? 0;
    if (bytesNow !== earlierBytes) throw new Error(`Another program writes to ${target}`);
    await rename(staged, target);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
}

/** Writes all of it to a new private file, and closes `earlier`, with which it has to begin. Answers with its bytes. */
async function stage(path: string, content: AsyncIterable<Uint8Array>, earlier?: FileHandle): Promise<number> {
  try {
    const earlierBytes = earlier === undefined ? 0 : (await earlier.stat()).size;
    const file = await open(path, 'wx', 0o600);
    try {
      let bytes = 0;
      for await (const piece of content) {
        const common = Buffer.alloc(Math.max(0, Math.min(piece.length, earlierBytes - bytes)));
        if (earlier !== undefined && !(await readAt(earlier, common, bytes)).equals(piece.subarray(0, common.length)))
          throw new Error('The transcript that is there already has another content');
        bytes += piece.length;
        if (bytes > MAX_TRANSCRIPT_BYTES) throw new Error('The transcript is too large');
        await file.writeFile(piece);
      }
      if (bytes < earlierBytes) throw new Error('The transcript that is there already is longer');
      await file.datasync();
    } finally {
      await file.close();
    }
    return earlierBytes;
  } finally {
    await earlier?.close();
  }
}

/** Opens a file below `root`. Throws as `requireNoLink`, and where it is no regular file. */
async function openOwn(root: string, path: string): Promise<FileHandle> {
  await requireNoLink(root, path);
  return await openRegular(join(root, path), constants.O_RDONLY | NO_FOLLOW);
}

/** @throws Error where one of the folders below `root` that lead to the path, or what is there, is a link */
async function requireNoLink(root: string, path: string): Promise<void> {
  let place = root;
  for (const name of path.split(sep)) {
    place = join(place, name);
    if ((await ifExists(lstat(place)))?.isSymbolicLink() === true) throw new Error(`${place} is a link`);
  }
}
