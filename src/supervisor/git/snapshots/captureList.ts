/** What a snapshot has seen, kept on the disk, so that no more than that is removed, also after an interruption. */
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { encodePath } from '../pathBytes';
import type { FileList } from './fileList';

/** Each path (as bytes) with its stamp; '' where the file may have changed in the moment in which it was listed. */
export type CaptureList = ReadonlyMap<string, string>;

/** Where the list of a folder in the trash lies. */
export function listFileOf(folder: string): string {
  return `${folder}.list`;
}

/** The list of a worktree whose snapshot was taken between these times of its disk. Without its `.git`. */
export function captureListOf({ files }: FileList, beforeNs: bigint, afterNs: bigint): CaptureList {
  return new Map(
    files
      .filter(({ path }) => path !== '.git')
      .map(({ path, kind, stamp, changedNs }) => [
        path,
        // A change in the same step of the clock would leave the same times.
        kind !== 'folder' && changedNs >= beforeNs && changedNs <= afterNs ? '' : stamp,
      ]),
  );
}

/** True where everything is there as it was listed, and nothing else is. */
export function isAsListed(list: CaptureList, { files, unreadable }: FileList): boolean {
  const found = files.filter(({ path }) => path !== '.git');
  return (
    unreadable.length === 0 && found.length === list.size && found.every(({ path, stamp }) => list.get(path) === stamp)
  );
}

/** Replaces the file in one step. */
export async function writeCaptureList(file: string, list: CaptureList): Promise<void> {
  const content = Buffer.concat([...list].map(([path, stamp]) => encodePath(`${stamp}\0${path}\0`)));
  const temporary = `${file}.tmp`;
  await writeFile(temporary, Buffer.concat([encodePath(`${digest(content)}\n`), content]), { mode: 0o600 });
  await rename(temporary, file);
}

/** Undefined where there is none that is whole. */
export async function readCaptureList(file: string): Promise<CaptureList | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const start = bytes.indexOf('\n') + 1;
  const content = bytes.subarray(start);
  if (bytes.toString('latin1', 0, Math.max(start - 1, 0)) !== digest(content)) return undefined;
  const fields = content.toString('latin1').split('\0');
  const list = new Map<string, string>();
  for (let index = 0; index + 1 < fields.length; index += 2) list.set(fields[index + 1] ?? '', fields[index] ?? '');
  return list;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
