import assert from 'node:assert/strict';
import { chmod, mkdir, readlink, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { isThere, GitFixture, readAll, write } from '../gitFixture';
import { comesBack } from './comesBack';
import { skip } from '../../../../support/skip';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe("the repository's configuration", () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function change(session: Session): Promise<void> {
    await write(session.path, { 'a.txt': 'changed\n', 'new.txt': 'new\n', 'added.txt': 'added\n' });
    await fixture.user(session.path, 'add', 'added.txt');
  }

  it('cannot name another folder to be captured (A1)', async () => {
    for (const where of ['worktree', 'repository']) {
      const session = await fixture.freshSession({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
      await change(session);
      const elsewhere = join(fixture.root, `elsewhere of the ${where}`);
      await mkdir(elsewhere);
      await write(elsewhere, { 'a.txt': 'not the work\n' });
      if (where === 'worktree') await fixture.user(session.path, 'config', 'extensions.worktreeConfig', 'true');
      await fixture.user(
        session.path,
        'config',
        ...(where === 'worktree' ? ['--worktree'] : []),
        'core.worktree',
        elsewhere,
      );
      const { tree } = await takeSnapshot(session, 'turn');
      const listed = await fixture.git.text(session.repository.mainWorktree, ['ls-tree', '--name-only', tree]);
      assert.equal(listed, 'a.txt\nadded.txt\nb.txt\nnew.txt');
      await comesBack(session);
      assert.deepEqual(await readAll(elsewhere), new Map([['a.txt', 'file not the work\n']]));
    }
  });

  it('cannot hide a file whose name differs in case alone (A2)', async function () {
    const session = await fixture.freshSession({ 'a.txt': 'small\n', 'folder/b.txt': 'b\n' });
    if (await isThere(join(session.path, 'A.TXT'))) skip(this, 'this disk does not tell case apart');
    await fixture.user(session.path, 'config', 'core.ignorecase', 'true');
    await write(session.path, { 'A.TXT': 'large\n', 'FOLDER/B.TXT': 'B\n', 'Folder/new.txt': 'n\n' });
    await comesBack(session);
  });

  it('cannot turn links into files or files into links (A3)', async function () {
    if (process.platform === 'win32') skip(this, 'it is up to the user of Windows whether git makes links');
    const session = await fixture.freshSession({ 'a.txt': 'a\n' });
    await symlink('a.txt', join(session.path, 'kept'));
    await symlink('a.txt', join(session.path, 'replaced'));
    await fixture.user(session.path, 'add', '--all');
    await fixture.user(session.path, 'commit', '--quiet', '--message=links');
    await fixture.user(session.path, 'config', 'core.symlinks', 'false');
    await unlink(join(session.path, 'replaced'));
    await writeFile(join(session.path, 'replaced'), 'a file now\n');
    await symlink('nowhere', join(session.path, 'new'));
    const { commit } = await takeSnapshot(session, 'turn');
    assert.match(await fixture.user(session.path, 'ls-tree', commit, 'replaced'), /^100644/);
    await comesBack(session);
    await rm(join(session.path, 'kept'));
    await restoreSnapshot(session, commit);
    assert.equal(await readlink(join(session.path, 'kept')), 'a.txt');
  });

  it('cannot hide changes by any other setting (A1, A2, A3)', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no executable bit');
    const settings: readonly (readonly [string, string])[] = [
      ['core.fileMode', 'false'],
      ['core.trustctime', 'false'],
      ['core.checkStat', 'minimal'],
      ['core.ignoreStat', 'true'],
      ['core.excludesFile', join(fixture.root, 'everything')],
      ['core.attributesFile', join(fixture.root, 'everything')],
      ['core.untrackedCache', 'true'],
      ['core.sparseCheckout', 'true'],
      ['core.bigFileThreshold', '1'],
      ['core.autocrlf', 'true'],
      ['core.eol', 'crlf'],
      ['core.safecrlf', 'true'],
      ['core.precomposeunicode', 'true'],
      ['index.sparse', 'true'],
      ['status.showUntrackedFiles', 'no'],
      ['diff.ignoreSubmodules', 'all'],
    ];
    await writeFile(join(fixture.root, 'everything'), '* text eol=crlf\n*\n');
    const session = await fixture.freshSession({ 'a.txt': 'a\n', 'b.sh': 'b\n', 'c.txt': 'c\r\nc\n' });
    await change(session);
    for (const [key, value] of settings) await fixture.user(session.path, 'config', key, value);
    await chmod(join(session.path, 'b.sh'), 0o755);
    await write(session.path, { 'mixed.txt': 'one\r\ntwo\nthree\r\n', 'bare.txt': 'a\rb\r\r\n' });
    await comesBack(session);
  });
});
