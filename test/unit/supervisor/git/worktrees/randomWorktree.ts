import { administrativeDirectoryOf } from '../../../../../src/supervisor/git/sessionWorktree';
import { chmod, lstat, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Repository } from '../../../../../src/supervisor/git/repository';
import type { Random } from '../../../../support/random';
import type { GitFixture } from '../gitFixture';

const STEPS = 12;
const ATTRIBUTES = [
  '',
  '* text=auto\n',
  '*.txt text eol=crlf\n',
  '*.txt ident\n* text=auto eol=lf\n',
  '*.txt working-tree-encoding=UTF-16LE\n',
];
const NAMES = [
  'a.txt',
  'b.txt',
  'folder/c.txt',
  'folder/d d.bin',
  'x/y/z',
  'ünï "q".txt',
  "it's",
  ...(process.platform === 'win32' ? [] : ['new\nline', '-x', 'back\\slash']),
];
const ACTIONS = [
  'write',
  'write',
  'stage',
  'delete',
  'rename',
  'mode',
  'link',
  'ignored',
  'commit',
  'amend',
  'reset',
  'merge',
  'rebase',
  'submodule',
  'nested',
  'lock',
] as const;
type Action = (typeof ACTIONS)[number];

/** A session's worktree in a repository with random files, attributes and configuration. */
export class RandomWorktree {
  readonly name: string;
  readonly repository: Repository;
  readonly session: Awaited<ReturnType<GitFixture['session']>>;
  /** Every commit that HEAD has been at. */
  readonly commits = new Set<string>();
  readonly #fixture: GitFixture;
  readonly #submodule: string;
  readonly #content: RandomContent;
  readonly #random: Random;

  private constructor(
    fixture: GitFixture,
    submodule: string,
    name: string,
    repository: Repository,
    session: RandomWorktree['session'],
    content: RandomContent,
    random: Random,
  ) {
    this.#fixture = fixture;
    this.#submodule = submodule;
    this.name = name;
    this.repository = repository;
    this.session = session;
    this.#content = content;
    this.#random = random;
  }

  /** `submodule` is the path of a repository that the agent may add. */
  static async create(fixture: GitFixture, submodule: string, name: string, random: Random): Promise<RandomWorktree> {
    const attributes = random.pick(ATTRIBUTES);
    const repository = await fixture.repository(name, { '.gitattributes': attributes, '.gitignore': '*.ignored\n' });
    const { mainWorktree } = repository;
    const content = new RandomContent(attributes, random);
    if (random.next() < 0.3)
      await fixture.user(mainWorktree, 'config', 'core.autocrlf', random.pick(['true', 'input']));
    if (random.next() < 0.2) await fixture.user(mainWorktree, 'config', 'core.fileMode', 'false');
    for (const file of NAMES.filter(() => random.next() < 0.7)) {
      await mkdir(join(mainWorktree, file, '..'), { recursive: true });
      await writeFile(join(mainWorktree, file), content.of(file));
    }
    await fixture.user(mainWorktree, 'add', '--all');
    await fixture.user(mainWorktree, 'commit', '--quiet', '--allow-empty', '--message=files');
    return new RandomWorktree(fixture, submodule, name, repository, await fixture.session(repository), content, random);
  }

  /** Does what agents do to a worktree, at random. */
  async change(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.#act(this.#random.pick(ACTIONS), this.#random.pick(NAMES), step);
      this.commits.add(await this.#fixture.user(this.session.path, 'rev-parse', 'HEAD'));
    }
  }

  async #act(action: Action, name: string, step: number): Promise<void> {
    const random = this.#random;
    const path = (file: string): string => join(this.session.path, file);
    const isFile = (await lstat(path(name)).catch(() => undefined))?.isFile() === true;
    switch (action) {
      case 'write':
        await mkdir(path(`${name}/..`), { recursive: true });
        await rm(path(name), { force: true });
        await writeFile(path(name), this.#content.of(name));
        return;
      case 'stage': {
        await this.#tryGit('add', '--all');
        return;
      }
      case 'delete': {
        await rm(path(name), { force: true });
        return;
      }
      case 'rename':
        if (isFile) await rename(path(name), path(`renamed ${step}`));
        return;
      case 'mode':
        if (isFile) await chmod(path(name), random.pick([0o755, 0o644]));
        return;
      case 'link':
        if (process.platform === 'win32') return;
        await rm(path(`link ${step % 3}`), { force: true });
        {
          await symlink(random.pick(NAMES), path(`link ${step % 3}`));
          return;
        }
      case 'ignored':
        if (random.next() < 0.3) await writeFile(path(`${step}.ignored`), this.#content.anything());
        return;
      case 'nested':
        if (random.next() < 0.3) await this.#addNestedRepository(`nested ${step}`);
        return;
      case 'lock':
        if (random.next() < 0.2) await writeFile(join(administrativeDirectoryOf(this.session), 'index.lock'), '');
        return;
      case 'submodule':
        if (random.next() < 0.3) await this.#addSubmodule();
        return;
      case 'commit': {
        await this.#tryGit('commit', '--quiet', '--allow-empty', '--message=agent');
        return;
      }
      case 'amend': {
        await this.#tryGit('commit', '--quiet', '--allow-empty', '--amend', '--message=amended');
        return;
      }
      case 'reset': {
        await this.#tryGit('reset', '--quiet', random.pick(['--soft', '--hard']), this.session.baseCommit);
        return;
      }
      case 'rebase': {
        const options = random.pick([[], ['--autostash']]);
        await this.#tryGit('rebase', '--quiet', '--force-rebase', ...options, this.session.baseCommit);
        return;
      }
      case 'merge':
        if (random.next() < 0.5) await this.#tryGit('merge', '--quiet', '--no-edit', 'ORIG_HEAD');
        return;
      default:
        action satisfies never;
    }
  }

  /** Some commands fail, such as one beside a lock: what they leave is a state as well. */
  async #tryGit(...parameters: string[]): Promise<void> {
    await this.#fixture.user(this.session.path, ...parameters).catch(() => undefined);
  }

  async #addNestedRepository(name: string): Promise<void> {
    await this.#fixture.user(this.session.path, 'init', '--quiet', name);
    if (this.#random.next() < 0.5)
      await this.#fixture.user(join(this.session.path, name), 'commit', '--quiet', '--allow-empty', '--message=inner');
  }

  async #addSubmodule(): Promise<void> {
    const folder = join(this.session.path, 'module');
    await this.#tryGit('submodule', '--quiet', 'add', this.#submodule, 'module');
    await this.#fixture.user(folder, 'commit', '--quiet', '--allow-empty', '--message=inside').catch(() => undefined);
    // Git cannot check this one for work of its own.
    if (this.#random.next() < 0.3) await writeFile(join(folder, '.git'), 'gitdir: /not/there\n').catch(() => undefined);
  }
}

/** Content that the attributes of a repository may convert. */
class RandomContent {
  readonly #attributes: string;
  readonly #random: Random;

  constructor(attributes: string, random: Random) {
    this.#attributes = attributes;
    this.#random = random;
  }

  /** For a file that is checked in, so in UTF-16 where the attributes ask for it. */
  of(name: string): Buffer {
    const content = this.anything();
    if (!this.#attributes.includes('UTF-16') || !name.endsWith('.txt')) return content;
    return Buffer.from(content.toString('latin1').replace(/[^ -~\r\n]/g, '?'), 'utf16le');
  }

  anything(): Buffer {
    const random = this.#random;
    if (random.next() < 0.2) return Buffer.from(Array.from({ length: 40 }, () => random.below(256)));
    const lines = Array.from({ length: random.below(6) }, () => random.pick(['one', 'two', '$Id$', 'ünï', '']));
    return Buffer.from(lines.join(random.pick(['\n', '\r\n', '\n'])) + random.pick(['', '\n', '\r\n']));
  }
}
