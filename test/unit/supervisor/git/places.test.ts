import assert from 'node:assert/strict';
import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { putBackPlaceSettings } from '../../../../src/supervisor/git/placeSettings';
import { findRepository, resolveCommit } from '../../../../src/supervisor/git/repository';
import { takeSnapshot } from '../../../../src/supervisor/git/snapshots/snapshots';
import { moveToTrash, restoreFromTrash } from '../../../../src/supervisor/git/worktrees/trash';
import { createWorktree, planWorktree } from '../../../../src/supervisor/git/worktrees/worktreeCreation';
import { GitFixture, isThere, readAll, STORE_ID, write } from './gitFixture';

describe('where the files of a repository are', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const atWork = async (folder: string): Promise<string> => {
    const repository = await findRepository(fixture.git, folder);
    const planned = planWorktree(repository, { storeId: STORE_ID, sessionId: newId() }, 'inside');
    const session = await createWorktree(planned, await resolveCommit(repository, 'HEAD'));
    await write(session.path, { 'new.txt': 'n\n' });
    assert.equal((await takeSnapshot(session, 'test')).changed, true);
    const before = await readAll(session.path);
    await moveToTrash(session);
    assert.equal(await isThere(session.path), false);
    await restoreFromTrash(session);
    assert.deepEqual(await readAll(session.path), before);
    // Also as seen from the session's own worktree.
    const fromSession = await findRepository(fixture.git, session.path);
    assert.equal(fromSession.commonDirectory, repository.commonDirectory);
    assert.notEqual(fromSession.checkout, session.path);
    return session.path;
  };

  for (const [name, gitName] of [
    ['a bare folder with a name of its own', '.bare'],
    ['a bare .git', '.git'],
    ['a bare folder that .git names', '.bare and .git'],
  ] as const) {
    it(`works in the sibling worktrees of ${name} (F3)`, async () => {
      const source = await fixture.repository(`source of ${name}`);
      const project = join(fixture.root, `project with ${name}`);
      await mkdir(project);
      const bare = join(project, gitName.split(' ')[0] ?? '');
      await fixture.user(project, 'clone', '--quiet', '--bare', source.mainWorktree, bare);
      if (gitName === '.bare and .git') await writeFile(join(project, '.git'), 'gitdir: ./.bare\n');
      await fixture.user(bare, 'worktree', 'add', '--quiet', '-b', 'feature', join(project, 'feature'));
      await fixture.user(bare, 'worktree', 'add', '--quiet', join(project, 'main'), 'main');
      for (const checkout of [join(project, 'main'), join(project, 'feature')]) {
        const found = await findRepository(fixture.git, join(checkout, 'src'));
        assert.deepEqual(
          [found.mainWorktree, found.checkout, found.commonDirectory, found.subfolder, found.hasMainWorktree],
          [checkout, checkout, bare, 'src', false],
        );
        const path = await atWork(checkout);
        assert.ok(path.startsWith(join(project, '.corral', 'worktrees')), path);
      }
      // From the bare folder itself, the worktree of its branch stands for it.
      const places = gitName === '.bare' ? [bare] : [bare, project];
      for (const folder of places) {
        const found = await findRepository(fixture.git, folder);
        assert.deepEqual([found.checkout, found.folder], [join(project, 'main'), join(project, 'main')], folder);
        assert.equal(found.commonDirectory, bare);
      }
    });
  }

  it('works where .git is a link, or a file that names a folder elsewhere (F3)', async function () {
    if (process.platform === 'win32') this.skip();
    const linked = await fixture.repository('with a linked git folder');
    await rename(linked.commonDirectory, join(fixture.root, 'git folder elsewhere'));
    await symlink(join(fixture.root, 'git folder elsewhere'), linked.commonDirectory);
    await fixture.user(fixture.root, 'init', '--quiet', '--separate-git-dir', 'git apart', 'files apart');
    const apart = join(fixture.root, 'files apart');
    await write(apart, { 'src/a.ts': 'a\n' });
    await fixture.user(apart, 'add', '--all');
    await fixture.user(apart, 'commit', '--quiet', '--message=1');
    for (const checkout of [linked.mainWorktree, apart]) {
      for (const folder of [checkout, join(checkout, 'src')]) {
        const found = await findRepository(fixture.git, folder);
        assert.deepEqual([found.mainWorktree, found.checkout, found.hasMainWorktree], [checkout, checkout, true]);
      }
      assert.ok((await atWork(checkout)).startsWith(join(checkout, '.corral')));
      const beside = `${checkout} beside`;
      await fixture.user(checkout, 'worktree', 'add', '--quiet', '--detach', beside);
      assert.equal((await findRepository(fixture.git, beside)).checkout, beside);
      await atWork(beside);
    }
  });

  it('says that a bare repository without a worktree has no files (F3)', async () => {
    const source = await fixture.repository('source of a lonely one');
    await fixture.user(fixture.root, 'clone', '--quiet', '--bare', source.mainWorktree, 'lonely.git');
    await assert.rejects(findRepository(fixture.git, join(fixture.root, 'lonely.git')), { code: 'BARE_REPOSITORY' });
  });

  for (const [key, value, config] of [
    ['core.bare', 'true', 'config'],
    ['core.bare', 'yes', 'config.worktree'],
    ['core.worktree', '/nowhere/at/all', 'config'],
    ['core.worktree', '..', 'config.worktree'],
    ['core.worktree', 'else where', 'config'],
  ] as const) {
    it(`names ${key}=${value} in ${config}, and puts it back when it is asked to (F4)`, async () => {
      const repository = await fixture.repository(`hidden by ${key} ${value.replaceAll('/', '_')}`);
      const { mainWorktree, commonDirectory } = repository;
      const linked = `${mainWorktree} linked`;
      await fixture.user(mainWorktree, 'worktree', 'add', '--quiet', '--detach', linked);
      const session = await fixture.session(repository);
      if (config === 'config.worktree') await fixture.user(mainWorktree, 'config', 'extensions.worktreeConfig', 'true');
      const file = join(commonDirectory, config);
      const target = value === '..' ? fixture.root : value;
      await fixture.user(fixture.root, 'config', '--file', file, key, target);
      const written = await readFile(file, 'utf8');
      for (const folder of [mainWorktree, join(mainWorktree, 'src'), linked, session.path])
        await assert.rejects(findRepository(fixture.git, folder), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'REPOSITORY_SETTING', `${folder}: ${error.message}`);
          for (const part of [key, file, mainWorktree]) assert.ok(error.message.includes(part), error.message);
          return true;
        });
      assert.equal(await readFile(file, 'utf8'), written);
      await putBackPlaceSettings(fixture.git, mainWorktree);
      assert.equal((await findRepository(fixture.git, mainWorktree)).mainWorktree, mainWorktree);
      assert.equal(await fixture.user(mainWorktree, 'status', '--porcelain', '--', 'src'), '');
    });
  }

  it('tells an ordinary repository that was made bare on purpose from one that was hidden (F4)', async () => {
    const { mainWorktree } = await fixture.repository('bare on purpose', { 'only.txt': 'o\n' });
    const linked = `${mainWorktree} linked`;
    await fixture.user(mainWorktree, 'worktree', 'add', '--quiet', '--detach', linked);
    await fixture.user(mainWorktree, 'rm', '--quiet', '-r', '.');
    await fixture.user(mainWorktree, 'config', 'core.bare', 'true');
    assert.equal((await findRepository(fixture.git, linked)).checkout, linked);
  });
});
