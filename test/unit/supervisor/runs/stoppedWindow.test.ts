import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { identityOf } from '../../../../src/supervisor/system/identity';
import { goneDetail } from '../../../../src/views/text/goneQuestion';
import { isThere } from '../../../../src/common/disks/pathState';
import { bundleFixtures } from '../../../support/project';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture, until } from '../supervisorFixture';

const isLinux = process.platform === 'linux';

describeIf(process.platform !== 'win32', 'Windows stops no process', 'a window that stands still', () => {
  let fixture: SupervisorFixture;
  let bundles = '';
  const children: ChildProcess[] = [];
  before(async () => {
    bundles = await bundleFixtures('runner/lockHolder.ts');
  });
  after(async () => {
    await rm(bundles, { recursive: true });
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await fixture.end();
  });

  async function lockFileOf(name: string): Promise<string> {
    const numbers = (await readdir(dirname(name)))
      .filter((file) => new RegExp(`^${basename(name)}\\.lock\\.\\d+$`).test(file))
      .map((file) => Number(file.split('.').at(-1)));
    return `${name}.lock.${String(Math.max(...numbers))}`;
  }

  /** A process that holds this lock and has stood still for an hour, as its file tells it. */
  async function standStill(name: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [join(bundles, 'lockHolder.js'), 'hold', name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const state = async (): Promise<string> =>
      isLinux ? await readFile(`/proc/${String(child.pid)}/stat`, 'latin1') : await stateOf(child);
    await waitFor(async () => /\) T |^T/.test(await state()), { what: 'a process that stands still' });
    await makeOld(await lockFileOf(name));
    return child;
  }

  async function makeOld(file: string): Promise<void> {
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(file, anHourAgo, anHourAgo);
  }

  async function stateOf({ pid }: ChildProcess): Promise<string> {
    return (await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)])).stdout;
  }

  async function assertOffered(window: Supervisor, id: string, name: string, { pid }: ChildProcess): Promise<void> {
    const question = await window.goneQuestion(id);
    const [lock, ...others] = question?.locks ?? [];
    assert.ok(question !== undefined && lock?.process !== undefined && others.length === 0);
    assert.deepEqual(
      [lock.name, lock.process.pid, lock.process.isHere, lock.process.isStopped],
      [name, pid, true, true],
    );
    const sentence = `Process ${String(pid)} on this machine has held the lock “${name}” since`;
    const detail = goneDetail(question);
    assert.ok(detail.startsWith(sentence), detail);
    assert.match(detail, /It stands still/);
  }

  it('is offered as gone by all sessions where it holds the queue, which goes on after a person’s word (C1)', async () => {
    const window = fixture.window({ silenceLimitMs: 1_000 });
    await fixture.completedSession(window, 'talk');
    const holder = await standStill(new StorePaths(fixture.storageDirectory).queueLockName);
    const make = async (): Promise<string> =>
      (await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' })).id;
    const ids = [await make(), await make()];
    for (const id of ids) {
      const { heldBy } = await until(window, id, ({ maybeGone }) => maybeGone === true, 'the offer');
      assert.equal(heldBy, 'a window that does not answer holds the queue');
      await assertOffered(window, id, 'queue', holder);
    }
    const [id = ''] = ids;
    await assert.rejects(window.startNow(id), (error: Error) => {
      assert.match(error.message, new RegExp(`process ${String(holder.pid)} .*stands still.*“Mark as Gone…”`));
      return true;
    });
    await window.markAsGone(id);
    for (const each of ids) await until(window, each, ({ status }) => status === 'Completed', 'the end');
  });

  it('is offered as gone where it holds the lock of a session or of its worktree (C1)', async () => {
    const window = fixture.window({ silenceLimitMs: 1_000 });
    const { id } = await fixture.completedSession(window);
    const { lockName, worktreeLockName } = new StorePaths(fixture.storageDirectory).session(id);
    const commands = {
      [lockName]: async () => await window.renameSession(id, 'Another title'),
      [worktreeLockName]: async () => await window.deleteSession(id),
    };
    for (const [name, command] of Object.entries(commands)) {
      const holder = await standStill(name);
      await assert.rejects(command(), { code: 'TIMEOUT' });
      await assertOffered(window, id, basename(name), holder);
      await window.markAsGone(id);
      await command();
    }
    const { title, deleted } = await window.getSession(id);
    assert.deepEqual([title, deleted], ['Another title', true]);
  });

  it('is not offered while it goes on, nor where it belongs to an earlier version and does not stand still (C1)', async () => {
    const window = fixture.window({ silenceLimitMs: 1_000 });
    const { id } = await fixture.completedSession(window);
    const { lockName } = new StorePaths(fixture.storageDirectory).session(id);
    const holder = await standStill(lockName);
    assert.ok((await window.goneQuestion(id)) !== undefined);
    holder.kill('SIGCONT');
    const file = await lockFileOf(lockName);
    const aMinuteAgo = Date.now() - 60_000;
    await waitFor(async () => (await stat(file)).mtimeMs > aMinuteAgo, { what: 'a sign of life' });
    await assert.rejects(fixture.window().markAsGone(id), { code: 'CONFLICT' });

    const owner = await identityOf(holder.pid ?? 0);
    const number = Number(file.split('.').at(-1)) + 1;
    await writeFile(
      `${lockName}.lock.${String(number)}`,
      JSON.stringify({ state: 'held', owner, instance: 'earlier' }),
    );
    await makeOld(`${lockName}.lock.${String(number)}`);
    await assert.rejects(window.markAsGone(id), { code: 'CONFLICT' });
    holder.kill('SIGSTOP');
    await waitFor(async () => (await window.goneQuestion(id)) !== undefined, { what: 'that it stands still' });
  });

  it('is offered as gone where another version of Corral holds the lock in a form that is not known (C1)', async () => {
    const window = fixture.window({ silenceLimitMs: 1_000 });
    const { id } = await fixture.completedSession(window);
    const { lockName } = new StorePaths(fixture.storageDirectory).session(id);
    const file = `${lockName}.lock.1000`;
    await writeFile(file, JSON.stringify({ state: 'something new' }));
    await makeOld(file);
    await assert.rejects(window.renameSession(id, 'Another title'), /Another version of Corral has held the lock/);
    const question = await window.goneQuestion(id);
    assert.ok(question !== undefined && question.locks[0]?.process === undefined);
    assert.match(goneDetail(question), /^Another window has held the lock “session” since/);
    await window.markAsGone(id);
    await window.renameSession(id, 'Another title');
  });

  it('neither moves nor records anything where it goes on after its lock was given to others (C1)', async () => {
    const gate = join(fixture.storageDirectory, 'gate');
    const teardownCommand = ['/bin/sh', '-c', 'touch "$0.reached"; while [ ! -e "$0" ]; do sleep 0.1; done', gate];
    const window = fixture.window({ changes: { teardownCommand } });
    const { id, worktreePath } = await fixture.completedSession(window);
    const { worktreeLockName } = new StorePaths(fixture.storageDirectory).session(id);
    const isDeleted = window.deleteSession(id);
    const isRefused = assert.rejects(isDeleted, { code: 'CONFLICT' });
    await waitFor(async () => await isThere(`${gate}.reached`), { what: 'the teardown command' });
    // As a person's word leaves it.
    const number = Number((await lockFileOf(worktreeLockName)).split('.').at(-1)) + 1;
    await writeFile(`${worktreeLockName}.lock.${String(number)}`, JSON.stringify({ state: 'free' }));
    await writeFile(gate, '');
    await isRefused;
    assert.ok(await isThere(join(worktreePath, 'notes.txt')));
    const { deleted, state } = await window.getSession(id);
    assert.deepEqual([deleted, state], [false, 'completed']);
  });
});
