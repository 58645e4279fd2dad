/** Where a runner, or a window for its bridge, listens: a socket that only this user reaches, or a named pipe. */
import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { RunPaths } from '../../storage/paths';
import { isOnLocalDisk } from '../system/localDisk';

/** Without the closing zero. The shortest limit of the systems without /proc is 104 bytes with it (macOS). */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
/** Short, since a store's folder leaves little of the limit. A second runner of the run takes the next one. */
const NAMES_IN_RUN = ['s', 's2', 's3'];

/**
 * Unused addresses for the run, best first. In the run's own folder, whoever sees the store sees the socket, too, as a
 * container that is started anew does; elsewhere it is in a private folder that exists.
 */
export async function endpointAddresses(run: RunPaths, runId: string): Promise<string[]> {
  const inRun = (await canHoldSockets(run.root)) ? NAMES_IN_RUN.map((name) => join(run.root, name)) : [];
  return [...inRun.filter((path) => Buffer.byteLength(path) <= MAX_PATH_BYTES), await temporaryAddress(runId)];
}

/** Only where a refused connection would also prove something: see `isSocketDead`. */
async function canHoldSockets(folder: string): Promise<boolean> {
  return (await isOnLocalDisk(folder)) && (await isPrivate(folder));
}

/** An unused address in a private folder outside of any store; `purpose` begins its name. */
export async function temporaryAddress(purpose: string): Promise<string> {
  const name = `${purpose}-${randomBytes(3).toString('hex')}`;
  if (process.platform === 'win32') return String.raw`\\.\pipe\corral-${name}-${randomBytes(16).toString('hex')}`;
  const userId = userInfo().uid;
  const folderName = `corral-${String(userId)}`;
  for (const parent of [tmpdir(), process.env['XDG_RUNTIME_DIR'], '/tmp']) {
    if (parent === undefined || parent === '') continue;
    const endpoint = join(parent, folderName, `${name}.sock`);
    if (Buffer.byteLength(endpoint) <= MAX_PATH_BYTES && (await makePrivate(join(parent, folderName)))) return endpoint;
  }
  // Another user has taken the usual name.
  return join(await mkdtemp(`/tmp/${folderName}-`), `${name}.sock`);
}

/** Removes the socket of a runner that died. Only a socket in that run's folder or with its name is ever removed. */
export async function removeEndpoint(endpoint: string, run: RunPaths, runId: string): Promise<void> {
  if (process.platform === 'win32') return;
  if (dirname(endpoint) !== run.root && !basename(endpoint).startsWith(`${runId}-`)) return;
  const found = await lstat(endpoint).catch(() => undefined);
  if (found?.isSocket() === true) await rm(endpoint, { force: true }).catch(() => undefined);
}

/** As `isPrivate`, of a folder outside of the store, which is made where needed. */
export async function makePrivate(folder: string): Promise<boolean> {
  // It is there already, or it cannot be made and is not there.
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
  return await isPrivate(folder);
}

/** True where the folder now belongs to this user and nobody else can read it. */
export async function isPrivate(folder: string): Promise<boolean> {
  try {
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== userInfo().uid) return false;
    if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
    return true;
  } catch {
    return false;
  }
}
