import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, mkdtemp, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { endProcessesOf } from './processes';
import { projectRoot } from './project';

/** Sets an author and keeps out this machine's configuration. */
const GIT_ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: process.platform === 'win32' ? 'NUL' : '/dev/null',
  GIT_AUTHOR_NAME: 'Robin',
  GIT_AUTHOR_EMAIL: 'robin@example.com',
  GIT_COMMITTER_NAME: 'Robin',
  GIT_COMMITTER_EMAIL: 'robin@example.com',
  // Each commit would start another git, which finds nothing to do.
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'maintenance.auto',
  GIT_CONFIG_VALUE_0: 'false',
};

const USER = '[user]\n\tname = Robin\n\temail = robin@example.com\n';
const FILES = { 'README.md': '# A repository for tests\n' };
/** The repository with these files that others are copied from: git starts many processes to make one. */
const TEMPLATE = join(
  projectRoot,
  'out',
  `template-${createHash('sha256')
    .update(USER + JSON.stringify(FILES))
    .digest('hex')
    .slice(0, 8)}`,
);

/** A real git repository in a temporary folder of its own, with one commit. */
export class TestRepository {
  readonly path: string;
  readonly #parent: string;

  private constructor(parent: string, path: string) {
    this.#parent = parent;
    this.path = path;
  }

  /** `name` is the last part of the path. */
  static async create({
    name = 'repository',
    files,
  }: { name?: string; files?: Record<string, string> } = {}): Promise<TestRepository> {
    // A temporary folder may be a link, and git reports real paths.
    const parent = await realpath(await mkdtemp(join(tmpdir(), 'corral-repository-')));
    const repository = new TestRepository(parent, join(parent, name));
    if (files === undefined) await repository.#copyTemplate();
    else await repository.#make(files);
    return repository;
  }

  async #make(files: Record<string, string>): Promise<void> {
    await mkdir(this.path);
    await this.git('init', '--quiet', '--initial-branch=main');
    await appendFile(join(this.path, '.git/config'), USER);
    await this.commit('Begin', files);
  }

  async #copyTemplate(): Promise<void> {
    if (!existsSync(TEMPLATE)) {
      const folder = await mkdtemp(`${TEMPLATE}-`);
      const template = new TestRepository(folder, join(folder, 'repository'));
      await template.#make(FILES);
      await rm(join(template.path, '.git/hooks'), { recursive: true }); // samples
      await mkdir(join(template.path, '.git/hooks'));
      // Another process may have been quicker.
      await rename(template.path, TEMPLATE).catch(() => undefined);
      await rm(folder, { recursive: true, force: true });
    }
    await cp(TEMPLATE, this.path, { recursive: true });
    await this.git('update-index', '--refresh'); // a copied file is another one than git knows
  }

  /** Runs git in the repository and returns what it printed, without the last newline. */
  async git(...parameters: string[]): Promise<string> {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([variable]) => !variable.startsWith('GIT_')),
    );
    const { stdout } = await promisify(execFile)('git', parameters, {
      cwd: this.path,
      env: { ...inherited, ...GIT_ENVIRONMENT },
      maxBuffer: 1 << 28,
    });
    return stdout.replace(/\n$/, '');
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const target = join(this.path, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }

  /** Writes these files and commits everything; returns the commit's id. */
  async commit(message: string, files: Record<string, string> = {}): Promise<string> {
    for (const [path, content] of Object.entries(files)) await this.write(path, content);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return await this.git('rev-parse', 'HEAD');
  }

  /** Ends the processes inside and removes the folder with its worktrees. */
  async remove(): Promise<void> {
    await endProcessesOf(this.#parent);
    await rm(this.#parent, { recursive: true, force: true, maxRetries: 5 });
  }
}
