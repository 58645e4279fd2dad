import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { summarizeWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeSummary';
import { trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import { isThere, readAll, GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('emptying the trash', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  const trashed = async (session: Session): Promise<string[]> => readdir(dirname(trashPathFor(session.path)));

  it('frees the disk of what the snapshot holds, and all of it can be restored', async () => {
    const session = await fixture.freshSession({
      f: '1\n',
      '.gitignore': 'node_modules/\n',
      'package.json': '{}',
      'crlf.txt': 'a\nb\n',
      '.gitattributes': '*.txt text=auto\n',
    });
    await fixture.user(session.path, 'checkout', '--quiet', '-b', 'feature');
    await write(session.path, { f: 'staged\n', 'crlf.txt': 'a\r\nb\r\n', 'deep/new file': 'n' });
    await fixture.user(session.path, 'add', 'f');
    await chmod(join(session.path, 'deep/new file'), 0o755);
    if (process.platform !== 'win32') await symlink('deep', join(session.path, 'link'));
    const before = await readAll(session.path);
    await write(session.path, { 'node_modules/a/index.js': 'a' });
    await moveToTrash(session);
    assert.deepEqual(await purgeTrash(session), []);
    assert.deepEqual(await trashed(session), []);
    assert.doesNotMatch(
      await fixture.user(session.repository.mainWorktree, 'worktree', 'list'),
      new RegExp(session.sessionId),
    );
    assert.deepEqual(await purgeTrash(session), [], 'again');
    await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    await recreateWorktree(session);
    assert.deepEqual(await readAll(session.path), before);
    assert.equal(await fixture.user(session.path, 'branch', '--show-current'), 'feature');
    assert.match(await fixture.user(session.path, 'diff', '--cached', '--name-only'), /^f$/);
  });

  it('keeps what no snapshot holds', async () => {
    const session = await fixture.freshSession({ '.gitignore': '*.db\nnode_modules/\ndata/\n', 'package.json': '{}' });
    await write(session.path, { 'node_modules/x': 'x', 'work.db': 'precious', 'data/a': 'a' });
    const { notCaptured } = await moveToTrash(session);
    assert.deepEqual(notCaptured.sort(), ['data/: ignored by git', 'work.db: ignored by git']);
    assert.deepEqual((await purgeTrash(session)).sort(), notCaptured);
    await restoreFromTrash(session);
    assert.ok(await isThere(join(session.path, 'node_modules/x')));
  });

  it('loses no file of a process that goes on writing', async function () {
    if (process.platform === 'win32') skip(this, 'Windows moves no folder in which a process works');
    const session = await fixture.freshSession();
    const program = `let n = 0; process.stdout.write('.'); process.on('SIGTERM', () => { console.log(n); process.exit(); });
      setInterval(() => { try { require('fs').writeFileSync('late ' + n, String(n)); n++; } catch { } }, 1)`;
    const writer = spawn(process.execPath, ['-e', program], {
      cwd: session.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    await moveToTrash(session);
    const kept = await purgeTrash(session);
    const told = once(writer.stdout, 'data');
    writer.kill('SIGTERM');
    const written = Number(String((await told)[0]));
    assert.deepEqual(kept, ['files that a program wrote while they were deleted']);
    await restoreFromTrash(session);
    const found = (await readdir(session.path)).filter((name) => name.startsWith('late '));
    assert.equal(found.length, written);
  });

  it('continues after an interruption', async () => {
    const session = await fixture.freshSession();
    await write(session.path, { work: 'w' });
    const before = await readAll(session.path);
    await moveToTrash(session);
    const trashPath = trashPathFor(session.path);
    assert.deepEqual(await purgeTrash(session), []);
    await mkdir(`${trashPath}.${String(Date.now() + 1_000)}/half`, { recursive: true }); // what a kill in the middle leaves
    assert.deepEqual(await purgeTrash(session), []);
    assert.deepEqual(await trashed(session), []);
    await recreateWorktree(session);
    assert.deepEqual(await readAll(session.path), before);
  });

  it('keeps a file that was moved in after the snapshot, however old it says it is', async () => {
    const session = await fixture.freshSession();
    await moveToTrash(session);
    const trashPath = trashPathFor(session.path);
    const discardedPath = `${trashPath}.${String(Date.now())}`; // what a kill before the first file leaves
    await rename(trashPath, discardedPath);
    await write(discardedPath, { 'moved.txt': 'precious' });
    await utimes(join(discardedPath, 'moved.txt'), new Date(0), new Date(0));
    const kept = await purgeTrash(session);
    assert.ok(await isThere(join(discardedPath, 'moved.txt')));
    assert.ok(
      kept.some((line) => line.startsWith(join(discardedPath, 'moved.txt'))),
      kept.join('\n'),
    );
  });

  it('counts what would go', async () => {
    const session = await fixture.freshSession({ f: '1', g: '1', '.gitignore': 'target/\n', 'Cargo.toml': '' });
    const none = { changedFiles: 0, untrackedFiles: 0, commits: 0, replaceable: [] };
    assert.deepEqual(await summarizeWorktree(session, session.baseCommit), none);
    await write(session.path, { g: 'committed' });
    await fixture.user(session.path, 'commit', '--quiet', '--all', '--message=agent');
    await rm(join(session.path, 'f'));
    await write(session.path, { 'new/a': 'a', 'new/b': 'b', 'target/c': 'c' });
    assert.deepEqual(await summarizeWorktree(session, session.baseCommit), {
      changedFiles: 1,
      untrackedFiles: 2,
      commits: 1,
      replaceable: ['target/'],
    });
    await fixture.user(session.path, 'branch', 'kept');
    assert.equal((await summarizeWorktree(session, session.baseCommit)).commits, 0);
  });
});
