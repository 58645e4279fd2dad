/** The filter of a run that has ended. It lies beside the run's journal, and is built again where it is missing. */
import { rename, stat, writeFile } from 'node:fs/promises';
import { ifExists } from '../../common/ifExists';
import { openRegular } from '../../common/disks/regularFile';
import { readdirIfExists } from '../../common/readdirIfExists';
import { temporaryPath } from '../journal/durableFile';
import type { RunPaths } from '../paths';
import { GramFilter, OVERLAP_BYTES } from './gramFilter';
import { OTHER_WRITINGS } from './searchPattern';
import { sizeInThread, ThreadFile } from './threadFile';

const CHUNK_BYTES = 256 * 1024;
/** Reading less takes as long as reading its filter. */
const MIN_TEXT_BYTES = 64 * 1024;
/** That of a run of more than 6 GB. */
const MAX_FILTER_BYTES = 64 * 1024 * 1024;

/** Adds the file's text; false where it has characters that the filter cannot follow. */
async function addFile(filter: GramFilter, path: string): Promise<boolean> {
  const file = await ifExists(openRegular(path));
  if (file === undefined) return true;
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let offset = 0; ; offset += CHUNK_BYTES - OVERLAP_BYTES) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset);
      const bytes = chunk.subarray(0, bytesRead);
      if (OTHER_WRITINGS.some((writing) => bytes.includes(writing))) return false;
      filter.add(bytes);
      if (bytesRead < CHUNK_BYTES) return true;
    }
  } finally {
    await file.close();
  }
}

/** Builds the filter of a run that has ended; a small run gets none. Throws the system's error. */
export async function writeRunFilter(paths: RunPaths): Promise<void> {
  const journalBytes = (await stat(paths.events)).size;
  const files = [paths.events, ...(await readdirIfExists(paths.blobs)).map((name) => paths.blob(name))];
  let textBytes = 0;
  for (const path of files) textBytes += (await ifExists(stat(path)))?.size ?? 0;
  if (textBytes < MIN_TEXT_BYTES) return;
  let filter = GramFilter.forText(textBytes);
  for (const path of files) {
    if (await addFile(filter, path)) continue;
    filter = GramFilter.open();
    break;
  }
  // A damaged file is noticed by its checksum, so it need not be synced.
  const unfinished = temporaryPath(paths.filter);
  await writeFile(unfinished, filter.encode(journalBytes), { mode: 0o600, flag: 'wx' });
  await rename(unfinished, paths.filter);
}

/** For a thread: the run's filter; undefined where there is none that fits its journal. @throws the system's error */
export function readRunFilter(paths: RunPaths): GramFilter | undefined {
  using file = ThreadFile.open(paths.filter);
  const journalBytes = sizeInThread(paths.events);
  if (file === undefined || journalBytes === undefined || file.sizeBytes > MAX_FILTER_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(file.sizeBytes);
  return GramFilter.decode(bytes.subarray(0, file.read(bytes, 0)), journalBytes);
}
