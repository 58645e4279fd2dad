import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, it } from 'mocha';
import { newId } from '../../../../../src/storage/ids';
import { findRepository } from '../../../../../src/supervisor/git/repository';
import { snapshotRefName } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { fetchWork } from '../../../../../src/supervisor/hosts/work/fetchWork';
import { hostRefName } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { describeIf } from '../../../../support/skip';
import { carrier, withFixture, WorkFixture } from './workFixture';

const hasShell = process.platform !== 'win32';

describeIf(hasShell, 'there is no sh', 'the work of a session on a host', () => {
  let fixture: WorkFixture;
  before(async () => (fixture = await WorkFixture.create()));
  after(async () => await fixture.close());

  it('comes home snapshot by snapshot, into its own refs and nothing else', async () => {
    const { repository, here } = fixture;
    const list = async (): Promise<string[]> =>
      (await here.user(repository.mainWorktree, 'for-each-ref', '--format=%(refname) %(objectname)')).split('\n');
    const before = await list();
    const session = await fixture.session();
    const { sessionId } = session;
    const base = await fixture.head();
    assert.deepEqual(await fixture.fetch(sessionId).then(({ commit, before: was }) => [commit, was]), [base, base]);
    let last = base;
    for (const round of [1, 2, 3]) {
      const commit = await fixture.work(session, { 'a.txt': `${round}\n`, [`new/ü ${round}.txt`]: 'new\n' });
      const fetched = await fixture.fetch(sessionId);
      assert.deepEqual([fetched.commit, fetched.before], [commit, last]);
      assert.ok(fetched.bytes > 100 && fetched.bytes < 4_000, String(fetched.bytes));
      assert.equal(await fixture.tip(sessionId), commit);
      last = commit;
    }
    assert.equal((await fixture.fetch(sessionId)).before, last);
    const added = (await list()).filter((line) => !before.includes(line));
    assert.deepEqual(added.sort(), [
      `${hostRefName('gpu..box.lock', sessionId)} ${last}`,
      `${snapshotRefName(sessionId)} ${last}`,
    ]);
    assert.equal(await here.user(repository.mainWorktree, 'show', `${last}:new/ü 2.txt`), 'new');
    await assert.rejects(readFile(join(repository.commonDirectory, 'FETCH_HEAD')), { code: 'ENOENT' });
    await fixture.assertSound();
  });

  it('with commits, branches and tags of the agent is whole', async () => {
    const { here, repository } = fixture;
    const session = await fixture.session();
    const { path } = session.worktree;
    for (const name of ['one', 'two']) {
      await fixture.work(session, { [`${name}.txt`]: name });
      await here.user(path, 'checkout', '--quiet', '-B', name);
      await here.user(path, 'add', '--all');
      await here.user(path, 'commit', '--quiet', `--message=${name}`);
      await here.user(path, 'tag', `tag-${name}`);
    }
    const commit = await fixture.work(session, { 'three.txt': 'three' });
    await fixture.fetch(session.sessionId);
    const log = await here.user(repository.mainWorktree, 'log', '--format=%s', commit);
    assert.match(log, /^two$/m);
    assert.equal(await here.user(repository.mainWorktree, 'tag', '--list'), '');
    await fixture.assertSound();
  });

  it('that does not follow what is here is refused, and the work here stays', async () => {
    const { here, repository, far } = fixture;
    const session = await fixture.session();
    const { sessionId } = session;
    const mine = await fixture.work(session, { 'a.txt': 'mine\n' });
    await fixture.fetch(sessionId);
    const forged = await here.user(far.path, 'commit-tree', '-m', 'forged', `${mine}^{tree}`);
    await here.user(far.path, 'update-ref', snapshotRefName(sessionId), forged);
    await assert.rejects(fixture.fetch(sessionId), {
      code: 'HOST_WORK_REFUSED',
      message: /does not follow the work that is here/,
    });
    assert.equal(await fixture.tip(sessionId), mine);
    const kept = hostRefName('gpu..box.lock', sessionId);
    assert.equal(await here.user(repository.mainWorktree, 'rev-parse', kept), forged);
    assert.equal(await here.user(far.path, 'rev-parse', snapshotRefName(sessionId)), forged);
    // A host that is behind is no reason to go back.
    await here.user(far.path, 'update-ref', snapshotRefName(sessionId), await fixture.head());
    assert.deepEqual(await fixture.fetch(sessionId).then(({ commit, before: was }) => [commit, was]), [mine, mine]);
    assert.equal(await fixture.tip(sessionId), mine);
    // And what follows is taken again.
    const next = await here.user(far.path, 'commit-tree', '-m', 'next', '-p', mine, `${mine}^{tree}`);
    await here.user(far.path, 'update-ref', snapshotRefName(sessionId), next);
    assert.equal((await fixture.fetch(sessionId)).commit, next);
    await fixture.assertSound();
  });

  it('that is not there, or is no commit, is told', async () => {
    const { here, far } = fixture;
    await assert.rejects(fixture.fetch(newId()), { code: 'HOST_WORK_MISSING' });
    const sessionId = newId();
    await here.user(far.path, 'update-ref', snapshotRefName(sessionId), `${await fixture.head()}^{tree}`);
    await assert.rejects(fixture.fetch(sessionId), { code: 'HOST_WORK_REFUSED', message: /is no commit/ });
    assert.equal(await fixture.tip(sessionId), undefined);
  });

  it('with a bad .gitmodules comes home, and with a harmful tree it does not', async () => {
    await withFixture(async (odd) => {
      const { here, far } = odd;
      const session = await odd.session();
      const modules = '[submodule "../../x"]\n\tpath = -x\n\turl = -u./evil\n\tupdate = !touch evil\n';
      const good = await odd.work(session, { '.gitmodules': modules });
      await odd.fetch(session.sessionId);
      assert.equal(await odd.tip(session.sessionId), good);
      const evil = await here.git.text(far.path, ['mktree', '-z'], {
        input: `100644 blob ${await here.user(far.path, 'hash-object', '-w', '/dev/null')}\t.GIT\0`,
      });
      const commit = await here.user(far.path, 'commit-tree', '-m', 'evil', '-p', good, evil);
      await here.user(far.path, 'update-ref', snapshotRefName(session.sessionId), commit);
      await assert.rejects(odd.fetch(session.sessionId), {
        code: 'HOST_WORK_REFUSED',
        message: /stays there: .*hasDotgit/,
      });
      assert.equal(await odd.tip(session.sessionId), good);
      await assert.rejects(here.user(odd.repository.mainWorktree, 'cat-file', '-e', commit));
    });
  });

  it('is counted on its way, and refused where it is too large', async () => {
    const { here, repository, far } = fixture;
    const session = await fixture.session();
    const { sessionId } = session;
    const base = await fixture.head();
    const zeros = join(session.worktree.path, 'zeros.bin');
    await writeFile(zeros, Buffer.alloc(300 << 20));
    const commit = await fixture.work(session, {});
    const objects = async (): Promise<string[]> =>
      (await readdir(join(repository.commonDirectory, 'objects'), { recursive: true })).sort();
    const before = await objects();
    await assert.rejects(fixture.fetch(sessionId, { maxBytes: 100_000 }), {
      code: 'HOST_WORK_TOO_LARGE',
      message: /larger than is taken at once\. It stays there/,
    });
    assert.equal(await fixture.tip(sessionId), base);
    assert.deepEqual(await objects(), before);
    const { bytes } = await fixture.fetch(sessionId);
    assert.ok(bytes > 200_000 && bytes < 3_000_000, String(bytes));
    assert.equal(await here.user(repository.mainWorktree, 'cat-file', '-s', `${commit}:zeros.bin`), String(300 << 20));
    assert.equal(await here.user(far.path, 'rev-parse', snapshotRefName(sessionId)), commit);
  });

  it('comes after a cut in the middle, and two windows may fetch at once', async () => {
    const session = await fixture.session();
    const { sessionId } = session;
    await writeFile(join(session.worktree.path, 'large.bin'), randomBytes(8 << 20));
    const commit = await fixture.work(session, {});
    await fixture.reconnectBy(`"$@" | ${carrier(4_000_000)}`);
    await assert.rejects(fixture.fetch(sessionId), { code: 'HOST_UNREACHABLE' });
    const objects = join(fixture.repository.commonDirectory, 'objects');
    assert.deepEqual(
      (await readdir(objects, { recursive: true })).filter((name) => name.includes('tmp')),
      [],
    );
    assert.equal(await fixture.tip(sessionId), await fixture.head());
    await fixture.host.reached('unreachable');
    await fixture.reconnectBy('exec "$@"');
    const results = await Promise.all([1, 2, 3].map(async () => await fixture.fetch(sessionId)));
    assert.deepEqual(
      results.map((each) => each.commit),
      [commit, commit, commit],
    );
    assert.equal(await fixture.tip(sessionId), commit);
    await fixture.assertSound();
  });

  it('is not fetched once that is cancelled', async () => {
    const session = await fixture.session();
    await fixture.work(session, { 'a.txt': 'cancelled\n' });
    await assert.rejects(fixture.fetch(session.sessionId, { signal: AbortSignal.abort() }), { code: 'CANCELLED' });
    assert.equal(await fixture.tip(session.sessionId), await fixture.head());
  });

  it('comes the same whatever the user, the repository and the agent there have set', async () => {
    await withFixture(async (odd) => {
      const { here, repository, host, far } = odd;
      const { mainWorktree } = repository;
      const session = await odd.session();
      const other = await odd.session();
      const program = host.path('program');
      const mark = host.path('ran');
      await writeFile(program, `#!/bin/sh\necho "$0 $@" >> '${mark}'\nexit 1\n`, { mode: 0o755 });
      const hooks = host.path('hooks');
      await mkdir(hooks);
      for (const hook of ['reference-transaction', 'post-merge', 'post-checkout', 'pre-auto-gc'])
        await writeFile(join(hooks, hook), `#!/bin/sh\nexec '${program}' ${hook}\n`, { mode: 0o755 });
      await here.user(mainWorktree, 'update-ref', 'refs/remotes/gone/main', 'HEAD');
      for (const [key, value] of [
        ['fetch.prune', 'true'],
        ['fetch.pruneTags', 'true'],
        ['fetch.writeCommitGraph', 'true'],
        ['fetch.recurseSubmodules', 'true'],
        ['remote.origin.url', far.path],
        ['remote.origin.fetch', '+refs/*:refs/*'],
        ['remote.origin.prune', 'true'],
        ['url.https://example.invalid/.insteadOf', 'ext::'],
        ['protocol.allow', 'never'],
        ['core.sshCommand', program],
        ['core.hooksPath', hooks],
        ['core.alternateRefsCommand', program],
        ['transfer.hideRefs', 'refs/corral'],
        ['transfer.unpackLimit', '1'],
      ] as const)
        await here.user(mainWorktree, 'config', key, value);
      for (const [key, value] of [
        ['core.hooksPath', hooks],
        ['transfer.hideRefs', 'refs'],
        ['uploadpack.hideRefs', 'refs'],
      ] as const)
        await here.user(far.path, 'config', key, value);
      const commit = await odd.work(session, { 'a.txt': 'a\n' });
      await odd.work(other, { 'b.txt': 'b\n' });
      const refs = await here.user(mainWorktree, 'for-each-ref', '--format=%(refname)');
      assert.equal((await odd.fetch(session.sessionId)).commit, commit);
      assert.deepEqual(
        (await here.user(mainWorktree, 'for-each-ref', '--format=%(refname)')).split('\n').sort(),
        [...refs.split('\n'), hostRefName('gpu..box.lock', session.sessionId)].sort(),
      );
      assert.equal(await odd.tip(other.sessionId), await odd.head());
      await assert.rejects(readFile(mark), { code: 'ENOENT' });
    });
  });

  it('of a shallow base comes home, also once the clone has its history', async () => {
    const source = await fixture.here.repository('../source');
    await fixture.here.user(source.mainWorktree, 'commit', '--quiet', '--allow-empty', '--message=two');
    await withFixture(
      async (shallow) => {
        const { here, repository } = shallow;
        const session = await shallow.session();
        const first = await shallow.work(session, { 'a.txt': 'a\n' });
        assert.equal((await shallow.fetch(session.sessionId)).commit, first);
        await here.user(repository.mainWorktree, 'fetch', '--quiet', '--unshallow', 'source');
        const second = await shallow.work(session, { 'a.txt': 'aa\n' });
        assert.equal((await shallow.fetch(session.sessionId)).commit, second);
        await shallow.assertSound();
      },
      async (here, folder) => {
        await here.user(folder, 'remote', 'add', 'source', source.mainWorktree);
        await here.user(folder, 'fetch', '--quiet', '--depth=1', 'source', 'main');
        await here.user(folder, 'reset', '--quiet', '--hard', 'source/main');
      },
    );
  });

  it('on top of history that the host has only in part is refused', async () => {
    await withFixture(async (odd) => {
      const { here, repository, far } = odd;
      const source = await here.repository('../upstream');
      await here.user(source.mainWorktree, 'commit', '--quiet', '--allow-empty', '--message=two');
      const session = await odd.session();
      const { path } = session.worktree;
      const good = await odd.work(session, { 'a.txt': 'a\n' });
      await odd.fetch(session.sessionId);
      await here.user(path, 'fetch', '--quiet', '--depth=1', `file://${encodeURI(source.mainWorktree)}`, 'main');
      await here.user(path, 'checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD');
      const commit = await odd.work(session, { 'b.txt': 'b\n' });
      await assert.rejects(odd.fetch(session.sessionId), { code: 'HOST_WORK_REFUSED', message: /only in part/ });
      assert.equal(await odd.tip(session.sessionId), good);
      assert.equal(await here.user(far.path, 'rev-parse', snapshotRefName(session.sessionId)), commit);
      await assert.rejects(readFile(join(repository.commonDirectory, 'shallow')), { code: 'ENOENT' });
      await odd.assertSound();
    });
  });

  it('is stored in a repository that borrows objects', async () => {
    const { here, far } = fixture;
    const session = await fixture.session();
    const commit = await fixture.work(session, { 'a.txt': 'borrowed\n' });
    // The objects of the repository there are also seen from here, as if another folder had brought them.
    const folder = join(dirname(here.root), 'borrowing');
    await here.user(here.root, 'clone', '--quiet', fixture.repository.mainWorktree, folder);
    const lent = join(dirname(here.root), 'lent');
    await here.user(here.root, 'clone', '--quiet', '--bare', far.path, lent);
    await here.user(lent, 'fetch', '--quiet', far.path, `${snapshotRefName(session.sessionId)}:refs/heads/lent`);
    await writeFile(join(folder, '.git/objects/info/alternates'), `${join(lent, 'objects')}\n`);
    const repository = await findRepository(here.git, folder);
    assert.equal((await fetchWork(far, repository, { sessionId: session.sessionId, isDurable: true })).commit, commit);
    await writeFile(join(folder, '.git/objects/info/alternates'), '');
    assert.equal(await here.user(folder, 'show', `${commit}:a.txt`), 'borrowed');
    assert.equal(await here.user(folder, 'fsck', '--full', '--no-dangling'), '');
    assert.deepEqual(await readdir(join(folder, '.git/refs/corral')), [session.sessionId]);
  });
});
