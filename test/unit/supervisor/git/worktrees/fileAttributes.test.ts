import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { takeCompleteSnapshot } from '../../../../../src/supervisor/git/snapshots/completeSnapshot';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { hasExtendedAttributes, readFileStates, writeWithAttributes } from '../../../../support/fileStates';
import { skip } from '../../../../support/skip';
import { GitFixture, write } from '../gitFixture';
import { deleteAndUndo } from './roundTrip';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('what a tree cannot hold of files', function () {
  let fixture: GitFixture;
  before(async function () {
    if (process.platform === 'win32') skip(this, 'files on Windows have no such modes, links and attributes');
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const fresh = async (): Promise<Session> =>
    await fixture.freshSession({ 'f.txt': 'f\n', 'bin/tool': 't\n', 'deep/er/g': 'g\n' });

  async function giveModes({ path }: Session): Promise<void> {
    await write(path, { secret: 's', 'private/key': 'k', 'all may': 'a', readable: 'r' });
    for (const [name, mode] of [
      ['secret', 0o600],
      ['private', 0o700],
      ['private/key', 0o400],
      ['all may', 0o666],
      ['readable', 0o444],
      ['f.txt', 0o640],
      ['bin/tool', 0o4755],
      ['deep/er/g', 0o2711],
      ['deep', 0o3777],
      ['deep/er', 0o555],
    ] as const)
      await chmod(join(path, name), mode);
  }

  it('comes back: modes of files and folders, setuid, setgid and sticky bits (A7)', async () => {
    const session = await fresh();
    await giveModes(session);
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
  });

  it('comes back: empty folders, and folders in them (A7)', async () => {
    const session = await fresh();
    await mkdir(join(session.path, 'empty/in/there'), { recursive: true });
    await mkdir(join(session.path, 'deep/none'), { mode: 0o700 });
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
  });

  it('comes back: files with several names (A7)', async () => {
    const session = await fresh();
    await link(join(session.path, 'f.txt'), join(session.path, 'again.txt'));
    await link(join(session.path, 'f.txt'), join(session.path, 'deep/third'));
    await write(session.path, { new: 'n' });
    await link(join(session.path, 'new'), join(session.path, 'newer'));
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
  });

  it('comes back: access lists and attributes (A7)', async function () {
    if (!hasExtendedAttributes) skip(this, 'they are recorded by GNU tar, which is on Linux alone');
    const session = await fresh();
    const accessList = 'user::rw-,user:1:r--,group::r--,mask::rw-,other::---';
    await writeWithAttributes(session.path, 'shared', 's', { mode: 0o600, accessList });
    await writeWithAttributes(session.path, 'read only', 'r', { mode: 0o444, attributes: { 'user.note': 'mine' } });
    await write(session.path, { 'folder/in/x': 'x' });
    const awkward = 'odd "quoted" \\ näme\nwith a line';
    await writeWithAttributes(session.path, `folder/in/${awkward}`, 'o', {
      attributes: { 'user.a': 'one', 'user.b': 'two' },
    });
    const before = await readFileStates(session.path);
    assert.match(before.get('shared') ?? '', /SCHILY\.acl\.access/);
    assert.match(before.get(`folder/in/${awkward}`) ?? '', /user\.a.*user\.b/);
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
  });

  it('stays in the trash and is told where it cannot be recorded (A7)', async () => {
    const session = await fresh();
    await promisify(execFile)('mkfifo', [join(session.path, 'deep/pipe')]);
    const server = createServer().listen(join(session.path, 's'));
    await write(fixture.root, { elsewhere: 'e' });
    await link(join(fixture.root, 'elsewhere'), join(session.path, 'linked'));
    const kept = await deleteAndUndo(fixture, session);
    server.close();
    assert.deepEqual(kept.sort(), [
      'deep/pipe: a pipe, a socket or a device',
      'linked: has another name outside of the worktree',
      's: a pipe, a socket or a device',
    ]);
  });

  it('comes back when files are put back to a complete snapshot (A7)', async () => {
    const session = await fresh();
    await giveModes(session);
    await mkdir(join(session.path, 'empty'));
    await link(join(session.path, 'secret'), join(session.path, 'secret too'));
    if (hasExtendedAttributes)
      await writeWithAttributes(session.path, 'noted', 'n', { attributes: { 'user.note': 'mine' } });
    const then = await readFileStates(session.path);
    const { commit } = await takeCompleteSnapshot(session, 'then');
    const { before } = await restoreSnapshot(session, session.baseCommit);
    assert.equal(before, commit);
    await restoreSnapshot(session, before);
    assert.deepEqual([...(await readFileStates(session.path))], [...then]);
  });

  it('is the same record for the same files', async () => {
    const session = await fresh();
    await writeFile(join(session.path, 'secret'), 's', { mode: 0o600 });
    await symlink('secret', join(session.path, 'link'));
    const { commit } = await takeCompleteSnapshot(session, 'one');
    assert.equal((await takeCompleteSnapshot(session, 'two')).commit, commit);
  });
});
