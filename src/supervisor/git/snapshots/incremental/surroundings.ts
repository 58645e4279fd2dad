/** What a snapshot needs to know besides the files, and a way to tell without git that it is as it was. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readUserSettings, type UserSettings } from '../../isolated/userSettings';
import type { SessionWorktree } from '../../sessionWorktree';
import { readBranch, readSnapshotRefAndHead, snapshotRefName, type SnapshotCommit } from '../snapshotRef';

export interface Surroundings {
  settings: UserSettings;
  /** The last snapshot; the base's commit where there is none yet. */
  before: SnapshotCommit | undefined;
  head: string | undefined;
  branch: string | undefined;
}

/** Asks git. */
export async function readSurroundings(worktree: SessionWorktree, gitDirectory: string): Promise<Surroundings> {
  const { repository, path, signal } = worktree;
  const [settings, { lastSnapshot: before, head }, branch] = await Promise.all([
    readUserSettings(repository.git, path, gitDirectory, signal),
    readSnapshotRefAndHead(worktree),
    readBranch(worktree),
  ]);
  return { settings, before, head, branch };
}

/** The files from which git has its answers. */
export interface SurroundingFiles {
  /** What the file of the session's ref says; '' where it is stored elsewhere. */
  snapshotRef: string;
  /** The content of the others. */
  others: string;
}

/**
 * Undefined where more files may count: where settings include others, and where refs are not stored as files. Settings
 * of the whole system are taken to stay as they are.
 */
export async function readSurroundingFiles(
  { repository: { commonDirectory }, sessionId }: SessionWorktree,
  gitDirectory: string,
): Promise<SurroundingFiles | undefined> {
  const read = async (...names: string[]): Promise<string> => await readFile(join(...names), 'latin1').catch(() => '');
  const [head, snapshotRef, packed, ...settings] = await Promise.all([
    read(gitDirectory, 'HEAD'),
    read(commonDirectory, snapshotRefName(sessionId)),
    stat(join(commonDirectory, 'packed-refs'), { bigint: true }).catch(() => undefined),
    read(commonDirectory, 'config'),
    read(gitDirectory, 'config.worktree'),
    read(homedir(), '.gitconfig'),
    read(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'git/config'),
  ]);
  const branch = /^ref: (refs\/heads\/.+)\n$/.exec(head)?.[1];
  if (head === '' || branch === 'refs/heads/.invalid' || settings.some((text) => /include/i.test(text)))
    return undefined;
  const branchRef = branch === undefined ? '' : await read(commonDirectory, branch);
  const packedStamp = packed === undefined ? '' : [packed.size, packed.mtimeNs, packed.ctimeNs, packed.ino].join(' ');
  return { snapshotRef: snapshotRef.trim(), others: JSON.stringify([head, branchRef, packedStamp, settings]) };
}
