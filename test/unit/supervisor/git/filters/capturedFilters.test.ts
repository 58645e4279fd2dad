import assert from 'node:assert/strict';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { makeBranch } from '../../../../../src/supervisor/git/review/makeBranch';
import { applyChanges } from '../../../../../src/supervisor/git/review/applyChanges';
import { readWork } from '../../../../../src/supervisor/git/review/changes';
import { findCheckout } from '../../../../../src/supervisor/git/review/checkout';
import { withCheckoutFilters } from '../../../../../src/supervisor/git/review/checkoutFilters';
import { cleanTree } from '../../../../../src/supervisor/git/filters/cleanWork';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { copySnapshot } from '../../../../../src/supervisor/git/worktrees/uncommittedChanges';
import { readSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { restoreSnapshot } from '../../../../../src/supervisor/git/worktrees/restoreSnapshot';
import { newId } from '../../../../../src/storage/ids';
import { resolveCommit } from '../../../../../src/supervisor/git/repository';
import { createWorktree, planWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeCreation';
import { listProcesses } from '../../../../support/processes';
import { waitFor } from '../../../../support/wait';
import { GitFixture, isThere, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('a filter of git', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());
  beforeEach(() => {
    fixture.allowsFilters = false;
  });

  /** A session of a repository with the filter `crypt`, whose programs leave a trace. */
  async function cryptSession(
    options: { isRequired?: boolean } = {},
  ): Promise<Session & { ran: () => Promise<string> }> {
    const repository = await fixture.repository(`crypt ${++count}`, { 'a.txt': 'a\n' });
    const { mainWorktree: folder, commonDirectory } = repository;
    const trace = join(fixture.root, `trace ${count}`);
    const script = async (name: string): Promise<string> => {
      const path = join(fixture.root, `${name}-${count}.sh`);
      await writeFile(path, `#!/bin/sh\necho ${name} "$1" >> '${trace}'\nexec tr a-z n-za-m\n`);
      await chmod(path, 0o755);
      return `'${path}' %f`;
    };
    await fixture.user(folder, 'config', 'filter.crypt.clean', await script('clean'));
    await fixture.user(folder, 'config', 'filter.crypt.smudge', await script('smudge'));
    if (options.isRequired === true) await fixture.user(folder, 'config', 'filter.crypt.required', 'true');
    await write(folder, {
      '.gitattributes': 'secret/** filter=crypt\n',
      'secret/key.txt': 'hello\n',
      'secret/b.txt': 'b\n',
    });
    await fixture.user(folder, 'add', '--all');
    await fixture.user(folder, 'commit', '--quiet', '--message=secret');
    assert.equal(await fixture.user(folder, 'show', 'HEAD:secret/key.txt'), 'uryyb');
    await rm(trace, { force: true });
    await write(join(commonDirectory, 'info'), {});
    return {
      ...(await fixture.session(repository)),
      ran: async () => await readFile(trace, 'utf8').catch(() => ''),
    };
  }

  /** Fails where any object of the repository has the text. */
  async function assertNoObjectHas(session: Session, text: string): Promise<void> {
    const folder = session.repository.mainWorktree;
    const listed = await fixture.user(
      folder,
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objectname) %(objecttype)',
    );
    for (const line of listed.split('\n')) {
      const [id = '', type] = line.split(' ');
      if (type === 'blob')
        assert.ok(!(await fixture.user(folder, 'cat-file', 'blob', id)).includes(text), `the object ${id} has it`);
    }
  }

  const read = async ({ path }: Session, name: string): Promise<string> => await readFile(join(path, name), 'utf8');
  const keptFiles = async ({ sessionId }: Session): Promise<string[]> =>
    (await readdir(join(fixture.root, 'store', 'sessions', sessionId, 'filtered'))).filter(
      (name) => name !== 'made.json',
    );

  it('does not run in looking and capturing, and what it would change is kept outside of git (A9)', async () => {
    fixture.allowsFilters = true;
    const session = await cryptSession();
    const { path, repository, sessionId } = session;
    assert.equal(await read(session, 'secret/key.txt'), 'hello\n', 'it made the worktree');
    const before = await session.ran();
    assert.equal((await takeSnapshot(session, 'Nothing')).changed, false);
    await write(path, { 'secret/key.txt': 'plainword\n', 'secret/new.txt': 'newplain\n', 'a.txt': 'changed\n' });
    const { commit, changed } = await takeSnapshot(session, 'Changed');
    assert.equal(changed, true);
    assert.equal((await takeSnapshot(session, 'The same')).changed, false);
    assert.equal(await session.ran(), before, 'no filter ran');
    await assertNoObjectHas(session, 'plainword');
    await assertNoObjectHas(session, 'newplain');
    assert.equal(await fixture.user(repository.mainWorktree, 'show', `${commit}:secret/key.txt`), 'uryyb');
    assert.equal(await fixture.user(repository.mainWorktree, 'show', `${commit}:a.txt`), 'changed');
    assert.equal((await keptFiles(session)).length, 2);
    for (const name of await keptFiles(session))
      if (process.platform !== 'win32')
        assert.equal(
          (await stat(join(fixture.root, 'store', 'sessions', sessionId, 'filtered', name))).mode & 0o777,
          0o600,
        );
  });

  it('leaves the files as they were through delete, purge and undo, and through going back (A9)', async () => {
    fixture.allowsFilters = true;
    const session = await cryptSession();
    const { path, baseCommit } = session;
    await write(path, { 'secret/key.txt': 'plainword\n', 'secret/new.txt': 'newplain\n' });
    await takeSnapshot(session, 'Changed');
    const state = async (): Promise<string[]> =>
      await Promise.all(
        ['secret/key.txt', 'secret/b.txt', 'secret/new.txt'].map(async (name) =>
          (await isThere(join(path, name))) ? await read(session, name) : 'none',
        ),
      );
    const changed = ['plainword\n', 'b\n', 'newplain\n'];
    const { before } = await restoreSnapshot(session, baseCommit);
    assert.deepEqual(await state(), ['hello\n', 'b\n', 'none']);
    assert.equal((await takeSnapshot(session, 'As made')).changed, false, 'nothing differs from the base');
    await restoreSnapshot(session, before);
    assert.deepEqual(await state(), changed);

    const { notCaptured } = await moveToTrash(session);
    assert.deepEqual(notCaptured, []);
    assert.deepEqual(await purgeTrash(session), []);
    assert.equal(await isThere(path), false);
    await recreateWorktree(session);
    assert.deepEqual(await state(), changed);
    await assertNoObjectHas(session, 'plainword');
    await assertNoObjectHas(session, 'newplain');
  });

  it('cleans what goes to the checkout and to a branch, or that is refused by path and filter (A9)', async () => {
    fixture.allowsFilters = true;
    const session = await cryptSession();
    const { repository, path, baseCommit } = session;
    const folder = repository.mainWorktree;
    await fixture.user(folder, 'config', 'user.name', 'Robin');
    await fixture.user(folder, 'config', 'user.email', 'robin@example.com');
    await write(path, { 'secret/key.txt': 'plainword\n', 'secret/new.txt': 'newplain\n' });
    const apply = async (): Promise<void> => {
      const work = await readWork(session);
      const tree = await cleanTree(repository, work.tree, work.filtered, session.filters);
      const checkout = await findCheckout(repository, folder);
      const changes = { baseCommit, work: { ...work, tree }, title: 'Secrets' };
      await withCheckoutFilters(session, checkout, [baseCommit, tree], async (filters) => {
        await applyChanges(checkout, changes, 'staged', filters);
      });
      await makeBranch(repository, changes, 'secrets');
    };
    fixture.allowsFilters = false;
    await assert.rejects(apply(), { code: 'CONFLICT', message: /“crypt”.*secret\/(key|new)\.txt.*allowed/ });
    assert.equal(await fixture.user(folder, 'status', '--porcelain'), '');
    fixture.allowsFilters = true;
    await apply();
    assert.equal(await fixture.user(folder, 'show', ':secret/key.txt'), 'cynvajbeq');
    assert.equal(await fixture.user(folder, 'show', 'secrets:secret/new.txt'), 'arjcynva');
    assert.equal(await readFile(join(folder, 'secret/new.txt'), 'utf8'), 'newplain\n');
    await assertNoObjectHas(session, 'plainword');
    await assertNoObjectHas(session, 'newplain');

    await fixture.user(folder, 'config', 'filter.crypt.clean', 'exit 3; cat');
    await assert.rejects(apply(), { code: 'CONFLICT', message: /“crypt”/ });
    await fixture.user(folder, 'config', '--remove-section', 'filter.crypt');
    await assert.rejects(apply(), { code: 'CONFLICT', message: /“crypt”.*secret\// });
    await assertNoObjectHas(session, 'plainword');
  });

  it('goes on from the files of another session as they are (A9)', async () => {
    fixture.allowsFilters = true;
    const session = await cryptSession();
    const { repository, path, baseCommit } = session;
    await write(path, { 'secret/key.txt': 'plainword\n' });
    const { commit } = await takeSnapshot(session, 'Changed');
    const fork = await fixture.session(repository);
    await copySnapshot(fork, baseCommit, await readSnapshot(repository, commit));
    assert.equal(await read(fork, 'secret/key.txt'), 'plainword\n');
    assert.equal(await read(fork, 'secret/b.txt'), 'b\n');
  });

  it('that nobody allowed leaves the files as git has them, and nothing of them is stored plain (A9)', async () => {
    const session = await cryptSession({ isRequired: true });
    assert.equal(await read(session, 'secret/key.txt'), 'uryyb\n');
    await write(session.path, { 'secret/new.txt': 'newplain\n' });
    await takeSnapshot(session, 'Changed');
    assert.equal(await session.ran(), '');
    await assertNoObjectHas(session, 'newplain');
  });

  it('that is required and missing fails the worktree with its name, a path and the reason (A9)', async () => {
    fixture.allowsFilters = true;
    const repository = await fixture.repository(`missing ${++count}`, {
      'a.txt': 'a\n',
      '.gitattributes': '*.bin filter=gone\n',
      'x.bin': 'x',
    });
    const folder = repository.mainWorktree;
    await fixture.user(folder, 'config', 'filter.gone.smudge', 'no-such-program-of-corral smudge');
    await fixture.user(folder, 'config', 'filter.gone.required', 'true');
    await assert.rejects(fixture.session(repository), {
      code: 'WORKTREE_FAILED',
      message: /“gone”.*x\.bin.*no-such-program-of-corral: (command )?not found/,
    });
    await fixture.user(folder, 'config', 'filter.gone.smudge', 'git-lfs smudge -- %f');
    const path = process.env['PATH'];
    try {
      process.env['PATH'] =
        (path ?? '')
          .split(':')
          .filter((each) => each === '/nowhere')
          .join(':') || '/nowhere';
      await assert.rejects(fixture.session(repository), { message: /git/i });
    } finally {
      process.env['PATH'] = path;
    }
    assert.deepEqual(await fixture.user(folder, 'worktree', 'list').then((text) => text.split('\n').length), 1);
  });

  it('is ended with all that it started where the making of a worktree is cancelled while it hangs (A9)', async () => {
    fixture.allowsFilters = true;
    const repository = await fixture.repository(`hanging ${++count}`, {
      '.gitattributes': '*.bin filter=hangs\n',
      'x.bin': 'x',
    });
    const trace = join(fixture.root, `hanging-${count}`);
    const script = `${trace}.sh`;
    await writeFile(script, `#!/bin/sh\nsleep 600 &\necho $! > '${trace}'\nwait\n`, { mode: 0o755 });
    await fixture.user(repository.mainWorktree, 'config', 'filter.hangs.smudge', `'${script}'`);
    const filters = { folderOf: () => join(fixture.root, 'kept'), mayRun: () => Promise.resolve(true) };
    const cancelling = new AbortController();
    const planned = planWorktree(repository, { storeId: 'store', sessionId: newId() }, 'inside');
    const making = createWorktree(
      { ...planned, filters, signal: cancelling.signal },
      await resolveCommit(repository, 'HEAD'),
    );
    const failing = assert.rejects(making);
    const pid = await waitFor(async () => Number(await readFile(trace, 'utf8').catch(() => '')) || undefined, {
      what: 'the start of the filter',
    });
    cancelling.abort();
    await failing;
    await waitFor(async () => (await listProcesses()).every((process) => process.pid !== pid), {
      what: 'the end of what the filter started',
    });
    assert.equal(await isThere(planned.path), false);
  });

  it('runs no module of the worktree at a snapshot, whatever program it is (A9)', async () => {
    fixture.allowsFilters = true;
    const session = await fixture.freshSession({ '.gitattributes': '*.txt filter=module\n', 'a.txt': 'a\n' });
    const trace = join(fixture.root, 'module ran');
    await write(session.path, {
      'x.py': `open(${JSON.stringify(trace)}, 'w').close()\n`,
      'a.txt': 'changed\n',
    });
    await fixture.user(session.repository.mainWorktree, 'config', 'filter.module.clean', 'python3 -m x');
    await takeSnapshot(session, 'Changed');
    await moveToTrash(session);
    await purgeTrash(session);
    await recreateWorktree(session);
    assert.equal(await read(session, 'a.txt'), 'changed\n');
    assert.equal(await isThere(trace), false);
  });

  it('leaves the worktree of an older version as it is, which was made without it (A9)', async () => {
    const session = await cryptSession();
    await rm(join(fixture.root, 'store', 'sessions', session.sessionId, 'filtered'), { recursive: true });
    assert.equal((await takeSnapshot(session, 'Nothing')).changed, false);
    await write(session.path, { 'secret/key.txt': 'changed\n' });
    await moveToTrash(session);
    await purgeTrash(session);
    await recreateWorktree(session);
    assert.deepEqual(
      [await read(session, 'secret/key.txt'), await read(session, 'secret/b.txt')],
      ['changed\n', 'o\n'],
    );
    assert.equal(await session.ran(), '');
  });
});
