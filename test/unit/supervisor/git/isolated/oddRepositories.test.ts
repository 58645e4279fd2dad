import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { Git } from '../../../../../src/supervisor/git/git';
import { findRepository, identityEnvironment } from '../../../../../src/supervisor/git/repository';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { GitFixture, readAll, write } from '../gitFixture';
import { comesBack } from './comesBack';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('a snapshot of an odd repository', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function snapshotComesBack(session: Session): Promise<void> {
    await takeSnapshot(session, 'turn');
    await comesBack(session);
  }

  it('goes on where an encoding does not fit the file (A8)', async () => {
    for (const where of ['.gitattributes', 'info/attributes']) {
      const session = await fixture.freshSession({ 'a.txt': 'a\n' });
      const attributes = '*.txt working-tree-encoding=UTF-16\n*.bad working-tree-encoding=NO-SUCH\n';
      if (where === '.gitattributes') await write(session.path, { [where]: attributes });
      else await writeFile(join(session.repository.commonDirectory, where), attributes);
      await write(session.path, { 'a.txt': 'no byte order mark\n', 'new.txt': 'n\n', 'some.bad': 'b\n' });
      await writeFile(join(session.path, 'good.txt'), Buffer.from('\ufeffgood\n', 'utf16le'));
      await snapshotComesBack(session);
    }
  });

  it('goes on where the shared index is there, and where it is missing (A8)', async () => {
    for (const isMissing of [false, true]) {
      const session = await fixture.freshSession({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c/d.txt': 'd\n' });
      await fixture.user(session.path, 'update-index', '--split-index');
      await write(session.path, { 'b.txt': 'changed\n', 'added.txt': 'n\n' });
      await fixture.user(session.path, 'add', 'added.txt');
      const administrative = await fixture.user(session.path, 'rev-parse', '--absolute-git-dir');
      const shared = (await readdir(administrative)).filter((name) => name.startsWith('sharedindex.'));
      assert.ok(shared.length > 0);
      if (isMissing) for (const name of shared) await rm(join(administrative, name));
      await snapshotComesBack(session);
    }
  });

  it("goes on where the program of the user's own filter is missing (A8)", async () => {
    const configuration = join(fixture.root, 'gitconfig');
    await writeFile(
      configuration,
      '[filter "lost"]\n\tclean = /no/such/program\n\tsmudge = /no/such/program\n\trequired\n',
    );
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    const home = process.env['HOME'];
    await writeFile(join(fixture.root, '.gitconfig'), await readFile(configuration));
    process.env['HOME'] = fixture.root;
    try {
      await write(session.path, { '.gitattributes': '*.txt filter=lost\n', 'a.txt': 'changed\n', 'new.txt': 'n\n' });
      await snapshotComesBack(session);
    } finally {
      if (home === undefined) delete process.env['HOME'];
      else process.env['HOME'] = home;
    }
  });

  it('restores the bytes of an object that the repository replaces by another (A8)', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'right\n', 'b.txt': 'wrong\n' });
    await fixture.user(session.path, 'replace', 'HEAD:a.txt', 'HEAD:b.txt');
    await write(session.path, { 'new.txt': 'right\n' });
    await snapshotComesBack(session);
  });

  it('goes on where a loose object was deleted whose file is there (A8)', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
    await write(session.path, { 'staged.txt': 'staged\n' });
    await fixture.user(session.path, 'add', 'staged.txt');
    const objectId = await fixture.user(session.path, 'rev-parse', ':staged.txt');
    await rm(join(session.repository.commonDirectory, 'objects', objectId.slice(0, 2), objectId.slice(2)));
    await snapshotComesBack(session);
  });

  it('stores what lies only in the objects of another folder (A8)', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    const { commonDirectory } = session.repository;
    const elsewhere = join(fixture.root, 'objects of the agent');
    await mkdir(elsewhere);
    await write(session.path, { 'staged.txt': 'staged\n', 'folder/committed.txt': 'committed\n' });
    const agent = new Git(fixture.processes.run);
    const environment = {
      GIT_OBJECT_DIRECTORY: elsewhere,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(commonDirectory, 'objects'),
    };
    await agent.run(session.path, ['add', 'folder'], { environment });
    const identity = { ...environment, ...identityEnvironment({ name: 'Agent', email: 'agent@localhost' }) };
    await agent.run(session.path, ['commit', '--quiet', '--message=agent'], { environment: identity });
    await agent.run(session.path, ['add', 'staged.txt'], { environment });
    await mkdir(join(commonDirectory, 'objects/info'), { recursive: true });
    await writeFile(join(commonDirectory, 'objects/info/alternates'), `${elsewhere}\n`);
    const { commit } = await takeSnapshot(session, 'turn');
    await rm(join(commonDirectory, 'objects/info/alternates'));
    await rm(elsewhere, { recursive: true });
    await fixture.user(session.path, 'fsck', '--strict', '--no-dangling', commit);
    await snapshotComesBack(session);
  });

  it('copies nothing of what a clone borrows from its origin (A8)', async () => {
    const origin = await fixture.repository('lender', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
    const clone = join(fixture.root, 'borrower');
    await fixture.user(fixture.root, 'clone', '--quiet', '--shared', origin.mainWorktree, clone);
    const session = await fixture.session(await findRepository(fixture.git, clone));
    await write(session.path, { 'a.txt': 'changed\n' });
    await snapshotComesBack(session);
    const { commonDirectory } = session.repository;
    const borrowed = await fixture.user(session.path, 'rev-parse', 'HEAD:b.txt');
    await rm(join(commonDirectory, 'objects/info/alternates'));
    await assert.rejects(fixture.user(clone, 'cat-file', '-e', borrowed));
  });

  it('restores the bytes of a changed file also from a snapshot that was taken during a run', async () => {
    const session = await fixture.freshSession({ 'a.txt': 'a\n', '.gitattributes': '*.txt text\n*.crlf eol=crlf\n' });
    await fixture.user(session.path, 'config', 'core.autocrlf', 'true');
    await write(session.path, { 'a.txt': 'one\r\ntwo\n', 'b.crlf': 'one\ntwo\r\n', 'c.md': 'one\ntwo\n' });
    const files = await readAll(session.path);
    const first = await takeSnapshot(session, 'turn');
    assert.equal(await fixture.user(session.path, 'cat-file', 'blob', `${first.commit}:a.txt`), 'one\ntwo');
    assert.equal((await takeSnapshot(session, 'turn')).changed, false);
    await write(session.path, { 'a.txt': 'one\ntwo\n' });
    const second = await takeSnapshot(session, 'turn');
    assert.deepEqual([second.changed, second.tree], [true, first.tree]);
    await restoreSnapshot(session, first.commit);
    assert.deepEqual(await readAll(session.path), files);
    await rm(session.path, { recursive: true });
    await recreateWorktree(session);
    files.set('.gitattributes', 'file *.txt text\r\n*.crlf eol=crlf\r\n'); // unchanged, so as git checks it out
    assert.deepEqual(await readAll(session.path), files);
  });

  it('is whole in a shallow clone and in a repository with SHA-256', async () => {
    const origin = await fixture.repository('origin of a shallow one');
    await fixture.user(origin.mainWorktree, 'commit', '--quiet', '--allow-empty', '--message=second');
    const shallow = join(fixture.root, 'shallow');
    await fixture.user(fixture.root, 'clone', '--quiet', '--depth=1', `file://${origin.mainWorktree}`, shallow);
    const other = join(fixture.root, 'sha256');
    await fixture.user(fixture.root, 'init', '--quiet', '--object-format=sha256', other);
    await write(other, { 'a.txt': 'a\n' });
    await fixture.user(other, 'add', '--all');
    await fixture.user(other, 'commit', '--quiet', '--message=first');
    for (const folder of [shallow, other]) {
      const session = await fixture.session(await findRepository(fixture.git, folder));
      await write(session.path, { 'a.txt': 'changed\n', 'new/file.txt': 'new\n' });
      await snapshotComesBack(session);
    }
  });
});
