import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { readFileStates } from '../../../../support/fileStates';
import { GitFixture, write } from '../gitFixture';
import { deleteAndUndo } from './roundTrip';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('submodules and sparse checkouts', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function withSubmodule(name: string, files: Record<string, string>): Promise<Session> {
    const inner = await fixture.repository(name, files);
    const session = await fixture.freshSession();
    await fixture.user(session.path, 'submodule', '--quiet', 'add', inner.mainWorktree, 'lib');
    await fixture.user(session.path, 'commit', '--quiet', '--message=submodule');
    return session;
  }

  it('come back with the files of a clean submodule, in which git still works (A11)', async () => {
    const session = await withSubmodule('inner', {
      'code.txt': 'c\n',
      'deep/er/x': 'x\n',
      '.gitattributes': '*.txt text\n',
    });
    const lib = join(session.path, 'lib');
    const states = async (): Promise<string[]> => [
      await fixture.user(session.path, 'status', '--porcelain'),
      await fixture.user(session.path, 'submodule', 'status'),
      await fixture.user(lib, 'status', '--porcelain'),
      await fixture.user(lib, 'rev-parse', 'HEAD'),
      await fixture.user(lib, 'branch', '--show-current'),
      await fixture.user(lib, 'log', '--walk-reflogs', '--format=%H %gs'),
      await readFile(join(lib, '.git'), 'utf8'),
    ];
    const before = await states();
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
    assert.deepEqual(await states(), before);
    assert.deepEqual(await deleteAndUndo(fixture, session), [], 'again');
    assert.deepEqual(await states(), before);
  });

  it('stay in the trash where a submodule has anything that its own objects have not (A11)', async () => {
    const told = ['lib: a submodule with work that is nowhere else'];
    for (const [name, change] of [
      ['a new file', async (lib: string) => await write(lib, { new: 'n' })],
      ['an ignored file', async (lib: string) => await write(lib, { '.git-ignored.log': 'n' })],
      ['other line ends', async (lib: string) => await write(lib, { 'code.txt': 'c\r\n' })],
      ['a lost file', async (lib: string) => await rm(join(lib, 'code.txt'))],
      [
        'a stash',
        async (lib: string) => {
          await write(lib, { 'code.txt': 'stashed\n' });
          await fixture.user(lib, 'stash', '--quiet');
        },
      ],
    ] as const) {
      const session = await withSubmodule(`inner with ${name}`, { 'code.txt': 'c\n', '.gitignore': '*.log\n' });
      await change(join(session.path, 'lib'));
      assert.deepEqual(await deleteAndUndo(fixture, session), told, name);
    }
  });

  it('stay in the trash where the submodule’s repository lies in its own folder (A11)', async () => {
    const inner = await fixture.repository('cloned', { a: 'a\n' });
    const session = await fixture.freshSession();
    await fixture.user(session.path, 'clone', '--quiet', inner.mainWorktree, 'lib');
    await fixture.user(session.path, 'add', 'lib');
    assert.deepEqual(await deleteAndUndo(fixture, session), ['lib: a repository of its own']);
  });

  it('stay as they are when files are put back, and when that is undone (A11)', async () => {
    const session = await withSubmodule('kept', { a: 'a\n' });
    await write(session.path, { new: 'n\n' });
    const then = await readFileStates(session.path);
    const { before: undo } = await restoreSnapshot(session, session.baseCommit);
    assert.equal(await readFile(join(session.path, 'lib/a'), 'utf8'), 'a\n');
    await restoreSnapshot(session, undo);
    assert.deepEqual([...(await readFileStates(session.path))], [...then]);
    assert.equal(await fixture.user(join(session.path, 'lib'), 'status', '--porcelain'), '');
  });

  for (const isCone of [true, false])
    it(`come back in the same sparse shape, ${isCone ? 'of folders' : 'of patterns'} (A11)`, async () => {
      const session = await fixture.freshSession({
        'in/a': 'a\n',
        'in/b': 'b\n',
        'out/c': 'c\n',
        'out/deep/d': 'd\n',
        top: 't\n',
      });
      const options = isCone ? ['--cone', 'in'] : ['--no-cone', '/in/', '!/in/b'];
      await fixture.user(session.path, 'sparse-checkout', 'set', ...options);
      await write(session.path, { 'in/a': 'changed\n', 'in/new': 'n\n' });
      await fixture.user(session.path, 'add', 'in/new');
      const states = async (): Promise<string[]> => [
        await fixture.user(session.path, 'status', '--porcelain'),
        await fixture.user(session.path, 'ls-files', '-t'),
        await fixture.user(session.path, 'sparse-checkout', 'list'),
        await fixture.user(session.path, 'config', 'core.sparseCheckout'),
        ...(await readdir(session.path)),
      ];
      const before = await states();
      assert.match(before[1] ?? '', /^S out\/c$/m);
      assert.deepEqual(await deleteAndUndo(fixture, session), []);
      assert.deepEqual(await states(), before);
      const { before: undo } = await restoreSnapshot(session, session.baseCommit);
      assert.deepEqual(await readdir(session.path), before.slice(4), 'nothing appears at the base');
      await restoreSnapshot(session, undo);
      assert.deepEqual(await states(), before);
    });

  it('come back with the flags of the index, and the reflog (A11)', async () => {
    const session = await fixture.freshSession({ a: 'a\n', b: 'b\n' });
    await fixture.user(session.path, 'update-index', '--assume-unchanged', 'a');
    await writeFile(join(session.path, 'intended'), 'i');
    await fixture.user(session.path, 'add', '--intent-to-add', 'intended');
    const states = async (): Promise<string[]> => [
      await fixture.user(session.path, 'ls-files', '-v', '--stage'),
      await fixture.user(session.path, 'log', '--walk-reflogs', '--format=%H %gs'),
    ];
    const before = await states();
    assert.deepEqual(await deleteAndUndo(fixture, session), []);
    assert.deepEqual(await states(), before);
  });
});
