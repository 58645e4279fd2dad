import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, it } from 'mocha';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { newId } from '../../../../../src/storage/ids';
import { Git } from '../../../../../src/supervisor/git/git';
import { findRepository } from '../../../../../src/supervisor/git/repository';
import { hostRepositoryPath, openHostRepository } from '../../../../../src/supervisor/hosts/work/hostRepository';
import { pushBase } from '../../../../../src/supervisor/hosts/work/pushBase';
import { withLock } from '../../../../../src/supervisor/system/locks';
import { describeIf } from '../../../../support/skip';
import { STORE_ID, write } from '../../git/gitFixture';
import { carrier, withFixture, WorkFixture } from './workFixture';

const hasShell = process.platform !== 'win32';

describeIf(hasShell, 'there is no sh', 'a repository on a host', () => {
  let fixture: WorkFixture;
  before(async () => (fixture = await WorkFixture.create()));
  after(async () => await fixture.close());

  it('is an ordinary one without files, which only its user can read', async () => {
    const { far, here } = fixture;
    assert.equal(await here.user(far.path, 'rev-parse', '--is-bare-repository'), 'false');
    assert.equal(await here.user(far.path, 'symbolic-ref', 'HEAD'), 'refs/heads/main');
    assert.equal(await here.user(far.path, 'status', '--porcelain'), '');
    assert.equal((await stat(join(far.path, '.git'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(far.path, '.git', 'config'))).mode & 0o777, 0o600);
  });

  it('is opened again, and completed where its making was interrupted', async () => {
    const { workHost, repository, host, here } = fixture;
    const options = { storeId: STORE_ID, repository };
    const path = host.path('again');
    await openHostRepository(workHost, path, options);
    await here.user(path, 'config', 'some.setting', 'kept');
    await openHostRepository(workHost, path, options);
    assert.equal(await here.user(path, 'config', 'some.setting'), 'kept');
    await here.user(path, 'config', '--unset', 'corral.store');
    await openHostRepository(workHost, path, options);
    assert.equal(await here.user(path, 'config', 'corral.store'), STORE_ID);
  });

  it('is made once where two windows make it at once', async () => {
    const { workHost, repository, host, here } = fixture;
    const path = host.path('twice');
    const windows = [1, 2, 3].map(() => ({ ...workHost, git: new Git(runWithNode) }));
    await Promise.all(
      windows.map(async (each) => await openHostRepository(each, path, { storeId: STORE_ID, repository })),
    );
    assert.equal(await here.user(path, 'config', '--get-all', 'corral.store'), STORE_ID);
    // A lock that stays is told.
    await here.user(path, 'config', '--unset', 'corral.store');
    await writeFile(join(path, '.git', 'config.lock'), '');
    const impatient = { ...workHost, git: new Git(runWithNode, { lockPatienceMs: 100 }) };
    await assert.rejects(openHostRepository(impatient, path, { storeId: STORE_ID, repository }), {
      code: 'GIT_LOCKED',
    });
  });

  it('is not one that belongs to somebody else, nor a folder with files', async () => {
    const { workHost, repository, host } = fixture;
    await openHostRepository(workHost, host.path('theirs'), { storeId: 'another-store', repository });
    await write(host.path('files'), { 'a.txt': 'a\n' });
    for (const name of ['theirs', 'files'])
      await assert.rejects(openHostRepository(workHost, host.path(name), { storeId: STORE_ID, repository }), {
        code: 'HOST_NOT_OURS',
        message: /^Host “gpu\.\.box\.lock”: .* is not Corral’s/,
      });
    assert.deepEqual(await workHost.connection.list(host.path('files')), ['a.txt']);
  });

  it('is refused with what to do where git is missing or nothing can be written', async function () {
    const { workHost, repository, host } = fixture;
    const options = { storeId: STORE_ID, repository };
    await assert.rejects(openHostRepository({ ...workHost, farGit: '/no/git' }, host.path('none'), options), {
      code: 'HOST_GIT_MISSING',
    });
    await writeFile(host.path('file'), '');
    await assert.rejects(openHostRepository(workHost, host.path('file', 'below'), options), { code: 'HOST_FAILED' });
    if (process.getuid?.() === 0) return; // root can write everywhere
    await mkdir(host.path('closed'));
    await chmod(host.path('closed'), 0o500);
    await assert.rejects(openHostRepository(workHost, host.path('closed', 'below'), options), {
      code: 'HOST_NOT_WRITABLE',
    });
  });

  it('has a place of its own for each store and repository', () => {
    const { repository } = fixture;
    const path = hostRepositoryPath('/home/dev/.corral-host', STORE_ID, repository);
    assert.match(path, /^\/home\/dev\/\.corral-host\/store-under-test\/[0-9a-f]{16}$/);
    assert.equal(path, hostRepositoryPath('/home/dev/.corral-host', STORE_ID, repository));
    assert.notEqual(path, hostRepositoryPath('/home/dev/.corral-host', STORE_ID, { commonDirectory: '/other' }));
  });
});

describeIf(hasShell, 'there is no sh', 'the base of a session', () => {
  let fixture: WorkFixture;
  before(async () => (fixture = await WorkFixture.create()));
  after(async () => await fixture.close());

  it('is pushed with its history, again without a change, and after it has moved', async () => {
    const { repository, here } = fixture;
    const sessionId = newId();
    const first = await fixture.head();
    await fixture.push(sessionId, first);
    assert.equal(await fixture.baseThere(sessionId), first);
    await fixture.push(sessionId, first);
    await here.user(repository.mainWorktree, 'commit', '--quiet', '--allow-empty', '--amend', '--message=another');
    const second = await fixture.head();
    await fixture.push(sessionId, second);
    assert.equal(await fixture.baseThere(sessionId), second);
    await fixture.push(sessionId, first);
    assert.equal(await fixture.baseThere(sessionId), first);
    await fixture.assertSound();
  });

  it('waits while the entry of a worktree is made there, which no push could read', async () => {
    await withFixture(async (busy) => {
      const { far, here, repository, workHost, host } = busy;
      const [sessionId, commit] = [newId(), await busy.head()];
      await busy.push(sessionId, commit);
      const waiting = newId();
      let isOver = false;
      let pushing = Promise.resolve();
      await withLock(far.path, async () => {
        // As git has it for a moment.
        const entry = join(far.path, '.git', 'worktrees', 'half');
        const link = join(far.path, '.corral', 'worktrees', 'half', '.git');
        await write(entry, { HEAD: `${'0'.repeat(40)}\n`, commondir: '../..\n', gitdir: `${link}\n` });
        await assert.rejects(here.user(far.path, 'rev-list', '--all'), /bad object worktrees\/half\/HEAD/);
        pushing = busy.push(waiting, commit).finally(() => (isOver = true));
        const other = await openHostRepository(workHost, host.path('other'), { storeId: STORE_ID, repository });
        // Longer than the one that waits would need.
        for (let times = 0; times < 2; times++) await pushBase(other, repository, { sessionId: newId(), commit });
        assert.equal(isOver, false);
        await findRepository(here.git, far.path); // whoever only reads does not wait
        await rm(entry, { recursive: true });
      });
      await pushing;
      assert.equal(await busy.baseThere(waiting), commit);
    });
  });

  it('takes its turn there only when git runs here', async () => {
    const { far, repository, workHost, host } = fixture;
    const commit = await fixture.head();
    const git = new Git(runWithNode);
    const stopping = new AbortController();
    const { signal } = stopping;
    const program = [process.execPath, '-e', 'setInterval(() => undefined, 1_000)'] as const;
    const others = [1, 2, 3].map(async () => {
      await assert.rejects(git.runProgram(host.path('.'), program, { signal }), { code: 'CANCELLED' });
    });
    const waiting = newId();
    const pushing = pushBase({ ...far, host: { ...workHost, git } }, repository, { sessionId: waiting, commit });
    await fixture.push(newId(), commit); // by another window, which would wait for the one that cannot begin
    stopping.abort();
    await Promise.all([...others, pushing]);
    assert.equal(await fixture.baseThere(waiting), commit);
  });

  it('goes beside the entry of a worktree that a crash there left half made', async () => {
    const { far, here } = fixture;
    const [sessionId, commit] = [newId(), await fixture.head()];
    const entry = join(far.path, '.git', 'worktrees', 'left');
    for (const head of [`${'0'.repeat(40)}\n`, '']) {
      await write(entry, { HEAD: head, commondir: '../..\n', gitdir: '/nowhere/.git\n' });
      await fixture.push(sessionId, commit);
      assert.equal(await fixture.baseThere(sessionId), commit);
      await here.user(far.path, 'rev-list', '--all');
    }
    await rm(entry, { recursive: true });
  });

  it('goes alone, whatever refs, hooks and settings the repository and the user have', async () => {
    await withFixture(async (odd) => {
      const { repository, here, host } = odd;
      const { mainWorktree } = repository;
      const mark = host.path('ran');
      const program = host.path('program');
      await writeFile(program, `#!/bin/sh\necho "$0 $@" >> '${mark}'\nexit 1\n`, { mode: 0o755 });
      const hooks = join(mainWorktree, '.git', 'hooks');
      await mkdir(hooks, { recursive: true });
      for (const hook of ['pre-push', 'reference-transaction'])
        await writeFile(join(hooks, hook), `#!/bin/sh\nexec '${program}' ${hook}\n`, { mode: 0o755 });
      for (const [key, value] of [
        ['url.https://example.invalid/.insteadOf', 'ext::'],
        ['core.sshCommand', program],
        ['core.hooksPath', hooks],
        ['push.followTags', 'true'],
        ['push.gpgSign', 'true'],
        ['push.recurseSubmodules', 'only'],
        ['protocol.ext.allow', 'never'],
        ['transfer.hideRefs', 'refs'],
        ['remote.pushDefault', 'gone'],
      ] as const)
        await here.user(mainWorktree, 'config', key, value);
      // Also in the repository there, which an agent can configure.
      const { path } = odd.far;
      for (const [key, value] of [
        ['core.hooksPath', hooks],
        ['receive.denyNonFastForwards', 'true'],
        ['transfer.hideRefs', 'refs'],
      ] as const)
        await here.user(path, 'config', key, value);
      const packed = Array.from({ length: 20_000 }, (_, index) => `refs/tags/v${String(index).padStart(6, '0')}`);
      const commit = await odd.head();
      await writeFile(
        join(mainWorktree, '.git', 'packed-refs'),
        `# pack-refs with: peeled fully-peeled sorted \n${packed.map((name) => `${commit} ${name}\n`).join('')}`,
      );
      const sessionId = newId();
      await odd.push(sessionId, commit);
      assert.equal(await odd.baseThere(sessionId), commit);
      assert.doesNotMatch(await here.user(path, 'for-each-ref', '--format=%(refname)'), /refs\/tags/);
      await assert.rejects(readFile(mark), { code: 'ENOENT' });
    });
  });

  it('of a shallow clone, of one that borrows objects, and of one with SHA-256 is pushed', async () => {
    const { here, host, workHost } = fixture;
    const source = await here.repository('../source');
    for (const message of ['two', 'three'])
      await here.user(source.mainWorktree, 'commit', '--quiet', '--allow-empty', `--message=${message}`);
    const clones = {
      shallow: ['clone', '--quiet', '--depth=1', `file://${encodeURI(source.mainWorktree)}`],
      borrowing: ['clone', '--quiet', '--shared', source.mainWorktree],
      sha256: ['init', '--quiet', '--object-format=sha256'],
    };
    for (const [name, command] of Object.entries(clones)) {
      // Git cannot borrow from a folder whose name has two lines.
      const folder = join(dirname(here.root), name);
      await here.user(here.root, ...command, folder);
      if (name === 'sha256') await here.user(folder, 'commit', '--quiet', '--allow-empty', '--message=one');
      const repository = await findRepository(here.git, folder);
      const far = await openHostRepository(workHost, host.path(name), { storeId: STORE_ID, repository });
      const commit = await here.user(folder, 'rev-parse', 'HEAD');
      await pushBase(far, repository, { sessionId: newId(), commit });
      assert.equal(await here.user(far.path, 'cat-file', '-t', commit), 'commit');
      assert.equal(await here.user(far.path, 'fsck', '--full', '--strict', '--no-dangling'), '', name);
      const count = await here.user(far.path, 'rev-list', '--count', commit);
      assert.equal(count, name === 'borrowing' ? '3' : '1', name);
    }
  });

  it('of a clone that lacks objects is not pushed, and nothing is fetched for it', async () => {
    const { here, host, workHost } = fixture;
    const source = await here.repository('../partial-source', { 'a.txt': 'a\n', 'b.txt': 'b\n' });
    await here.user(source.mainWorktree, 'config', 'uploadpack.allowFilter', 'true');
    const folder = join(dirname(here.root), 'partial');
    const clone = ['clone', '--quiet', '--no-checkout', '--filter=blob:none'];
    await here.user(here.root, ...clone, `file://${encodeURI(source.mainWorktree)}`, folder);
    const repository = await findRepository(here.git, folder);
    const far = await openHostRepository(workHost, host.path('partial'), { storeId: STORE_ID, repository });
    const [sessionId, commit] = [newId(), await here.user(folder, 'rev-parse', 'HEAD')];
    await assert.rejects(pushBase(far, repository, { sessionId, commit }), {
      code: 'GIT_FAILED',
      message: /If it is a partial clone, fetch all of it once/,
    });
    assert.equal(await here.user(far.path, 'for-each-ref'), '');
  });

  it('is pushed again after a cut in the middle', async () => {
    const { repository, here } = fixture;
    // Random, so that it stays as large as it is.
    await writeFile(join(repository.mainWorktree, 'large.bin'), randomBytes(8 << 20));
    await here.user(repository.mainWorktree, 'add', 'large.bin');
    await here.user(repository.mainWorktree, 'commit', '--quiet', '--message=large');
    const [sessionId, commit] = [newId(), await fixture.head()];
    await fixture.reconnectBy(`${carrier(4_000_000)} | "$@"`);
    await assert.rejects(fixture.push(sessionId, commit), { code: 'HOST_UNREACHABLE' });
    await fixture.host.reached('unreachable');
    await fixture.reconnectBy('exec "$@"');
    await assert.rejects(fixture.baseThere(sessionId));
    await fixture.push(sessionId, commit);
    assert.equal(await fixture.baseThere(sessionId), commit);
    await fixture.assertSound();
  });

  it('is not pushed where it was cancelled, and an error there is told', async () => {
    const { repository, host, workHost } = fixture;
    const [sessionId, commit] = [newId(), await fixture.head()];
    const signal = AbortSignal.abort();
    await assert.rejects(pushBase(fixture.far, repository, { sessionId, commit, signal }), { code: 'CANCELLED' });
    await assert.rejects(fixture.baseThere(sessionId));
    await assert.rejects(pushBase({ host: workHost, path: host.path('nowhere') }, repository, { sessionId, commit }), {
      code: 'HOST_FAILED',
      message: /nowhere' does not appear to be a git repository/,
    });
    await assert.rejects(
      pushBase({ ...fixture.far, host: { ...workHost, farGit: '/no/git' } }, repository, { sessionId, commit }),
      { code: 'HOST_GIT_MISSING' },
    );
  });
});
