/** Where a runner listens: a socket that only this user reaches, or a named pipe. */
import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';

/** The shortest limit of any system is 104 bytes (macOS), with its closing zero. */
const MAX_PATH_BYTES = 100;

/** A new, unused address for the run, in a private folder that exists. */
export async function newEndpoint(runId: string): Promise<string> {
  const name = `${runId}-${randomBytes(3).toString('hex')}`;
  if (process.platform === 'win32') return String.raw`\\.\pipe\corral-${name}-${randomBytes(16).toString('hex')}`;
  const userId = userInfo().uid;
  const folderName = `corral-${String(userId)}`;
  for (const parent of [tmpdir(), process.env['XDG_RUNTIME_DIR'], '/tmp']) {
    if (parent === undefined || parent === '') continue;
    const endpoint = join(parent, folderName, `${name}.sock`);
    if (Buffer.byteLength(endpoint) < MAX_PATH_BYTES && (await makePrivate(join(parent, folderName)))) return endpoint;
  }
  // Another user has taken the usual name.
  return join(await mkdtemp(`/tmp/${folderName}-`), `${name}.sock`);
}

/** Removes the socket of a runner that died. Only a socket with that run's name is ever removed. */
export async function removeEndpoint(endpoint: string, runId: string): Promise<void> {
  if (process.platform === 'win32' || !basename(endpoint).startsWith(`${runId}-`)) return;
  const found = await lstat(endpoint).catch(() => undefined);
  if (found?.isSocket() === true) await rm(endpoint, { force: true }).catch(() => undefined);
}

/** Makes the folder where needed. True where it now belongs to this user and nobody else can read it. */
export async function makePrivate(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== userInfo().uid) return false;
    if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
    return true;
  } catch {
    return false;
  }
}
