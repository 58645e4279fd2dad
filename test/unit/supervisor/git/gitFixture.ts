import { execa } from 'execa';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { StorePaths } from '../../../../src/storage/paths';
import { newId } from '../../../../src/storage/ids';
import { Git } from '../../../../src/supervisor/git/git';
import { findRepository, resolveCommit, type Repository } from '../../../../src/supervisor/git/repository';
import { CountedProcesses } from '../../../support/countedProcesses';
import { waitFor } from '../../../support/wait';
import { createWorktree, planWorktree } from '../../../../src/supervisor/git/worktrees/worktreeCreation';

export const STORE_ID = 'store-under-test';

/** A temp folder with real repositories in it, and git as a user runs it: hooks, filters and all. */
export class GitFixture {
  readonly root: string;
  #repositoryCount = 0;
  /** Whether filters of any text are allowed for the sessions. */
  allowsFilters = false;
  readonly processes = new CountedProcesses();
  readonly git = new Git(this.processes.run, { lockPatienceMs: 400 });

  private constructor(root: string) {
    this.root = root;
  }

  static async create(name = 'corral git'): Promise<GitFixture> {
    const root = join(await realpath(await mkdtemp(join(tmpdir(), 'corral-test-'))), name);
    await mkdir(root);
    return new GitFixture(root);
  }

  async remove(): Promise<void> {
    await rm(dirname(this.root), { recursive: true, force: true, maxRetries: 5 });
  }

  async repository(
    name = 'main',
    files: Readonly<Record<string, string>> = { 'read me.txt': 'hello\n', 'src/a.ts': 'a\n' },
  ): Promise<Repository> {
    const folder = join(this.root, name);
    await mkdir(folder, { recursive: true });
    await this.user(folder, 'init', '--quiet', '--initial-branch=main');
    await write(folder, files);
    await this.user(folder, 'add', '--all');
    await this.user(folder, 'commit', '--quiet', '--allow-empty', '--message=first');
    return findRepository(this.git, folder);
  }

  async session(repository: Repository, location: 'inside' | 'beside' = 'inside') {
    const sessionId = newId();
    const baseCommit = await resolveCommit(repository, 'HEAD');
    const paths = new StorePaths(join(this.root, 'store'));
    const filters = {
      folderOf: (id: string) => paths.session(id).filtered,
      mayRun: () => Promise.resolve(this.allowsFilters),
    };
    await mkdir(paths.session(sessionId).filtered, { recursive: true });
    const planned = {
      ...planWorktree(repository, { storeId: STORE_ID, sessionId }, location, 'Go'),
      filters,
    };
    return { ...(await createWorktree(planned, baseCommit)), baseCommit };
  }

  /** A session in a repository of its own, which no other test touches. */
  async freshSession(files?: Readonly<Record<string, string>>) {
    return this.session(await this.repository(`repository ${++this.#repositoryCount}`, files));
  }

  /** A session in a repository of this name, whose agent has committed, deleted, renamed and added files. */
  async workedSession(name: string) {
    const files = { 'edited.txt': '1\n', 'gone.txt': 'g\n', 'old name.txt': 'a long enough line to be known again\n' };
    const session = await this.session(await this.repository(name, files));
    await write(session.path, { 'edited.txt': '2\n' });
    await this.user(session.path, 'commit', '--quiet', '--all', '--message=agent');
    await rm(join(session.path, 'gone.txt'));
    await rename(join(session.path, 'old name.txt'), join(session.path, 'new name.txt'));
    await write(session.path, { 'new/ünï.txt': 'n\n' });
    return session;
  }

  /** A git that hangs in one command: `hangs` settles when it does, `end` ends it there. No program on Windows. */
  async hangingGit(command: string): Promise<{ git: Git; hangs: () => Promise<void>; end: () => Promise<void> }> {
    const program = join(this.root, `git that hangs in ${command}`);
    const script = `#!/bin/sh\nfor word in "$@"; do [ "$word" = ${command} ] && echo $$ >> "$0.pids" && exec sleep 1000; done\nexec git "$@"\n`;
    await writeFile(program, script, { mode: 0o755 });
    const pids = async (): Promise<number[]> =>
      [...(await readFile(`${program}.pids`, 'utf8')).matchAll(/^(\d+)\n/gm)].map(([, pid]) => Number(pid));
    const hangs = async (): Promise<void> => {
      await waitFor(async () => (await pids()).length > 0, { what: `git to hang in ${command}` });
    };
    const end = async (): Promise<void> => {
      for (const pid of await pids()) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was ended before.
        }
      }
    };
    return { git: new Git(runWithNode, { program }), hangs, end };
  }

  /** Git as the user or an agent runs it. */
  async user(folder: string, ...commandArguments: string[]): Promise<string> {
    const configuration = [
      '-c',
      'user.name=User',
      '-c',
      'user.email=user@localhost',
      '-c',
      'protocol.file.allow=always',
      '-c',
      'maintenance.auto=false', // each commit would start another git, which finds nothing to do
    ];
    const { stdout } = await execa('git', [...configuration, ...commandArguments], {
      cwd: folder,
      stdin: 'ignore',
      env: { LC_ALL: 'C' },
    });
    return stdout;
  }
}

export async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Every file below a folder: path → type, executable bit and bytes. Without `.git`. */
export async function readAll(folder: string, prefix = ''): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    if (entry.name === '.git') continue;
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    const full = join(folder, path);
    if (entry.isDirectory()) (await readAll(folder, path)).forEach((value, key) => files.set(key, value));
    else if (entry.isSymbolicLink()) files.set(path, `link ${await readlink(full)}`);
    else
      files.set(
        path,
        `${((await lstat(full)).mode & 0o100) === 0 ? 'file' : 'program'} ${(await readFile(full)).toString('latin1')}`,
      );
  }
  return files;
}

export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
