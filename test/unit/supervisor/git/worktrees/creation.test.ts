import assert from 'node:assert/strict';
import { readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { copyIgnoredFiles } from '../../../../../src/supervisor/git/worktrees/includedFiles';
import {
  removeGeneratedFolders,
  findGeneratedFolders,
} from '../../../../../src/supervisor/git/worktrees/generatedFolders';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { copyUncommittedChanges } from '../../../../../src/supervisor/git/worktrees/uncommittedChanges';
import { isThere, readAll, GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

describe('files that a new worktree gets', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  it('copies the ignored files that are named, and nothing else', async () => {
    const session = await fixture.freshSession({
      '.gitignore': '.env*\nconfig/\n*.log\n',
      '.worktreeinclude': '.env*\n!.env.secret\nuntracked\n',
    });
    const { repository, path } = session;
    const files = {
      '.env': 'a',
      '.env.secret': 'b',
      'config/odd "n\u00e4me"/local.json': 'c',
      'x.log': 'd',
      untracked: 'e',
      'sub/.env.local': 'f',
    };
    await write(repository.mainWorktree, files);
    await copyIgnoredFiles(session, { include: ['config/'], link: [] });
    const copied = [...(await readAll(path)).keys()].filter(
      (path) => !['.gitignore', '.worktreeinclude'].includes(path),
    );
    assert.deepEqual(copied.sort(), ['.env', 'config/odd "näme"/local.json', 'sub/.env.local']);
    await write(path, { '.env': "the agent's own" });
    await copyIgnoredFiles(session, { include: [], link: [] });
    assert.equal(await readFile(join(path, '.env'), 'utf8'), "the agent's own");
  });

  it('links big folders, and goes through the links neither for a snapshot nor to drop, delete or restore', async () => {
    const session = await fixture.freshSession({
      '.gitignore': 'node_modules/\ntarget/\n',
      'packages/app/index.ts': '1\n',
      'Cargo.toml': '',
    });
    const { repository, path } = session;
    const main = repository.mainWorktree;
    await write(main, {
      'node_modules/a/index.js': 'a',
      'packages/app/node_modules/b.js': 'b',
      'target/cache/c': 'c',
      untracked: 'u',
    });
    await write(path, { 'target/own': 'made here' });
    const shared = async (): Promise<unknown> => [
      await readAll(join(main, 'node_modules')),
      await readAll(join(main, 'packages')),
      await readAll(join(main, 'target')),
    ];
    const before = await shared();
    const link = ['node_modules', 'target/cache', 'untracked', 'absent'];
    for (const round of [1, 2]) {
      await copyIgnoredFiles(session, { include: [], link });
      const links = [...(await readAll(path))].filter(([, content]) => content.startsWith('link '));
      assert.deepEqual(
        links.map(([name]) => name).sort(),
        ['node_modules', 'packages/app/node_modules', 'target/cache'],
        `round ${String(round)}: what is there stays as it is`,
      );
    }
    assert.equal(await readFile(join(path, 'node_modules/a/index.js'), 'utf8'), 'a');
    assert.equal(
      await fixture.user(path, 'status', '--porcelain', '--untracked-files=all'),
      '',
      'git takes none of them into a commit',
    );
    assert.equal((await takeSnapshot(session, 'turn')).changed, false);
    await removeGeneratedFolders(path, await findGeneratedFolders(session)); // target, with a link in it
    assert.equal(await isThere(join(path, 'target')), false);
    assert.deepEqual((await moveToTrash(session)).notCaptured, []);
    assert.deepEqual(await purgeTrash(session), []);
    assert.deepEqual(await shared(), before);
    await recreateWorktree(session);
    await copyIgnoredFiles(session, { include: ['node_modules'], link });
    assert.equal(await readFile(join(path, 'packages/app/node_modules/b.js'), 'utf8'), 'b');
    assert.deepEqual(await shared(), before, 'nothing was copied through a link into itself');
  });

  it('writes through no link that the base has where the checkout has a folder', async function () {
    if (process.platform === 'win32') skip(this, 'a symbolic link takes a right of its own on Windows');
    const repository = await fixture.repository('linked folder', {
      '.gitignore': 'config/*\n',
      '.worktreeinclude': 'config/\n',
    });
    const outside = join(fixture.root, 'outside');
    await write(outside, { kept: '1' });
    await symlink(outside, join(repository.mainWorktree, 'config'));
    await fixture.user(repository.mainWorktree, 'add', '--force', 'config');
    await fixture.user(repository.mainWorktree, 'commit', '--quiet', '--message=link');
    const session = await fixture.session(repository);
    await rm(join(repository.mainWorktree, 'config'));
    await write(repository.mainWorktree, { 'config/local': 'x' });
    await copyIgnoredFiles(session, { include: [], link: [] });
    assert.equal(await isThere(join(outside, 'local')), false);
  });

  it('copies uncommitted changes as uncommitted changes, and leaves the checkout as it is', async () => {
    const session = await fixture.freshSession({
      changed: '1\n',
      staged: '1\n',
      gone: '1\n',
      '.gitignore': 'ignored\n',
    });
    const { repository, path, baseCommit } = session;
    const main = repository.mainWorktree;
    await write(main, { changed: '2\n', staged: '2\n', 'new/file': 'n\n', ignored: 'i' });
    await fixture.user(main, 'add', 'staged');
    await rm(join(main, 'gone'));
    const before = [await fixture.user(main, 'status', '--porcelain'), await fixture.user(main, 'ls-files', '--stage')];
    await copyUncommittedChanges(session, baseCommit);
    assert.equal(
      await fixture.user(path, 'status', '--porcelain', '-uall'),
      ' M changed\n D gone\n M staged\n?? new/file',
    );
    assert.equal(await readFile(join(path, 'new/file'), 'utf8'), 'n\n');
    assert.deepEqual(
      [await fixture.user(main, 'status', '--porcelain'), await fixture.user(main, 'ls-files', '--stage')],
      before,
    );
  });
});
