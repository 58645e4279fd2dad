import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { administrativeDirectoryOf, trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { GitFixture, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('the snapshot before a removal', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function reachable(session: Session, commit: string): Promise<boolean> {
    return execa('git', ['merge-base', '--is-ancestor', commit, `refs/corral/${session.sessionId}`], {
      cwd: session.repository.mainWorktree,
    }).then(
      () => true,
      () => false,
    );
  }

  it('keeps every commit that only the worktree has', async () => {
    const session = await fixture.freshSession({ f: 'base\n' });
    const commit = async (text: string): Promise<string> => {
      await write(session.path, { f: `${text}\n` });
      await fixture.user(session.path, 'commit', '--quiet', '--all', `--message=${text}`);
      return fixture.user(session.path, 'rev-parse', 'HEAD');
    };
    const dropped = await commit('dropped');
    const amended = await commit('to be amended');
    await fixture.user(session.path, 'commit', '--quiet', '--amend', '--message=amended');
    const amendment = await fixture.user(session.path, 'rev-parse', 'HEAD');
    await fixture.user(session.path, 'reset', '--quiet', '--hard', session.baseCommit);
    const outside = await fixture.user(session.path, 'commit-tree', '-m', 'outside', 'HEAD^{tree}');
    await fixture.user(session.path, 'update-ref', 'refs/worktree/mine', outside);
    const merged = await fixture.user(session.path, 'commit-tree', '-m', 'merged', '-p', 'HEAD', `${dropped}^{tree}`);
    await commit('ours');
    await fixture.user(session.path, 'merge', '--quiet', merged).catch(() => undefined);
    const { notCaptured } = await moveToTrash(session);
    assert.deepEqual(notCaptured, ['a merge in progress', 'conflicts that are not resolved']);
    for (const [name, id] of Object.entries({ dropped, amended, amendment, outside, merged }))
      assert.ok(await reachable(session, id), name);
    await rm(trashPathFor(session.path), { recursive: true });
    await rm(administrativeDirectoryOf(session), { recursive: true });
    await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    for (const id of [dropped, amended, amendment, outside, merged])
      await fixture.user(session.repository.mainWorktree, 'cat-file', '-e', id);
  });

  it('lists what it cannot hold', async function () {
    const inner = await fixture.repository('inner');
    const session = await fixture.freshSession({ '.gitignore': 'ignored/\n' });
    for (const name of ['clean', 'dirty', 'ahead'])
      await fixture.user(session.path, 'submodule', '--quiet', 'add', inner.mainWorktree, name);
    await fixture.user(session.path, 'commit', '--quiet', '--message=submodules');
    await write(session.path, { 'dirty/new': 'x', 'ignored/deep/file': 'x' });
    await fixture.user(join(session.path, 'ahead'), 'commit', '--quiet', '--allow-empty', '--message=ahead');
    await fixture.user(session.path, 'init', '--quiet', 'nested');
    await fixture.user(join(session.path, 'ignored'), 'init', '--quiet', 'deep');
    const { notCaptured } = await moveToTrash(session);
    assert.deepEqual(notCaptured.filter((line) => !line.endsWith('cannot be stored by git')).sort(), [
      'ahead: a submodule with work that is nowhere else',
      'dirty: a submodule with work that is nowhere else',
      'ignored/deep: a repository of its own',
      'nested: a repository of its own',
    ]);
    await restoreFromTrash(session);
    assert.equal(await fixture.user(join(session.path, 'dirty'), 'status', '--porcelain'), '?? new');
  });
});
