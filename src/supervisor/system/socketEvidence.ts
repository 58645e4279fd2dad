/** What a socket's file proves of the process that made it: nothing but that nobody listens on it any more. */
import { lstat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { hasCode } from '../../common/errors';
import { isOnLocalDisk } from './localDisk';

/** Between two refusals, so that a process that listens anew is not taken for dead. */
const BETWEEN_MS = 1_000;
const CONNECT_LIMIT_MS = 2_000;

/** Tells a socket's file from one that was copied or made anew. Decimal numbers, which can be larger than 2^53. */
export const socketFileSchema = v.object({ device: v.string(), inode: v.string() });
export type SocketFile = v.InferOutput<typeof socketFileSchema>;

/** The file of a socket; undefined where there is none at `path`. */
export async function readSocketFile(path: string): Promise<SocketFile | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found?.isSocket() === true ? { device: String(found.dev), inode: String(found.ino) } : undefined;
}

/**
 * True where the process that listened on this very socket is proven to be gone. A missing file, silence and a full
 * queue prove nothing, nor does a refusal where the disk may not be the listener's own.
 */
export async function isSocketDead(path: string, made: SocketFile): Promise<boolean> {
  // macOS also refuses while a live listener's queue is full.
  if (process.platform !== 'linux') return false;
  const refuses = async (): Promise<boolean> => {
    const found = await readSocketFile(path);
    const isSame = found?.device === made.device && found.inode === made.inode;
    return isSame && (await isOnLocalDisk(dirname(path))) && (await isRefused(path));
  };
  if (!(await refuses())) return false;
  await delay(BETWEEN_MS);
  return await refuses();
}

async function isRefused(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    const finish = (isRefusal: boolean): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(isRefusal);
    };
    const limit = setTimeout(() => finish(false), CONNECT_LIMIT_MS);
    socket.once('connect', () => finish(false));
    socket.once('error', (error) => finish(hasCode(error, 'ECONNREFUSED')));
  });
}
