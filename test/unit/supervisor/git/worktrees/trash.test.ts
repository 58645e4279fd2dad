import assert from 'node:assert/strict';
import { execa } from 'execa';
import { chmod, lstat, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { readSnapshotRef } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { locateWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import { isThere, readAll, GitFixture, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('removal', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function fresh(files?: Record<string, string>, location: 'inside' | 'beside' = 'inside'): Promise<Session> {
    return fixture.session(await fixture.repository(`repository ${++count}`, files), location);
  }
  async function reachable(session: Session, commit: string): Promise<boolean> {
    return execa('git', ['merge-base', '--is-ancestor', commit, `refs/corral/${session.sessionId}`], {
      cwd: session.repository.mainWorktree,
    }).then(
      () => true,
      () => false,
    );
  }
  async function indexOf(folder: string): Promise<string> {
    return fixture.user(folder, 'ls-files', '--stage');
  }

  for (const location of ['inside', 'beside'] as const) {
    it(`moves to the trash, where git still works, and back: ${location}`, async () => {
      const session = await fresh({ f: '1\n', '.gitignore': 'ignored\n' }, location);
      await write(session.path, { f: '2\n', new: 'n\n', ignored: 'i\n' });
      await fixture.user(session.path, 'add', 'f');
      const before = [await readAll(session.path), await indexOf(session.path)];
      const trashed = await moveToTrash(session);
      assert.equal(trashed.trashPath, trashPathFor(session.path));
      assert.deepEqual(trashed.notCaptured, ['ignored: ignored by git']);
      assert.equal(await isThere(session.path), false);
      assert.equal(await fixture.user(trashed.trashPath, 'status', '--porcelain'), 'M  f\n?? new');
      assert.match(
        await fixture.user(session.repository.mainWorktree, 'worktree', 'list'),
        new RegExp(`trash/${session.sessionId}`),
      );
      assert.equal(await fixture.user(session.repository.mainWorktree, 'status', '--porcelain'), '');
      await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
      await restoreFromTrash(session);
      assert.deepEqual([await readAll(session.path), await indexOf(session.path)], before);
      assert.equal(await fixture.user(session.path, 'status', '--porcelain'), 'M  f\n?? new');
    });
  }

  it('can be repeated and reversed at every step', async () => {
    const session = await fresh();
    await write(session.path, { work: 'w\n' });
    const before = await readAll(session.path);
    await restoreFromTrash(session); // nothing to do
    const trashPath = trashPathFor(session.path);
    await mkdir(join(trashPath, '..'));
    await rename(session.path, trashPath); // a crash right after the rename
    assert.equal((await locateWorktree(session)).place, 'trash');
    await restoreFromTrash(session);
    assert.deepEqual(await readAll(session.path), before);
    await rename(session.path, trashPath);
    const first = await moveToTrash(session);
    assert.deepEqual(await moveToTrash(session), first);
    await mkdir(session.path);
    await assert.rejects(restoreFromTrash(session), { code: 'CONFLICT' });
    assert.deepEqual(await moveToTrash(session), first, 'something new in the old place does not matter');
    await rm(session.path, { recursive: true });
    await restoreFromTrash(session);
    assert.deepEqual(await readAll(session.path), before);
    await rm(session.path, { recursive: true });
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_MISSING' });
    await assert.rejects(restoreFromTrash(session), { code: 'WORKTREE_MISSING' });
  });

  it('touches only what bears the mark, and goes through no link', async function () {
    const session = await fresh();
    const another = { ...session, storeId: 'another' };
    await assert.rejects(moveToTrash(another), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(restoreFromTrash(another), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(moveToTrash({ ...session, path: session.repository.mainWorktree }), {
      code: 'WORKTREE_NOT_OURS',
    });
    const elsewhere = join(fixture.root, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(session.repository.mainWorktree, '.corral', 'trash'), 'junction');
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_NOT_OURS' });
    await rm(join(session.repository.mainWorktree, '.corral', 'trash'));
    const worktrees = join(session.repository.mainWorktree, '.corral', 'worktrees');
    await rename(worktrees, join(elsewhere, 'worktrees'));
    await symlink(join(elsewhere, 'worktrees'), worktrees, 'junction');
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_NOT_OURS' });
    assert.ok(await isThere(join(elsewhere, 'worktrees', session.sessionId, 'src/a.ts')));
  });

  it('keeps every commit that only the worktree knew', async () => {
    const session = await fresh({ f: 'base\n' });
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
    assert.deepEqual(notCaptured, ['a merge in progress']);
    for (const [name, id] of Object.entries({ dropped, amended, amendment, outside, merged }))
      assert.ok(await reachable(session, id), name);
    await rm(trashPathFor(session.path), { recursive: true });
    await rm(join(session.repository.commonDirectory, 'worktrees', session.sessionId), { recursive: true });
    await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    for (const id of [dropped, amended, amendment, outside, merged])
      await fixture.user(session.repository.mainWorktree, 'cat-file', '-e', id);
  });

  it('gives the branch free while in the trash and takes it back', async () => {
    const session = await fresh();
    await fixture.user(session.path, 'checkout', '--quiet', '-b', 'feature');
    await moveToTrash(session);
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'feature');
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'main');
    await restoreFromTrash(session);
    assert.equal(await fixture.user(session.path, 'branch', '--show-current'), 'feature');
    await moveToTrash(session);
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'feature');
    await restoreFromTrash(session);
    assert.equal(await fixture.user(session.path, 'branch', '--show-current'), '');
  });

  it('lists what no snapshot can hold', async function () {
    const inner = await fixture.repository('inner');
    const session = await fresh({ '.gitignore': 'ignored/\n' });
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
      'ignored/: ignored by git',
      'ignored/deep: a repository of its own',
      'nested: a repository of its own',
    ]);
    await restoreFromTrash(session);
    assert.equal(await fixture.user(join(session.path, 'dirty'), 'status', '--porcelain'), '?? new');
  });

  it("restores a vanished worktree, with git's entry or without", async () => {
    for (const isPruned of [false, true]) {
      const session = await fresh({ f: '1\n', 'crlf.txt': 'a\nb\n', '.gitattributes': '*.txt text=auto\n' });
      await write(session.path, { f: 'staged\n', 'crlf.txt': 'a\r\nb\r\n', 'new file': 'n' });
      await fixture.user(session.path, 'add', 'f');
      await write(session.path, { f: 'changed\n' });
      const before = [await readAll(session.path), await indexOf(session.path)];
      const { trashPath } = await moveToTrash(session);
      await assert.rejects(recreateWorktree(session), { code: 'CONFLICT' });
      await rm(trashPath, { recursive: true });
      if (isPruned)
        await rm(join(session.repository.commonDirectory, 'worktrees', session.sessionId), { recursive: true });
      await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
      await recreateWorktree(session);
      assert.deepEqual([await readAll(session.path), await indexOf(session.path)], before);
      assert.equal((await locateWorktree(session)).place, 'worktree');
      assert.match(
        await fixture.user(session.repository.mainWorktree, 'worktree', 'list', '--porcelain'),
        new RegExp(`locked corral .*${session.sessionId}`),
      );
    }
  });

  let inner: string;
  const seed = Number(process.env['CORRAL_GIT_SEED'] ?? 1);
  /** `npm run test:worktrees` has 500. */
  const stateCount = Number(process.env['CORRAL_GIT_STATES'] ?? 12);
  it(`brings back ${stateCount} random states byte for byte (seed ${seed})`, async function () {
    this.timeout(stateCount * 20_000);
    inner = (await fixture.repository('a submodule')).mainWorktree;
    for (let state = 0; state < stateCount; state++) await checkRandomState(seed * 1_000_003 + state);
  });

  /** Some of these fail, such as one beside a lock; the state is what they leave. */
  async function commitSomehow({ path, baseCommit }: Session, how: string, chance: number): Promise<void> {
    const user = async (...parameters: string[]): Promise<unknown> =>
      fixture.user(path, ...parameters).catch(() => undefined);
    if (how === 'commit') await user('commit', '--quiet', '--allow-empty', '--message=agent');
    else if (how === 'amend') await user('commit', '--quiet', '--allow-empty', '--amend', '--message=amended');
    else if (how === 'reset') await user('reset', '--quiet', chance < 0.5 ? '--soft' : '--hard', baseCommit);
    else if (how === 'rebase')
      await user('rebase', '--quiet', '--force-rebase', ...(chance < 0.5 ? ['--autostash'] : []), baseCommit);
    else if (how === 'submodule') {
      await user('submodule', '--quiet', 'add', inner, 'module');
      await fixture
        .user(join(path, 'module'), 'commit', '--quiet', '--allow-empty', '--message=inside')
        .catch(() => undefined);
      if (chance < 0.3) await writeFile(join(path, 'module/.git'), 'gitdir: /not/there\n').catch(() => undefined); // a check that cannot run
    } else if (chance < 0.5) await user('merge', '--quiet', '--no-edit', 'ORIG_HEAD');
  }

  async function checkRandomState(stateSeed: number): Promise<void> {
    const random = randomFrom(stateSeed);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const text = (): string =>
      Array.from({ length: Math.floor(random() * 6) }, () => pick(['one', 'two', '$Id$', 'ünï', ''])).join(
        pick(['\n', '\r\n', '\n']),
      ) + pick(['', '\n', '\r\n']);
    const content = (): Buffer =>
      random() < 0.2 ? Buffer.from(Array.from({ length: 40 }, () => Math.floor(random() * 256))) : Buffer.from(text());
    const attributes = pick([
      '',
      '* text=auto\n',
      '*.txt text eol=crlf\n',
      '*.txt ident\n* text=auto eol=lf\n',
      '*.txt working-tree-encoding=UTF-16LE\n',
    ]);
    const names = [
      'a.txt',
      'b.txt',
      'folder/c.txt',
      'folder/d d.bin',
      'x/y/z',
      'ünï "q".txt',
      "it's",
      ...(process.platform === 'win32' ? [] : ['new\nline', '-x', 'back\\slash']),
    ];
    const even = (buffer: Buffer): Buffer =>
      Buffer.from(buffer.toString('latin1').replace(/[^ -~\r\n]/g, '?'), 'utf16le');
    const body = (name: string): Buffer =>
      attributes.includes('UTF-16') && name.endsWith('.txt') ? even(content()) : content();

    const repository = await fixture.repository(`state ${stateSeed}`, {
      '.gitattributes': attributes,
      '.gitignore': '*.ignored\n',
    });
    if (random() < 0.3) await fixture.user(repository.mainWorktree, 'config', 'core.autocrlf', pick(['true', 'input']));
    if (random() < 0.2) await fixture.user(repository.mainWorktree, 'config', 'core.fileMode', 'false');
    for (const name of names.filter(() => random() < 0.7)) {
      await mkdir(join(repository.mainWorktree, name, '..'), { recursive: true });
      await writeFile(join(repository.mainWorktree, name), body(name));
    }
    await fixture.user(repository.mainWorktree, 'add', '--all');
    await fixture.user(repository.mainWorktree, 'commit', '--quiet', '--allow-empty', '--message=files');
    const session = await fixture.session(repository);
    const at = (name: string): string => join(session.path, name);
    const commits = new Set<string>();
    for (let step = 0; step < 12; step++) {
      const name = pick(names);
      const isFile = (await lstat(at(name)).catch(() => undefined))?.isFile() === true;
      const action = pick(
        'write write stage delete rename mode link ignored commit amend reset merge rebase submodule nested lock'.split(
          ' ',
        ),
      );
      if (action === 'write') {
        await mkdir(at(`${name}/..`), { recursive: true });
        await rm(at(name), { force: true });
        await writeFile(at(name), body(name));
      } else if (action === 'stage') await fixture.user(session.path, 'add', '--all').catch(() => undefined);
      else if (action === 'delete') await rm(at(name), { force: true });
      else if (action === 'rename' && isFile) await rename(at(name), at(`renamed ${step}`));
      else if (action === 'mode' && isFile) await chmod(at(name), pick([0o755, 0o644]));
      else if (action === 'link' && process.platform !== 'win32') {
        await rm(at(`link ${step % 3}`), { force: true });
        await symlink(pick(names), at(`link ${step % 3}`));
      } else if (action === 'nested' && random() < 0.3) {
        await fixture.user(session.path, 'init', '--quiet', `nested ${step}`);
        if (random() < 0.5)
          await fixture.user(at(`nested ${step}`), 'commit', '--quiet', '--allow-empty', '--message=inner');
      } else if (action === 'ignored' && random() < 0.3) await writeFile(at(`${step}.ignored`), content());
      else if (action === 'lock' && random() < 0.2)
        await writeFile(join(repository.commonDirectory, 'worktrees', session.sessionId, 'index.lock'), '');
      else if (
        ['commit', 'amend', 'reset', 'merge', 'rebase'].includes(action) ||
        (action === 'submodule' && random() < 0.3)
      )
        await commitSomehow(session, action, random());
      commits.add(await fixture.user(session.path, 'rev-parse', 'HEAD'));
    }
    const look = async (): Promise<unknown> => ({
      files: await readAll(session.path),
      index: await indexOf(session.path),
      head: await fixture.user(session.path, 'rev-parse', 'HEAD'),
    });
    const before = await look();
    const { commit, notCaptured } = await moveToTrash(session);
    const isEmptied = random() < 0.5;
    const kept = isEmptied ? await purgeTrash(session) : notCaptured;
    assert.deepEqual(kept, notCaptured, `what is kept, state ${stateSeed}`);
    await fixture.user(repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    if (isEmptied && kept.length === 0) await recreateWorktree(session);
    else await restoreFromTrash(session);
    assert.deepEqual(await look(), before, `undo, state ${stateSeed}`);
    for (const id of commits) await fixture.user(repository.mainWorktree, 'cat-file', '-e', id);
    assert.equal((await readSnapshotRef(repository, session.sessionId))?.commit, commit);
    await fixture.user(repository.mainWorktree, 'fsck', '--strict');
    if (notCaptured.length > 0) {
      await rm(repository.mainWorktree, { recursive: true });
      return;
    }
    const tracked = (
      await fixture.user(session.path, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
    ).split('\0');
    const expected = new Map([...(await readAll(session.path))].filter(([path]) => tracked.includes(path)));

    const isPruned = random() < 0.5;
    await rm(session.path, { recursive: true });
    if (isPruned) await rm(join(repository.commonDirectory, 'worktrees', session.sessionId), { recursive: true });
    await fixture.user(repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    await recreateWorktree(session);
    assert.deepEqual(await readAll(session.path), expected, `restored, state ${stateSeed}`);
    assert.deepEqual(
      { ...((await look()) as object), files: undefined },
      { ...(before as object), files: undefined },
      `HEAD and index, state ${stateSeed}`,
    );
    await rm(repository.mainWorktree, { recursive: true });
  }
});

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
