import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { Git } from '../../../../src/supervisor/git/git';
import { findRepository } from '../../../../src/supervisor/git/repository';
import { StorePaths } from '../../../../src/storage/paths';
import { HangingDisk } from '../../../support/hangingDisk';
import { TestRepository } from '../../../support/repository';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a disk that hangs', () => {
  let fixture: SupervisorFixture;
  let hanging: TestRepository;
  let disk: HangingDisk | undefined;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    hanging = await TestRepository.create();
  });
  afterEach(async () => {
    await disk?.uncover();
    disk = undefined;
    await fixture.end();
    await hanging.remove();
  });

  it('holds up no other session, and its own can be ended (C4)', async function () {
    const before = fixture.window({ changes: { maxConcurrentRuns: 1 } });
    const create = async (repository: TestRepository, prompt: string): Promise<string> =>
      (await before.createSession({ repository: repository.path, prompt, agent: 'demo' })).id;
    const done = await create(hanging, 'talk about needles');
    await until(before, done, ({ status }) => status === 'Completed', 'the end');
    const good = (await fixture.completedSession(before, 'talk about needles')).id;
    const running = await create(hanging, 'slow 2000 50ms');
    await until(before, running, ({ state }) => state === 'running', 'the start');
    const waiting = await create(fixture.repository, 'talk about more');

    disk = await HangingDisk.cover(hanging.path);
    if (disk === undefined) skip(this, 'no file system can be mounted here');
    await rm(new StorePaths(fixture.storageDirectory).catalog, { force: true });
    const after = fixture.window({ changes: { maxConcurrentRuns: 1 } });
    await after.whenRecovered();
    for (const window of [before, after]) {
      const worktrees = await (await window.inventory()).list();
      assert.ok(worktrees.some(({ sessionId }) => sessionId === good));
      await assert.rejects(window.deleteSession(done), { code: 'DISK_UNREACHABLE' });
      await assert.rejects((async () => await (await window.worktree(done)).takeSnapshot())(), {
        code: 'DISK_UNREACHABLE',
      });
      assert.equal((await window.getSession(done)).repositoryMissing, undefined);
      const found: string[] = [];
      for await (const { sessionId } of window.searchHistory('needles')) found.push(sessionId);
      assert.ok(found.includes(done) && found.includes(good));
    }
    await after.stop(running).catch(async () => await after.kill(running));
    await until(after, running, ({ status }) => status === 'Failed', 'the end of the run');
    await until(after, waiting, ({ status }) => status === 'Completed', 'the next run of the queue');

    await disk.uncover();
    disk = undefined;
    await until(after, done, ({ status }) => status === 'Completed', 'the session');
    await after.deleteSession(done);
  });

  it('is no reason for git to wait for ever: a pipe in the place of its settings (C4)', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no such pipes in folders');
    const folder = await mkdtemp(join(tmpdir(), 'corral-test-'));
    await execa('git', ['init', '--quiet', folder]);
    await rm(join(folder, '.git/config'));
    await execa('mkfifo', [join(folder, '.git/config')]);
    const git = new Git(runWithNode, { shortLimitMs: 1_000 });
    const asked = await Promise.allSettled([1, 2, 3, 4].map(async () => await findRepository(git, folder)));
    assert.ok(asked.every(({ status }) => status === 'rejected'));
    assert.ok((await findRepository(git, fixture.repository.path)).mainWorktree !== '');
    await rm(folder, { recursive: true });
  });
});
