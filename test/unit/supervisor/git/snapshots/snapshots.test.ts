import assert from 'node:assert/strict';
import { execa } from 'execa';
import { chmod, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { Git } from '../../../../../src/supervisor/git/git';
import { readSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { IDENTITY } from '../../../../../src/supervisor/git/repository';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('snapshots', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function paths(session: Session, commit: string): Promise<string[]> {
    return (await fixture.user(session.repository.mainWorktree, 'ls-tree', '-r', '-z', '--name-only', commit))
      .split('\0')
      .filter((path) => path !== '');
  }
  async function content(session: Session, commit: string, path: string): Promise<string> {
    return (
      await execa('git', ['cat-file', 'blob', `${commit}:${path}`], {
        cwd: session.repository.mainWorktree,
        stripFinalNewline: false,
      })
    ).stdout;
  }
  async function usersState(session: Session): Promise<unknown> {
    const folder = await fixture.user(session.path, 'rev-parse', '--absolute-git-dir');
    const bytes = async (name: string): Promise<string> => readFile(join(folder, name), 'latin1').catch(() => 'none');
    return {
      index: await bytes('index'),
      head: await bytes('HEAD'),
      reflog: await bytes('logs/HEAD'),
      stash: await fixture.user(session.path, 'stash', 'list'),
      branches: await fixture.user(session.path, 'branch', '--list', '--verbose'),
    };
  }

  it("holds what is tracked and untracked and not what is ignored, and leaves the user's state alone", async () => {
    const session = await fixture.freshSession({
      'a.txt': 'a\n',
      'b.txt': 'b\n',
      'c.sh': 'c\n',
      'old/name.txt': 'long enough to be a rename\n',
      '.gitignore': 'ignored\n',
    });
    const at = (path: string): string => join(session.path, path);
    await write(session.path, { 'a.txt': 'staged\n' });
    await fixture.user(session.path, 'add', 'a.txt');
    await write(session.path, {
      'a.txt': 'staged, then changed\n',
      'new/ünï "x".txt': 'new\n',
      ignored: 'secret\n',
      'intent.txt': 'i\n',
    });
    await fixture.user(session.path, 'add', '--intent-to-add', 'intent.txt');
    await rm(at('b.txt'));
    await chmod(at('c.sh'), 0o755);
    await mkdir(at('moved'));
    await rename(at('old/name.txt'), at('moved/name.txt'));
    await symlink('../nowhere', at('link'));
    const before = await usersState(session);
    const snapshot = await takeSnapshot(session, 'turn 1\n\nCorral-Head: forged');
    assert.deepEqual(await usersState(session), before);
    assert.deepEqual((await paths(session, snapshot.commit)).sort(), [
      '.gitignore',
      'a.txt',
      'c.sh',
      'intent.txt',
      'link',
      'moved/name.txt',
      'new/ünï "x".txt',
    ]);
    assert.equal(await content(session, snapshot.commit, 'a.txt'), 'staged, then changed\n');
    assert.match(await fixture.user(session.path, 'ls-tree', snapshot.commit, 'c.sh'), /^100755/);
    assert.match(await fixture.user(session.path, 'ls-tree', snapshot.commit, 'link'), /^120000/);
    assert.equal(
      await fixture.user(session.path, 'log', '-1', '--format=%an %ae %cn %ce', snapshot.commit),
      'Corral corral@localhost Corral corral@localhost',
    );
    assert.deepEqual([snapshot.changed, snapshot.notCaptured], [true, []]);
    assert.deepEqual(await takeSnapshot(session, 'turn 2'), { ...snapshot, changed: false });
    await fixture.user(session.repository.mainWorktree, 'fsck', '--strict');
  });

  it('makes no commit where nothing changed since the base', async () => {
    const session = await fixture.freshSession();
    assert.deepEqual(await takeSnapshot(session, 'turn'), {
      commit: session.baseCommit,
      tree: await fixture.user(session.path, 'rev-parse', 'HEAD^{tree}'),
      changed: false,
      notCaptured: [],
      filtered: [],
    });
  });

  it("is told from other commits of Corral's by more than its name", async () => {
    const { repository } = await fixture.freshSession();
    const { git, mainWorktree } = repository;
    const { name, email } = IDENTITY;
    const environment = {
      GIT_AUTHOR_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_NAME: name,
      GIT_COMMITTER_EMAIL: email,
    };
    const commit = await git.text(mainWorktree, ['commit-tree', '-m', 'Initial commit', 'HEAD^{tree}'], {
      environment,
    });
    const { isSnapshot, head } = await readSnapshot(repository, commit);
    assert.deepEqual([isSnapshot, head], [false, commit]);
  });

  it('has the HEAD as a parent wherever it moved: forward, back, to another branch, to none', async () => {
    const session = await fixture.freshSession();
    const parents = async (commit: string): Promise<string[]> =>
      (await fixture.user(session.path, 'log', '-1', '--format=%P', commit)).split(' ');
    await write(session.path, { work: '1' });
    const first = await takeSnapshot(session, '1');
    assert.deepEqual(await parents(first.commit), [session.baseCommit]);
    await fixture.user(session.path, 'add', '.');
    await fixture.user(session.path, 'commit', '--quiet', '--message=agent');
    const head = await fixture.user(session.path, 'rev-parse', 'HEAD');
    const second = await takeSnapshot(session, '2');
    assert.deepEqual(await parents(second.commit), [first.commit, head]);
    await fixture.user(session.path, 'reset', '--quiet', '--hard', 'HEAD~1');
    const third = await takeSnapshot(session, '3');
    assert.deepEqual(await parents(third.commit), [second.commit, session.baseCommit]);
    await fixture.user(session.path, 'checkout', '--quiet', '--orphan', 'unborn');
    await write(session.path, { work: '2' });
    const fourth = await takeSnapshot(session, '4');
    assert.deepEqual(await parents(fourth.commit), [third.commit]);
    assert.equal((await takeSnapshot(session, '5')).changed, false);
  });

  it('sees a change within the same clock tick as the index was written, of the same size', async () => {
    const session = await fixture.freshSession({ f: 'aaaa' });
    for (let round = 0; round < 20; round++) {
      const file = join(session.path, 'f');
      const [one, two] = [`${round}-one`, `${round}-two`];
      await writeFile(file, one);
      await fixture.user(session.path, 'add', 'f');
      await writeFile(file, two);
      const snapshot = await takeSnapshot(session, 'tick');
      assert.equal(await content(session, snapshot.commit, 'f'), two);
    }
  });

  it('is not deceived by flags that hide changes', async () => {
    const session = await fixture.freshSession({ assumed: 'a\n', skipped: 's\n', absent: 'x\n' });
    await fixture.user(session.path, 'update-index', '--assume-unchanged', 'assumed');
    await fixture.user(session.path, 'update-index', '--skip-worktree', 'skipped', 'absent');
    await write(session.path, { assumed: 'A\n', skipped: 'S\n' });
    await rm(join(session.path, 'absent'));
    const before = await usersState(session);
    const snapshot = await takeSnapshot(session, 'flags');
    assert.equal(await content(session, snapshot.commit, 'assumed'), 'A\n');
    assert.equal(await content(session, snapshot.commit, 'skipped'), 'S\n');
    assert.deepEqual(await usersState(session), before);
  });

  it('works with a lock left behind, a merge in progress, a torn index, and no index', async () => {
    const session = await fixture.freshSession({ f: 'base\n', g: 'g\n' });
    const administrative = await fixture.user(session.path, 'rev-parse', '--absolute-git-dir');
    await write(session.path, { f: 'theirs\n' });
    await fixture.user(session.path, 'commit', '--quiet', '--all', '--message=theirs');
    const theirs = await fixture.user(session.path, 'rev-parse', 'HEAD');
    await fixture.user(session.path, 'reset', '--quiet', '--hard', 'HEAD~1');
    await write(session.path, { f: 'ours\n' });
    await fixture.user(session.path, 'commit', '--quiet', '--all', '--message=ours');
    await assert.rejects(fixture.user(session.path, 'merge', '--quiet', theirs));
    await writeFile(join(administrative, 'index.lock'), '');
    const before = await usersState(session);
    const merging = await takeSnapshot(session, 'merging');
    assert.match(await content(session, merging.commit, 'f'), /<<<<<<< HEAD\nours/);
    assert.deepEqual(await usersState(session), before);
    const index = join(administrative, 'index');
    await writeFile(index, (await readFile(index)).subarray(0, 40));
    assert.equal((await takeSnapshot(session, 'torn')).tree, merging.tree);
    await rm(index);
    assert.deepEqual((await paths(session, (await takeSnapshot(session, 'none')).commit)).sort(), ['f', 'g']);
  });

  it('takes a folder that became a file, a link or both ways', async () => {
    const session = await fixture.freshSession({
      'folder/a': '1\n',
      'folder/b': '2\n',
      file: '3\n',
      'linked/a': '4\n',
    });
    await rm(join(session.path, 'folder'), { recursive: true });
    await rm(join(session.path, 'file'));
    await rename(join(session.path, 'linked'), join(session.path, 'real'));
    await symlink('real', join(session.path, 'linked'));
    await write(session.path, { folder: 'now a file\n', 'file/inner': 'now a folder\n' });
    await write(session.path, { 'real/a': 'changed\n' });
    const snapshot = await takeSnapshot(session, 'kinds');
    assert.deepEqual((await paths(session, snapshot.commit)).sort(), ['file/inner', 'folder', 'linked', 'real/a']);
  });

  it('goes on beside nested repositories, submodules, special files and names that are not UTF-8', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux has names that are not UTF-8');
    const inner = await fixture.repository('inner');
    const session = await fixture.freshSession();
    await fixture.user(session.path, 'submodule', '--quiet', 'add', inner.mainWorktree, 'sub');
    await fixture.user(session.path, 'init', '--quiet', 'empty');
    await fixture.user(session.path, 'init', '--quiet', 'nested');
    await fixture.user(join(session.path, 'nested'), 'commit', '--quiet', '--allow-empty', '--message=1');
    await execa('mkfifo', [join(session.path, 'pipe')]);
    await writeFile(Buffer.concat([Buffer.from(`${session.path}/`), Buffer.from([0xff, 0x0a, 0x22])]), 'odd');
    const snapshot = await takeSnapshot(session, 'odd');
    assert.deepEqual(snapshot.notCaptured.sort(), ['empty/', 'nested/']);
    assert.match(await fixture.user(session.path, 'ls-tree', snapshot.commit, 'sub'), /^160000 commit/);
    const { stdout } = await execa('git', ['ls-tree', '-z', '--name-only', snapshot.commit], {
      cwd: session.path,
      encoding: 'latin1',
    });
    assert.ok(stdout.split('\0').includes('\xff\n"'));
  });

  it('leaves out a file that cannot be read, and says so', async function () {
    if (process.platform === 'win32') skip(this, 'Windows knows no file modes');
    const session = await fixture.freshSession();
    await write(session.path, { closed: 'x', open: 'y' });
    await chmod(join(session.path, 'closed'), 0);
    if (
      await readFile(join(session.path, 'closed')).then(
        () => true,
        () => false,
      )
    )
      skip(this, 'root reads everything');
    const snapshot = await takeSnapshot(session, 'closed');
    assert.deepEqual(snapshot.notCaptured, ['closed']);
    assert.ok((await paths(session, snapshot.commit)).includes('open'));
  });

  it('loses none of two that are taken at once', async () => {
    const session = await fixture.freshSession();
    await write(session.path, { work: '1' });
    const other = { ...session.repository, git: new Git(runWithNode) };
    const taken = await Promise.all(
      [0, 1, 2, 3].map(async (index) =>
        takeSnapshot({ ...session, repository: index % 2 === 0 ? session.repository : other }, String(index)),
      ),
    );
    assert.equal(new Set(taken.map(({ commit }) => commit)).size, 1);
    assert.equal(taken.filter(({ changed }) => changed).length, 1);
  });

  it('keeps its hands off an index whose time lies in the future', async () => {
    const session = await fixture.freshSession({ f: 'a' });
    const index = join(await fixture.user(session.path, 'rev-parse', '--absolute-git-dir'), 'index');
    const inAYear = Date.now() / 1000 + 31_536_000;
    await utimes(index, inAYear, inAYear);
    await write(session.path, { f: 'b' });
    const snapshot = await takeSnapshot(session, 'future');
    assert.equal(await content(session, snapshot.commit, 'f'), 'b');
  });
});
