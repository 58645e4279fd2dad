import { randomBytes } from 'node:crypto';
import { chmod, lstat, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the disk of a worktree can tell apart and keep. */
export interface DiskTraits {
  ignoresCase: boolean;
  hasLinks: boolean;
  hasExecutableBit: boolean;
}

/** By the device's number. */
const known = new Map<number, Promise<DiskTraits>>();

/** Tries it out once for each disk, since the repository's configuration may say anything. */
export async function diskTraitsOf(worktreePath: string, gitDirectory: string): Promise<DiskTraits> {
  const { dev } = await lstat(worktreePath);
  const traits = known.get(dev) ?? probe(worktreePath, gitDirectory, dev);
  known.set(dev, traits);
  return await traits;
}

async function probe(worktreePath: string, gitDirectory: string, device: number): Promise<DiskTraits> {
  const isWindows = process.platform === 'win32';
  const traits = {
    ignoresCase: await ignoresCase(worktreePath),
    hasLinks: !isWindows,
    hasExecutableBit: !isWindows,
  };
  // Not in the worktree itself, where people and watchers would see it.
  for (const folder of [gitDirectory, dirname(worktreePath)]) {
    if ((await lstat(folder).catch(() => undefined))?.dev !== device) continue;
    const file = join(folder, `corral-probe-${randomBytes(6).toString('hex')}`);
    try {
      await writeFile(file, '', { mode: 0o600, flag: 'wx' });
      await chmod(file, 0o700);
      traits.hasExecutableBit = !isWindows && ((await lstat(file)).mode & 0o777) === 0o700;
      traits.hasLinks = await symlink('probe', `${file}.link`).then(
        () => true,
        () => false,
      );
      return traits;
    } catch {
      continue; // such as a folder that cannot be written
    } finally {
      await rm(file, { force: true });
      await rm(`${file}.link`, { force: true });
    }
  }
  return traits;
}

/** Every worktree has a `.git`: it is found by another case only where the disk knows none. */
async function ignoresCase(worktreePath: string): Promise<boolean> {
  const [found, other] = await Promise.all(
    ['.git', '.GiT'].map(async (name) => await lstat(join(worktreePath, name)).catch(() => undefined)),
  );
  if (found === undefined) return process.platform === 'win32' || process.platform === 'darwin';
  return other !== undefined && other.ino === found.ino;
}
