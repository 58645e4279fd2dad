import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { Git } from '../../../../src/supervisor/git/git';
import type { Repository } from '../../../../src/supervisor/git/repository';
import { isThere, GitFixture } from './gitFixture';
import { CountedProcesses } from '../../../support/countedProcesses';
import { skip } from '../../../support/skip';

describe('git', () => {
  let fixture: GitFixture;
  let repository: Repository;
  before(async () => {
    fixture = await GitFixture.create();
    repository = await fixture.repository();
  });
  after(async () => fixture.remove());

  it('runs at most three processes at once, and all of them', async () => {
    const processes = new CountedProcesses();
    const git = new Git(processes.run);
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, processes.running)), 0);
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => git.text(repository.mainWorktree, ['rev-parse', 'HEAD'])),
    );
    clearInterval(watch);
    assert.equal(new Set(answers).size, 1);
    assert.ok(most > 0 && most <= 3, String(most));
    assert.equal(processes.started, 13, 'one more for the version');
    assert.equal(processes.running, 0);
  });

  it('says that git is missing or too old', async () => {
    await assert.rejects(
      new Git(runWithNode, { program: join(fixture.root, 'no git') }).text(fixture.root, ['status']),
      {
        code: 'GIT_NOT_FOUND',
      },
    );
    if (process.platform === 'win32') return;
    const old = join(fixture.root, 'old git');
    await writeFile(old, '#!/bin/sh\necho git version 2.35.9\n');
    await chmod(old, 0o755);
    await assert.rejects(new Git(runWithNode, { program: old }).text(fixture.root, ['status']), {
      code: 'GIT_TOO_OLD',
    });
  });

  it('says that the folder is missing, not git', async () => {
    await assert.rejects(fixture.git.text(join(fixture.root, 'nowhere'), ['status']), { code: 'NO_FOLDER' });
  });

  it('waits for a lock, and says so when it stays', async () => {
    const lock = join(repository.commonDirectory, 'index.lock');
    await writeFile(lock, '');
    await assert.rejects(fixture.git.run(repository.mainWorktree, ['update-index', '--force-remove', 'none']), {
      code: 'GIT_LOCKED',
    });
    const processes = new CountedProcesses();
    const git = new Git(processes.run, { lockPatienceMs: 60_000 });
    const waiting = git.run(repository.mainWorktree, ['update-index', '--force-remove', 'none']);
    while (processes.started < 3) await new Promise((resolve) => setImmediate(resolve)); // it met the lock
    await rm(lock);
    await waiting;
  });

  it('waits for a worktree that another process is adding', async () => {
    const halfMade = join(repository.commonDirectory, 'worktrees/half-made');
    await mkdir(halfMade, { recursive: true });
    await writeFile(join(halfMade, 'gitdir'), `${join(fixture.root, 'half-made/.git')}\n`);
    await writeFile(join(halfMade, 'commondir'), '');
    const add = ['worktree', 'add', '--detach', join(fixture.root, 'added'), 'HEAD'];
    await assert.rejects(fixture.git.run(repository.mainWorktree, add), { code: 'GIT_LOCKED' });
    const processes = new CountedProcesses();
    const git = new Git(processes.run, { lockPatienceMs: 60_000 });
    const waiting = git.run(repository.mainWorktree, add);
    while (processes.started < 3) await new Promise((resolve) => setImmediate(resolve)); // it met the half-made one
    await rm(halfMade, { recursive: true });
    await waiting;
    await git.run(repository.mainWorktree, ['worktree', 'remove', join(fixture.root, 'added')]);
  });

  it('hears out a git that reads nothing of a large input, and hands on bytes that are no text', async () => {
    const input = Buffer.alloc(8 * 1024 * 1024, 0xff);
    assert.match(await fixture.git.text(repository.mainWorktree, ['rev-parse', 'HEAD'], { input }), /^[0-9a-f]{40}$/);
    const objectId = await fixture.git.text(repository.mainWorktree, ['hash-object', '-w', '--stdin'], { input });
    assert.ok((await fixture.git.run(repository.mainWorktree, ['cat-file', 'blob', objectId])).stdout.equals(input));
  });

  it('does not inherit GIT_*', async () => {
    process.env['GIT_DIR'] = join(fixture.root, 'elsewhere');
    try {
      assert.equal(
        await fixture.git.text(repository.mainWorktree, ['rev-parse', '--absolute-git-dir']),
        repository.commonDirectory,
      );
    } finally {
      delete process.env['GIT_DIR'];
    }
  });

  it('is cancelled before, while waiting and while running', async () => {
    await assert.rejects(fixture.git.run(fixture.root, ['--version'], { signal: AbortSignal.abort() }), {
      code: 'CANCELLED',
    });
    const processes = new CountedProcesses();
    const git = new Git(processes.run);
    const controller = new AbortController();
    const runs = Array.from({ length: 6 }, async () =>
      git.run(repository.mainWorktree, ['rev-parse', 'HEAD'], { signal: controller.signal }),
    );
    const settled = Promise.allSettled(runs);
    while (processes.running === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    assert.ok((await settled).some((result) => result.status === 'rejected'));
    assert.equal(processes.running, 0);
    assert.match(await git.text(repository.mainWorktree, ['rev-parse', 'HEAD']), /^[0-9a-f]{40}$/);
  });

  it("lets nothing of the repository's config run: hooks, file system monitor, filters", async function () {
    if (process.platform === 'win32') skip(this, 'the trap is a script, which is no program on Windows');
    const trapped = await fixture.repository('trapped', {
      'a.txt': 'a\n',
      '.gitattributes': '*.txt filter=a=b\n*.md filter=process\n',
    });
    const marker = join(fixture.root, 'executed');
    const trap = join(fixture.root, 'trap');
    await writeFile(trap, `#!/bin/sh\necho "$0 $*" >> '${marker}'\ncat\n`);
    await chmod(trap, 0o755);
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit']) {
      await writeFile(join(trapped.commonDirectory, 'hooks', hook), await readFile(trap), { mode: 0o755 });
    }
    for (const [key, value] of [
      ['core.fsmonitor', trap],
      ['filter.a=b.clean', `'${trap}'`],
      ['filter.a=b.smudge', `'${trap}'`],
      ['filter.a=b.required', 'true'],
      ['filter.process.process', `'${trap}'`],
    ] as const) {
      await fixture.user(trapped.mainWorktree, 'config', key, value);
    }
    const session = await fixture.session(trapped);
    await writeFile(join(session.path, 'a.txt'), 'changed\n');
    await writeFile(join(session.path, 'b.md'), 'new\n');
    const { takeSnapshot } = await import('../../../../src/supervisor/git/snapshots/snapshots');
    const { moveToTrash, restoreFromTrash } = await import('../../../../src/supervisor/git/worktrees/trash');
    const { recreateWorktree: restoreFromSnapshot } =
      await import('../../../../src/supervisor/git/worktrees/recreateWorktree');
    assert.equal((await takeSnapshot(session, 'turn')).changed, true);
    await moveToTrash(session);
    await restoreFromTrash(session);
    await rm(session.path, { recursive: true });
    await restoreFromSnapshot(session);
    assert.equal(await readFile(join(session.path, 'a.txt'), 'utf8'), 'changed\n');
    assert.equal(await readFile(marker, 'utf8').catch(() => ''), '', 'what was executed');
    await fixture.user(session.path, 'status').catch(() => undefined);
    assert.equal(await isThere(marker), true, 'the trap itself works');
  });

  it('fetches nothing for an object that it does not find', async function () {
    if (process.platform === 'win32') skip(this, 'the trap is a script, which is no program on Windows');
    const lured = await fixture.repository('lured');
    const marker = join(fixture.root, 'fetched');
    const trap = join(fixture.root, 'fetching trap');
    await writeFile(trap, `#!/bin/sh\ntouch '${marker}'\nexit 1\n`, { mode: 0o755 });
    for (const [key, value] of [
      ['core.repositoryFormatVersion', '1'],
      ['extensions.partialClone', 'lure'],
      ['remote.lure.url', 'ssh://nowhere.invalid/x'],
      ['remote.lure.promisor', 'true'],
      ['core.sshCommand', `'${trap}'`],
    ] as const)
      await fixture.user(lured.mainWorktree, 'config', key, value);
    const unknown = '1'.repeat(40);
    assert.match(
      await fixture.git.text(lured.mainWorktree, ['cat-file', '--batch-check'], { input: `${unknown}\n` }),
      /missing$/,
    );
    assert.equal(await isThere(marker), false);
    await fixture.user(lured.mainWorktree, 'cat-file', '-t', unknown).catch(() => undefined);
    assert.equal(await isThere(marker), true, 'the trap itself works');
  });
});
