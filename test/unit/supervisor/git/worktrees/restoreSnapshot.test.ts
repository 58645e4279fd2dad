import { administrativeDirectoryOf } from '../../../../../src/supervisor/git/sessionWorktree';
import assert from 'node:assert/strict';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { listSnapshots, requireSnapshotPoint } from '../../../../../src/supervisor/git/snapshots/snapshotList';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { readAll, GitFixture, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('restoring a snapshot', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const fresh = async (files: Record<string, string>): Promise<Session> =>
    fixture.session(await fixture.repository(`repository ${++count}`, files));
  const snapshot = async (session: Session, message: string): Promise<string> =>
    (await takeSnapshot(session, message)).commit;
  const head = async (session: Session): Promise<string> => fixture.user(session.path, 'rev-parse', 'HEAD');

  it('lists them, newest first, with time and counts against the one before', async () => {
    const session = await fresh({ f: '1\n2\n' });
    assert.deepEqual(await listSnapshots(session, session.baseCommit), []);
    await write(session.path, { f: '1\nx\n', new: 'a\nb\n' });
    const first = await snapshot(session, 'After turn 1');
    await fixture.user(session.path, 'add', '--all');
    await fixture.user(session.path, 'commit', '--quiet', '--message=agent'); // the next one has a second parent
    await rm(join(session.path, 'new'));
    const second = await snapshot(session, 'After turn 2');
    const listed = await listSnapshots(session, session.baseCommit);
    assert.deepEqual(
      listed.map(({ commit, message, files, addedLines, removedLines }) => ({
        commit,
        message,
        files,
        addedLines,
        removedLines,
      })),
      [
        { commit: second, message: 'After turn 2', files: 1, addedLines: 0, removedLines: 2 },
        { commit: first, message: 'After turn 1', files: 2, addedLines: 3, removedLines: 1 },
      ],
    );
    assert.ok(Math.abs(Date.parse(listed[0]?.takenAt ?? '') - Date.now()) < 3_600_000);
    for (const commit of [first, second, session.baseCommit])
      await requireSnapshotPoint(session, session.baseCommit, commit);
    await assert.rejects(requireSnapshotPoint(session, session.baseCommit, await head(session)), {
      code: 'INVALID_ARGUMENT',
    });
  });

  it('restores every file, HEAD and the index, and the state before it, too', async () => {
    const session = await fresh({
      'a.txt': 'a\n',
      'gone.txt': 'g\n',
      'folder/b': 'b\n',
      'crlf.txt': 'x\n',
      '.gitattributes': '*.txt text=auto\n',
      '.gitignore': 'ignored\n',
    });
    const { path } = session;
    await write(path, { 'a.txt': 'first\n', 'new/ünï "q".txt': 'n\n', ignored: 'kept' });
    await chmod(join(path, 'folder/b'), 0o755);
    await rm(join(path, 'gone.txt'));
    const then = await readAll(path);
    const first = await snapshot(session, 'first');
    await fixture.user(path, 'checkout', '--quiet', '-b', 'feature');
    await fixture.user(path, 'add', '--all');
    await fixture.user(path, 'commit', '--quiet', '--message=agent');
    await rm(join(path, 'new'), { recursive: true });
    await write(path, {
      new: 'a file now\n',
      'a.txt': 'second\n',
      'crlf.txt': 'x\r\ny\r\n',
      'gone.txt': 'back\n',
      later: 'l\n',
    });
    await fixture.user(path, 'add', 'a.txt');
    const [now, headNow, index] = [
      await readAll(path),
      await head(session),
      await fixture.user(path, 'ls-files', '--stage'),
    ];

    const { before } = await restoreSnapshot(session, first);
    assert.deepEqual(await readAll(path), then);
    assert.equal(await head(session), session.baseCommit);
    assert.equal(await fixture.user(path, 'rev-parse', 'feature'), headNow, 'the branch stays where it is');
    assert.match(await fixture.user(path, 'status', '--porcelain'), /^ M a\.txt$/m);
    const listed = await listSnapshots(session, session.baseCommit);
    assert.equal(listed[1]?.commit, before);
    assert.equal(
      await fixture.user(path, 'rev-parse', `${listed[0]?.commit ?? ''}^{tree}`),
      await fixture.user(path, 'rev-parse', `${first}^{tree}`),
    );

    await restoreSnapshot(session, before);
    assert.deepEqual(await readAll(path), now, 'line ends too');
    assert.deepEqual([await head(session), await fixture.user(path, 'ls-files', '--stage')], [headNow, index]);
    assert.equal(await fixture.user(path, 'branch', '--show-current'), 'feature');
    await restoreSnapshot(session, session.baseCommit);
    assert.equal(await fixture.user(path, 'status', '--porcelain'), '');
    assert.equal(await readFile(join(path, 'ignored'), 'utf8'), 'kept');
    await fixture.user(session.repository.mainWorktree, 'fsck', '--strict');
  });

  it('restores the line ends of files for which a file of attributes holds that git ignores', async () => {
    const session = await fresh({ '.gitignore': '.gitattributes\n', 'src/a.txt': 'a\n' });
    const { path } = session;
    await write(path, { 'src/.gitattributes': '*.txt text=auto\n', 'src/deep/b.txt': 'one\r\ntwo\r\n' });
    const first = await snapshot(session, 'first');
    await write(path, { 'src/deep/b.txt': 'three\n' });
    await restoreSnapshot(session, first);
    assert.equal(await readFile(join(path, 'src/deep/b.txt'), 'utf8'), 'one\r\ntwo\r\n');
  });

  it('refuses in the middle of a merge, and where an ignored file is in the way; then nothing changes', async () => {
    const session = await fresh({ f: '1\n' });
    const { path } = session;
    await write(path, { 'local/settings': 'old\n', 'cache/x': 'x\n' });
    const first = await snapshot(session, 'first');
    await rm(join(path, 'cache'), { recursive: true });
    await write(path, { '.gitignore': 'local/\ncache\n', 'local/settings': 'precious\n', f: '2\n' });
    const before = await readAll(path);
    await assert.rejects(restoreSnapshot(session, first), { code: 'CONFLICT' });
    assert.deepEqual(await readAll(path), before);
    await rm(join(path, 'local'), { recursive: true });
    await writeFile(join(path, 'cache'), 'a file where a folder was');
    await assert.rejects(restoreSnapshot(session, first), { code: 'CONFLICT' });
    await rm(join(path, 'cache'));
    await writeFile(join(administrativeDirectoryOf(session), 'MERGE_HEAD'), `${session.baseCommit}\n`);
    await assert.rejects(restoreSnapshot(session, first), { code: 'CONFLICT' });
    await rm(join(administrativeDirectoryOf(session), 'MERGE_HEAD'));
    await restoreSnapshot(session, first);
    assert.equal(await readFile(join(path, 'local/settings'), 'utf8'), 'old\n');
  });
});
