import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import type { RunProcess } from '../../../../../src/common/processes/runProcess';
import { Git } from '../../../../../src/supervisor/git/git';
import { readWork } from '../../../../../src/supervisor/git/review/changes';
import { SnapshotMemory } from '../../../../../src/supervisor/git/snapshots/incremental/incrementalSnapshot';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import type { Snapshot } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { FUZZ_SEED, fuzzCount } from '../../../../support/fuzzing';
import { Random } from '../../../../support/random';
import { skip } from '../../../../support/skip';
import { GitFixture, write } from '../gitFixture';

const FILES = { 'a.txt': 'a\n', 'b.sh': 'b\n', 'folder/c.txt': 'c\n', 'folder/deep/d.txt': 'd\n', 'e/f.txt': 'f\n' };

const COUNT = fuzzCount(12);
const NAMES = ['a.txt', 'b', 'b/c', 'b/c/d', 'c/d', 'c/e.log', 'ü "x"', '-n', 'folder/c.txt', 'folder', 'new\nline'];

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('a snapshot that adds to the one before', () => {
  let fixture: GitFixture;
  before(async () => (fixture = await GitFixture.create()));
  after(async () => fixture.remove());

  /** A session whose snapshots know what the ones before found, and which tell what git did for them. */
  async function begin(files: Readonly<Record<string, string>> = FILES) {
    const session = await fixture.freshSession(files);
    let commands: string[] = [];
    const run: RunProcess = async (argv, options) => {
      if (basename(argv[0]) === 'git') commands.push(argv[1] ?? '');
      return await runWithNode(argv, options);
    };
    const watched = { ...session, repository: { ...session.repository, git: new Git(run) } };
    const memory = new SnapshotMemory();
    /** Takes one and holds it against the whole capture. */
    const take = async (): Promise<Snapshot & { isWhole: boolean; commands: string[] }> => {
      commands = [];
      const snapshot = await takeSnapshot(watched, 'turn', { memory });
      const started = commands.filter((command) => command !== '--version');
      assert.equal(snapshot.tree, (await readWork(session)).tree, 'the tree of the whole capture');
      assert.equal(await fixture.user(session.path, 'rev-parse', `${snapshot.commit}^{tree}`), snapshot.tree);
      return { ...snapshot, isWhole: started.includes('write-tree'), commands: started };
    };
    const at = (path: string): string => join(session.path, path);
    return { session, take, at };
  }

  it('holds what the whole capture holds, after every kind of change', async () => {
    const { session, take, at } = await begin();
    const user = async (...words: string[]): Promise<unknown> => await fixture.user(session.path, ...words);
    const steps: (() => Promise<unknown>)[] = [
      async () => write(session.path, { 'a.txt': 'changed\n', 'folder/deep/d.txt': 'changed\n' }),
      async () => write(session.path, { 'new.txt': 'n\n', 'new folder/ünï "x".txt': 'n\n' }),
      async () => chmod(at('b.sh'), 0o755),
      async () => rm(at('folder/c.txt')),
      async () => write(session.path, { 'a.txt': 'a\n' }),
      async () => symlink('../nowhere', at('link')),
      async () => rm(at('e'), { recursive: true }),
      async () => write(session.path, { e: 'now a file\n' }),
      async () => rm(at('e')),
      async () => write(session.path, { 'e/g/h.txt': 'a folder again\n' }),
      async () => user('add', '--all'),
      async () => user('commit', '--quiet', '--message=agent'),
      async () => write(session.path, { 'a.txt': 'staged\n' }),
      async () => user('add', 'a.txt'),
      async () => write(session.path, { 'a.txt': 'and changed\n' }),
      async () => user('rm', '--quiet', '--cached', 'b.sh'),
      async () => write(session.path, { '.gitignore': '*.log\nnew.txt\n', 'x.log': 'ignored\n' }),
      async () => user('reset', '--quiet', '--hard', 'HEAD~1'),
      async () => user('clean', '--quiet', '--force', '-d', '-x'),
      async () => user('checkout', '--quiet', '-b', 'other'),
      async () => rename(at('folder'), at('moved')),
      async () => user('update-index', '--index-version=4'),
      async () => write(session.path, { 'moved/more.txt': 'm\n', 'a.txt': '' }),
      async () => rm(at('a.txt')).then(async () => mkdir(at('a.txt'))),
    ];
    const seen = new Set<string>();
    for (const [number, step] of steps.entries()) {
      await step();
      const one = await take();
      assert.equal(one.isWhole, false, `${String(number)}: ${one.commands.join(' ')}`);
      const again = await take();
      assert.deepEqual([again.isWhole, again.changed, again.commit], [false, false, one.commit], String(number));
      assert.ok(again.commands.length <= 4, again.commands.join(' '));
      seen.add(one.commit);
    }
    assert.ok(seen.size > 18, String(seen.size));
    await fixture.user(session.path, 'fsck', '--strict', '--no-dangling');
  });

  it(`adds to a snapshot what ${String(COUNT)} random changes left (from seed ${String(FUZZ_SEED)})`, async function () {
    this.timeout(60_000 + COUNT * 10_000);
    const { session, take } = await begin();
    const random = new Random(FUZZ_SEED);
    let added = 0;
    for (let round = 0; round < COUNT; round++) {
      const done: string[] = [];
      for (let left = random.below(4); left >= 0; left--) done.push(await changeAtRandom(session.path, random));
      const taken = await take().catch((error: unknown) => {
        throw new Error(`Round ${String(round)}, after ${done.join(', ')}`, { cause: error });
      });
      if (!taken.isWhole) added++;
    }
    assert.ok(added > COUNT / 2, `${String(added)} of ${String(COUNT)} were added`);
  });

  /** As an agent may: most changes fail now and then, such as a commit of nothing. Answers with what was tried. */
  async function changeAtRandom(folder: string, random: Random): Promise<string> {
    const [name, other] = [random.pick(NAMES), random.pick(NAMES)];
    const [one, two] = [join(folder, name), join(folder, other)];
    const changes: Record<string, () => Promise<unknown>> = {
      write: async () => write(folder, { [name]: `${String(random.below(4))}\n` }),
      add: async () => fixture.user(folder, 'add', '--all'),
      'add one': async () => fixture.user(folder, 'add', '--', name),
      remove: async () => rm(one, { recursive: true }),
      rename: async () => rename(one, two),
      link: async () => symlink(other, one),
      chmod: async () => chmod(one, random.pick([0o644, 0o755])),
      commit: async () => fixture.user(folder, 'commit', '--quiet', '--message=agent'),
      'remove from the index': async () => fixture.user(folder, 'rm', '--quiet', '-r', '--cached', '--', name),
      ignore: async () => write(folder, { '.gitignore': random.pick(['', '*.log\n', 'b\n', 'c/*\n!c/d\n']) }),
      reset: async () =>
        fixture.user(folder, 'reset', '--quiet', random.pick(['--hard', '--mixed', '--soft']), 'HEAD~1'),
      stash: async () => fixture.user(folder, 'stash', 'push', '--quiet', random.pick(['--all', '--keep-index'])),
      branch: async () => fixture.user(folder, 'checkout', '--quiet', '-B', random.pick(['one', 'two'])),
      status: async () => fixture.user(folder, 'status'),
      touch: async () => utimes(one, 1_700_000_000, 1_700_000_000),
      index: async () => fixture.user(folder, 'update-index', `--index-version=${String(random.pick([2, 3, 4]))}`),
    };
    const what = random.pick([...Object.keys(changes), 'write', 'write', 'write', 'remove']);
    await changes[what]?.().catch(() => undefined);
    return `${what} ${name}`;
  }

  it('sees every change of the same size, also within a tick of the clock', async () => {
    const { session, take, at } = await begin();
    const trees = new Set<string>();
    for (let round = 10; round < 40; round++) {
      await writeFile(at('a.txt'), String(round));
      if (round % 3 === 0) await fixture.user(session.path, 'add', 'a.txt');
      if (round % 5 === 0) await utimes(at('a.txt'), 1_700_000_000, 1_700_000_000);
      trees.add((await take()).tree);
    }
    assert.equal(trees.size, 30);
  });

  it('gives way to the whole capture where git may hide something or see other bytes', async function () {
    if (process.platform === 'win32') skip(this, 'modes are those of Linux and macOS');
    const hiding: Record<string, (session: Session) => Promise<unknown>> = {
      'tracked attributes': async ({ path }) => {
        await write(path, { 'folder/.gitattributes': '*.txt text\n' });
        await fixture.user(path, 'add', '--all');
      },
      'new attributes': async ({ path }) => write(path, { '.gitattributes': '*.txt filter=lost\n' }),
      'ignored attributes': async ({ path }) =>
        write(path, { '.gitignore': '.gitattributes\n', 'folder/.gitattributes': '*.txt filter=lost\n' }),
      'attributes of the repository': async ({ repository }) =>
        write(repository.commonDirectory, { 'info/attributes': '*.txt filter=lost\n' }),
      'line ends': async ({ path }) => fixture.user(path, 'config', 'core.autocrlf', 'input'),
      'assume-unchanged': async ({ path }) => fixture.user(path, 'update-index', '--assume-unchanged', 'a.txt'),
      'skip-worktree': async ({ path }) => fixture.user(path, 'update-index', '--skip-worktree', 'a.txt'),
      'intent to add': async ({ path }) => {
        await write(path, { 'intent.txt': 'i\n' });
        await fixture.user(path, 'add', '--intent-to-add', 'intent.txt');
      },
      'a split index': async ({ path }) => fixture.user(path, 'update-index', '--split-index'),
      'a nested repository': async ({ path }) => {
        await fixture.user(path, 'init', '--quiet', 'nested');
        await fixture.user(join(path, 'nested'), 'commit', '--quiet', '--allow-empty', '--message=1');
      },
      'an index of the future': async ({ path }) => {
        const index = join(await fixture.user(path, 'rev-parse', '--absolute-git-dir'), 'index');
        await utimes(index, Date.now() / 1000 + 1_000, Date.now() / 1000 + 1_000);
      },
      'a torn index': async ({ path }) => {
        const index = join(await fixture.user(path, 'rev-parse', '--absolute-git-dir'), 'index');
        const bytes = await readFile(index);
        await writeFile(index, Buffer.concat([bytes.subarray(0, -30), Buffer.alloc(30, 1)]));
      },
      'a pipe in place of a file': async ({ path }) => {
        await rm(join(path, 'a.txt'));
        await execa('mkfifo', [join(path, 'a.txt')]);
      },
      "names like git's own": async ({ path }) => write(path, { 'git~1/config': 'x\n' }),
      'much to read': async ({ path }) => writeFile(join(path, 'large'), Buffer.alloc(17 << 20)),
    };
    for (const [what, hide] of Object.entries(hiding)) {
      const { session, take } = await begin();
      assert.equal((await take()).isWhole, false);
      await hide(session);
      await write(session.path, { 'folder/c.txt': 'changed\n' });
      if (what !== 'skip-worktree') await write(session.path, { 'b.sh': 'changed\n' });
      assert.equal((await take()).isWhole, true, what);
    }
  });

  it('stores again what is staged and whose object is gone', async () => {
    const { session, take } = await begin();
    await write(session.path, { 'staged.txt': 'staged\n' });
    await fixture.user(session.path, 'add', 'staged.txt');
    const objectId = await fixture.user(session.path, 'rev-parse', ':staged.txt');
    await rm(join(session.repository.commonDirectory, 'objects', objectId.slice(0, 2), objectId.slice(2)));
    const { commit, isWhole } = await take();
    assert.equal(isWhole, false);
    assert.equal(await fixture.user(session.path, 'cat-file', 'blob', `${commit}:staged.txt`), 'staged');
  });

  it('follows a snapshot that somebody else took, and a setting that changed', async () => {
    const { session, take } = await begin();
    await write(session.path, { 'a.txt': '1\n' });
    const first = await take();
    await write(session.path, { 'a.txt': '2\n' });
    const other = await takeSnapshot(session, 'by a window');
    await write(session.path, { 'a.txt': '1\n', 'x.csv': 'x\n' });
    const second = await take();
    assert.equal(await fixture.user(session.path, 'log', '-1', '--format=%P', second.commit), other.commit);
    assert.equal(second.changed, true);
    assert.notEqual(second.commit, first.commit);
    await write(session.repository.commonDirectory, { 'info/exclude': '*.csv\n' });
    assert.notEqual((await take()).tree, second.tree);
  });
});
