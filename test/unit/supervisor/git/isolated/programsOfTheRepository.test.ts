import assert from 'node:assert/strict';
import { mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { countChanges } from '../../../../../src/supervisor/git/changeCounts';
import { listChanges, readWork } from '../../../../../src/supervisor/git/review/changes';
import { takeCompleteSnapshot } from '../../../../../src/supervisor/git/snapshots/completeSnapshot';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { summarizeWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeSummary';
import { isThere, GitFixture, write } from '../gitFixture';
import { skip } from '../../../../support/skip';

describe('a program that the repository names', function () {
  let fixture: GitFixture;
  let marker = '';
  let trap = '';
  before(async function () {
    if (process.platform === 'win32') skip(this, 'the trap is a script, which is no program on Windows');
    fixture = await GitFixture.create();
    [marker, trap] = [join(fixture.root, 'executed'), join(fixture.root, 'trap')];
    await writeFile(trap, `#!/bin/sh\necho "$0 $*" >> '${marker}'\ncat\n`, { mode: 0o755 });
  });
  after(async () => fixture.remove());

  async function nothingRan(): Promise<void> {
    assert.equal(await readFile(marker, 'utf8').catch(() => 'nothing'), 'nothing');
  }

  it('is not run by looking at a submodule, or at a submodule of it (B1)', async () => {
    const inner = await fixture.repository('inner', { 'deep.txt': 'd\n' });
    const middle = await fixture.repository('middle', { 'code.txt': 'c\n' });
    await fixture.user(middle.mainWorktree, 'submodule', '--quiet', 'add', inner.mainWorktree, 'deep');
    await fixture.user(middle.mainWorktree, 'commit', '--quiet', '--message=submodule');
    const session = await fixture.freshSession();
    await fixture.user(session.path, 'submodule', '--quiet', 'add', middle.mainWorktree, 'lib');
    await fixture.user(session.path, 'submodule', '--quiet', 'update', '--init', '--recursive');
    await fixture.user(session.path, 'commit', '--quiet', '--message=submodule');
    for (const [folder, file] of [
      ['lib', 'code.txt'],
      ['lib/deep', 'deep.txt'],
    ] as const) {
      const path = join(session.path, folder);
      const gitDirectory = await fixture.user(path, 'rev-parse', '--absolute-git-dir');
      await fixture.user(path, 'config', 'filter.evil.clean', `'${trap}'`);
      await fixture.user(path, 'config', 'core.fsmonitor', trap);
      await mkdir(join(gitDirectory, 'info'), { recursive: true });
      await writeFile(join(gitDirectory, 'info/attributes'), '* filter=evil\n');
      await utimes(join(path, file), 1, 1);
    }
    const summary = await summarizeWorktree(session, session.baseCommit);
    assert.deepEqual([summary.changedFiles, summary.untrackedFiles, summary.commits], [0, 0, 1]);
    const { notCaptured } = await takeCompleteSnapshot(session, 'complete');
    assert.deepEqual(notCaptured, ['lib/deep: a repository of its own']);
    await takeSnapshot(session, 'turn');
    await readWork(session);
    await nothingRan();
    await write(session.path, { 'lib/code.txt': 'changed\n' });
    const again = await takeCompleteSnapshot(session, 'complete');
    assert.ok(again.notCaptured.includes('lib: a submodule with work that is nowhere else'));
    await nothingRan();
  });

  it('is not run where an object is missing (B2)', async () => {
    const { repository, ...session } = await fixture.freshSession({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
    await write(session.path, { 'a.txt': 'changed\n' });
    const { tree } = await takeSnapshot({ ...session, repository }, 'turn');
    const main = repository.mainWorktree;
    for (const [key, value] of [
      ['core.repositoryFormatVersion', '1'],
      ['extensions.partialClone', 'evil'],
      ['remote.evil.url', main],
      ['remote.evil.promisor', 'true'],
      ['remote.evil.uploadpack', `'${trap}'; git-upload-pack`],
      ['remote.evil.vcs', 'evil'],
    ] as const)
      await fixture.user(main, 'config', key, value);
    const lost = await fixture.user(main, 'rev-parse', 'HEAD:a.txt');
    await rm(join(repository.commonDirectory, 'objects', lost.slice(0, 2), lost.slice(2)));
    assert.equal((await listChanges(repository, session.baseCommit, tree)).length, 1);
    await assert.rejects(countChanges(repository, session.baseCommit, tree), { code: 'GIT_FAILED' });
    await assert.rejects(fixture.session(repository), /Corral fetches none/);
    await takeSnapshot({ ...session, repository }, 'turn');
    await summarizeWorktree({ ...session, repository }, session.baseCommit);
    await nothingRan();
    assert.equal(await isThere(marker), false);
  });
});
