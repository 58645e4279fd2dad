import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readRevision } from '../../../../src/supervisor/git/snapshots/snapshotRef';
import { findRepository, initializeRepository, resolveCommit } from '../../../../src/supervisor/git/repository';
import { Sandbox } from './gitFixture';

describe('repository', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await Sandbox.create();
  });
  after(async () => sandbox.remove());

  const names = ['plain', 'with space', 'quo"te\'s', 'ünï-cødé-日本'];
  if (process.platform !== 'win32') names.push('new\nline', '-x', 'back\\slash');
  for (const name of names) {
    it(`finds the main worktree from everywhere: ${JSON.stringify(name)}`, async () => {
      const repository = await sandbox.repository(name);
      const linked = join(sandbox.root, `${name} linked`);
      await sandbox.user(repository.mainWorktree, 'worktree', 'add', '--quiet', '--detach', linked);
      const { worktreePath } = await sandbox.session(repository);
      for (const folder of [
        join(repository.mainWorktree, 'src'),
        linked,
        join(linked, 'src'),
        worktreePath,
        join(worktreePath, 'src'),
      ]) {
        const found = await findRepository(sandbox.git, folder);
        assert.equal(found.mainWorktree, repository.mainWorktree, folder);
        assert.equal(found.commonDirectory, repository.commonDirectory, folder);
      }
    });
  }

  it('says what is wrong with a folder', async () => {
    const empty = join(sandbox.root, 'empty');
    await mkdir(empty);
    await assert.rejects(findRepository(sandbox.git, empty), { code: 'NO_REPOSITORY' });
    await assert.rejects(findRepository(sandbox.git, join(sandbox.root, 'nowhere')), { code: 'NO_FOLDER' });
    await sandbox.user(empty, 'init', '--quiet');
    await assert.rejects(findRepository(sandbox.git, empty), { code: 'NO_COMMIT' });
    const { mainWorktree } = await sandbox.repository('to be cloned');
    await sandbox.user(sandbox.root, 'clone', '--quiet', '--bare', mainWorktree, 'bare.git');
    await assert.rejects(findRepository(sandbox.git, join(sandbox.root, 'bare.git')), { code: 'BARE_REPOSITORY' });
    await sandbox.user(
      join(sandbox.root, 'bare.git'),
      'worktree',
      'add',
      '--quiet',
      '--detach',
      join(sandbox.root, 'of bare'),
    );
    await assert.rejects(findRepository(sandbox.git, join(sandbox.root, 'of bare')), { code: 'BARE_REPOSITORY' });
  });

  it("finds a submodule's own main worktree, and one whose git folder lies apart", async () => {
    const inner = await sandbox.repository('inner');
    const outer = await sandbox.repository('outer');
    await sandbox.user(outer.mainWorktree, 'submodule', 'add', '--quiet', inner.mainWorktree, 'sub');
    const submodule = join(outer.mainWorktree, 'sub');
    await sandbox.user(submodule, 'worktree', 'add', '--quiet', '--detach', join(sandbox.root, 'of sub'));
    assert.equal((await findRepository(sandbox.git, join(sandbox.root, 'of sub'))).mainWorktree, submodule);
    await sandbox.user(sandbox.root, 'init', '--quiet', '--separate-git-dir', 'apart', 'files apart');
    const apart = join(sandbox.root, 'files apart');
    await sandbox.user(apart, 'commit', '--quiet', '--allow-empty', '--message=1');
    assert.equal((await findRepository(sandbox.git, apart)).mainWorktree, apart);
    await sandbox.user(apart, 'worktree', 'add', '--quiet', '--detach', join(sandbox.root, 'of apart'));
    await assert.rejects(findRepository(sandbox.git, join(sandbox.root, 'of apart')), { code: 'BARE_REPOSITORY' });
  });

  it('resolves revisions, also those that look like options, and nothing else', async () => {
    const repository = await sandbox.repository('revisions');
    const head = await resolveCommit(repository, 'HEAD');
    for (const branch of ['--help', '-x', '--all']) {
      await sandbox.user(repository.mainWorktree, 'update-ref', '--', `refs/heads/${branch}`, head);
      assert.equal(await resolveCommit(repository, branch), head);
    }
    await sandbox.user(repository.mainWorktree, 'tag', '--annotate', '--message=t', 'v1');
    assert.equal(await resolveCommit(repository, 'v1'), head);
    await sandbox.user(repository.mainWorktree, 'checkout', '--quiet', '--detach');
    assert.equal(await resolveCommit(await findRepository(sandbox.git, repository.mainWorktree), 'HEAD'), head);
    for (const branch of ['HEAD', '--help', '-x', 'v1', head.slice(0, 12)]) {
      const { commit, head: worksAt, isSnapshot } = await readRevision(repository, branch);
      assert.deepEqual([commit, worksAt, isSnapshot], [head, head, false], branch);
    }
    for (const revision of [
      '',
      'nope',
      '--version',
      'HEAD..HEAD',
      'HEAD:src',
      'two\nlines',
      'HEAD\n',
      '^HEAD',
      'HEAD ',
    ]) {
      await assert.rejects(resolveCommit(repository, revision), { code: 'BASE_NOT_FOUND' }, revision);
      await assert.rejects(readRevision(repository, revision), { code: 'BASE_NOT_FOUND' }, revision);
    }
    await assert.rejects(readRevision(repository, 'HEAD\0b'), { code: 'BASE_NOT_FOUND' });
    await assert.rejects(resolveCommit(repository, 'a\0b'), { code: 'INVALID_ARGUMENT' });
  });

  it('initializes a folder with an empty first commit and leaves its files alone', async () => {
    const folder = join(sandbox.root, 'fresh');
    await mkdir(folder);
    await writeFile(join(folder, 'file'), 'x');
    const repository = await initializeRepository(sandbox.git, folder);
    assert.equal(repository.mainWorktree, folder);
    assert.equal(await sandbox.user(folder, 'status', '--porcelain'), '?? file');
    const first = await resolveCommit(repository, 'HEAD');
    await initializeRepository(sandbox.git, folder);
    assert.equal(await resolveCommit(repository, 'HEAD'), first);
    assert.deepEqual((await readdir(folder)).sort(), ['.git', 'file']);
  });
});
