import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { skip } from '../../../../support/skip';
import { cleanTree } from '../../../../../src/supervisor/git/filters/cleanWork';
import { readWork } from '../../../../../src/supervisor/git/review/changes';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { GitFixture, isThere, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

const isInstalled = async (program: string): Promise<boolean> =>
  await promisify(execFile)(program, ['--version']).then(
    () => true,
    () => false,
  );

describe('a real filter program', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const read = async ({ path }: Session, name: string): Promise<Buffer> => await readFile(join(path, name));

  it('is git-crypt, whose keys the worktree finds (A9)', async function () {
    if (!(await isInstalled('git-crypt'))) skip(this, 'git-crypt is not installed');
    const repository = await fixture.repository('crypt', {
      '.gitattributes': 'secret/** filter=git-crypt diff=git-crypt\n',
    });
    const folder = repository.mainWorktree;
    await promisify(execFile)('git-crypt', ['init'], { cwd: folder });
    await write(folder, { 'secret/key': 'plainword\n' });
    await fixture.user(folder, 'add', '--all');
    await fixture.user(folder, 'commit', '--quiet', '--message=secret');
    const session = await fixture.session(repository);
    assert.equal((await read(session, 'secret/key')).toString(), 'plainword\n');
    assert.equal(await fixture.user(session.path, 'status', '--porcelain'), '', "the agent's own git finds the keys");
    await write(session.path, { 'secret/key': 'changed plainword\n', 'secret/new': 'new plainword\n' });
    await takeSnapshot(session, 'Changed');
    const work = await readWork(session);
    const tree = await cleanTree(repository, work.tree, work.filtered, session.filters);
    for (const name of ['secret/key', 'secret/new'])
      assert.match(await fixture.user(folder, 'cat-file', 'blob', `${tree}:${name}`), /^\0GITCRYPT\0/);
    const listed = await fixture.user(
      folder,
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objectname) %(objecttype)',
    );
    for (const line of listed.split('\n').filter((each) => each.endsWith(' blob')))
      assert.ok(!(await fixture.user(folder, 'cat-file', 'blob', line.split(' ', 1)[0] ?? '')).includes('plainword'));
    assert.deepEqual((await moveToTrash(session)).notCaptured, []);
    assert.deepEqual(await purgeTrash(session), []);
    await recreateWorktree(session);
    assert.equal((await read(session, 'secret/new')).toString(), 'new plainword\n');
  });

  it('is Git LFS, without extensions that the repository names (A9)', async function () {
    if (!(await isInstalled('git-lfs'))) skip(this, 'Git LFS is not installed');
    const repository = await fixture.repository('lfs', { '.gitattributes': '*.bin filter=lfs -text\n' });
    const folder = repository.mainWorktree;
    const trap = join(fixture.root, 'trap');
    for (const [key, value] of [
      ['clean', 'git-lfs clean -- %f'],
      ['smudge', 'git-lfs smudge -- %f'],
      ['process', 'git-lfs filter-process'],
      ['required', 'true'],
    ] as const)
      await fixture.user(folder, 'config', `filter.lfs.${key}`, value);
    await write(folder, { 'x.bin': 'large'.repeat(1_000) });
    await fixture.user(folder, 'add', '--all');
    await fixture.user(folder, 'commit', '--quiet', '--message=large');
    assert.match(await fixture.user(folder, 'show', 'HEAD:x.bin'), /^version https:\/\/git-lfs/);
    const session = await fixture.session(repository);
    assert.equal((await read(session, 'x.bin')).toString(), 'large'.repeat(1_000));
    const extension = [`touch '${trap}'; cat`, '0'] as const;
    await fixture.user(folder, 'config', 'lfs.extension.evil.clean', extension[0]);
    await fixture.user(folder, 'config', 'lfs.extension.evil.smudge', extension[0]);
    await fixture.user(folder, 'config', 'lfs.extension.evil.priority', extension[1]);
    await writeFile(join(session.path, 'y.bin'), 'another'.repeat(1_000));
    await takeSnapshot(session, 'Changed');
    const work = await readWork(session);
    assert.deepEqual(
      work.filtered.map(({ path }) => path),
      ['y.bin'],
      'what was checked out is not taken for changed',
    );
    const tree = await cleanTree(repository, work.tree, work.filtered, session.filters);
    assert.match(await fixture.user(folder, 'show', `${tree}:y.bin`), /^version https:\/\/git-lfs/);
    assert.equal((await read(await fixture.session(repository), 'x.bin')).toString(), 'large'.repeat(1_000));
    assert.equal(await isThere(trap), false, 'the extension ran');
  });
});
