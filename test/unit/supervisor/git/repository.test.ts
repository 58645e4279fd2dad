import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readRevision } from '../../../../src/supervisor/git/snapshots/snapshotRef';
import { findRepository, initializeRepository, resolveCommit } from '../../../../src/supervisor/git/repository';
import { GitFixture } from './gitFixture';

describe('repository', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const names = ['plain', 'with space', 'quo"te\'s', 'ünï-cødé-日本'];
  if (process.platform !== 'win32') names.push('new\nline', '-x', 'back\\slash');
  for (const name of names) {
    it(`finds the main worktree from everywhere: ${JSON.stringify(name)}`, async () => {
      const repository = await fixture.repository(name);
      const linked = join(fixture.root, `${name} linked`);
      await fixture.user(repository.mainWorktree, 'worktree', 'add', '--quiet', '--detach', linked);
      const { path } = await fixture.session(repository);
      for (const folder of [
        join(repository.mainWorktree, 'src'),
        linked,
        join(linked, 'src'),
        path,
        join(path, 'src'),
      ]) {
        const found = await findRepository(fixture.git, folder);
        assert.equal(found.mainWorktree, repository.mainWorktree, folder);
        assert.equal(found.commonDirectory, repository.commonDirectory, folder);
      }
    });
  }

  it('says what is wrong with a folder', async () => {
    const empty = join(fixture.root, 'empty');
    await mkdir(empty);
    await assert.rejects(findRepository(fixture.git, empty), { code: 'NO_REPOSITORY' });
    await assert.rejects(findRepository(fixture.git, join(fixture.root, 'nowhere')), { code: 'NO_FOLDER' });
    await fixture.user(empty, 'init', '--quiet');
    await assert.rejects(findRepository(fixture.git, empty), { code: 'NO_COMMIT' });
    const { mainWorktree } = await fixture.repository('to be cloned');
    await fixture.user(fixture.root, 'clone', '--quiet', '--bare', mainWorktree, 'bare.git');
    await assert.rejects(findRepository(fixture.git, join(fixture.root, 'bare.git')), { code: 'BARE_REPOSITORY' });
  });

  it("finds a submodule's own main worktree, and one whose git folder lies apart", async () => {
    const inner = await fixture.repository('inner');
    const outer = await fixture.repository('outer');
    await fixture.user(outer.mainWorktree, 'submodule', 'add', '--quiet', inner.mainWorktree, 'sub');
    const submodule = join(outer.mainWorktree, 'sub');
    await fixture.user(submodule, 'worktree', 'add', '--quiet', '--detach', join(fixture.root, 'of sub'));
    assert.equal((await findRepository(fixture.git, join(fixture.root, 'of sub'))).mainWorktree, submodule);
    await fixture.user(fixture.root, 'init', '--quiet', '--separate-git-dir', 'apart', 'files apart');
    const apart = join(fixture.root, 'files apart');
    await fixture.user(apart, 'commit', '--quiet', '--allow-empty', '--message=1');
    assert.equal((await findRepository(fixture.git, apart)).mainWorktree, apart);
    await fixture.user(apart, 'worktree', 'add', '--quiet', '--detach', join(fixture.root, 'of apart'));
    const ofApart = await findRepository(fixture.git, join(fixture.root, 'of apart'));
    assert.equal(ofApart.commonDirectory, join(fixture.root, 'apart'));
    assert.equal(ofApart.checkout, join(fixture.root, 'of apart'));
  });

  it('resolves revisions, also those that look like options, and nothing else', async () => {
    const repository = await fixture.repository('revisions');
    const head = await resolveCommit(repository, 'HEAD');
    for (const branch of ['--help', '-x', '--all']) {
      await fixture.user(repository.mainWorktree, 'update-ref', '--', `refs/heads/${branch}`, head);
      assert.equal(await resolveCommit(repository, branch), head);
    }
    await fixture.user(repository.mainWorktree, 'tag', '--annotate', '--message=t', 'v1');
    assert.equal(await resolveCommit(repository, 'v1'), head);
    await fixture.user(repository.mainWorktree, 'checkout', '--quiet', '--detach');
    assert.equal(await resolveCommit(await findRepository(fixture.git, repository.mainWorktree), 'HEAD'), head);
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
    const folder = join(fixture.root, 'fresh');
    await mkdir(folder);
    await writeFile(join(folder, 'file'), 'x');
    const repository = await initializeRepository(fixture.git, folder);
    assert.equal(repository.mainWorktree, folder);
    assert.equal(await fixture.user(folder, 'status', '--porcelain'), '?? file');
    const first = await resolveCommit(repository, 'HEAD');
    await initializeRepository(fixture.git, folder);
    assert.equal(await resolveCommit(repository, 'HEAD'), first);
    assert.deepEqual((await readdir(folder)).sort(), ['.git', 'file']);
  });
});
