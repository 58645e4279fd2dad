/** Measures how much of the disk the store takes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '../ids';
import type { StorePaths } from '../paths';
import { readdirIfExists } from '../../common/readdirIfExists';

/** In bytes. */
export interface SizeOf {
  journals: number;
  blobs: number;
  /** Raw output of the agents. */
  output: number;
  databases: number;
  total: number;
}

function kindOf(path: string): Exclude<keyof SizeOf, 'total'> | undefined {
  if (path.endsWith('.jsonl')) return 'journals';
  if (/[\\/]blobs[\\/][^\\/]+$/.test(path)) return 'blobs';
  if (/[\\/]output\.log(\.gz)?$/.test(path)) return 'output';
  return path.endsWith('.sqlite') ? 'databases' : undefined;
}

async function measure(folder: string): Promise<SizeOf> {
  const size: SizeOf = { journals: 0, blobs: 0, output: 0, databases: 0, total: 0 };
  const names = await readdirIfExists(folder, { recursive: true }).catch(() => []); // counts as empty if unreadable
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined); // removed meanwhile
    if (found?.isFile() !== true) continue;
    size.total += found.size;
    const kind = kindOf(path);
    if (kind !== undefined) size[kind] += found.size;
  }
  return size;
}

/** The size of each session's folder, largest first. */
export async function measureSessions(paths: StorePaths): Promise<{ sessionId: string; size: SizeOf }[]> {
  const sizes = [];
  for (const sessionId of (await readdir(paths.sessions)).filter(isId))
    sizes.push({ sessionId, size: await measure(paths.session(sessionId).root) });
  return sizes.sort((a, b) => b.size.total - a.size.total);
}
