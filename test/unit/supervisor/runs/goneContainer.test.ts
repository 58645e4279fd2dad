import assert from 'node:assert/strict';
import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { readClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import { isOnLocalDisk } from '../../../../src/supervisor/system/localDisk';
import { Container, noNamespaces, withBundle } from '../../../support/container';
import { projectRoot } from '../../../support/project';
import { skip } from '../../../support/skip';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a run whose container was stopped', function () {
  let fixture: SupervisorFixture;
  before(async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** A session that a window in another pid namespace made; both are gone when this resolves. */
  async function sessionOfStoppedContainer(): Promise<string> {
    return await withBundle('supervisor/containerWindow.ts', async (program) => {
      const container = new Container([
        program,
        fixture.storageDirectory,
        join(projectRoot, 'dist'),
        fixture.repository.path,
      ]);
      const id = await container.said;
      await container.stop();
      return id;
    });
  }

  it('is known to be dead by its socket in the store, and can be resumed (C1)', async function () {
    if (!(await isOnLocalDisk(fixture.storageDirectory)))
      skip(this, 'only a local disk of Linux holds sockets of runs');
    const id = await sessionOfStoppedContainer();
    const window = fixture.window();
    await window.whenRecovered();
    const session = await window.getSession(id);
    assert.deepEqual([session.restored, session.unreachable, session.recoveryHint], [true, undefined, 'resume']);
    await window.resume(id, 'talk I am back');
    await until(window, id, ({ status }) => status === 'Completed', 'the end of the next run');
  });

  it('can be marked as gone where nothing proves that, gives up its slot before, and can be resumed (C1)', async () => {
    const id = await sessionOfStoppedContainer();
    const paths = new StorePaths(fixture.storageDirectory);
    const options = { silenceLimitMs: 1_000, changes: { maxConcurrentRuns: 1 } };
    const window = fixture.window(options);
    // As on an overlay, where a socket proves nothing.
    const { currentRunId = '' } = await window.getSession(id);
    const run = paths.session(id).run(currentRunId);
    const claim = await readClaim(run);
    assert.ok(claim?.state === 'claimed');
    await rm(claim.endpoint, { force: true });
    const silent = await until(window, id, ({ maybeGone }) => maybeGone === true, 'the silence');
    assert.deepEqual([silent.status, silent.restored], ['Running', false]);
    assert.ok(silent.unreachable !== undefined);
    for (const command of [
      async () => await window.stop(id),
      async () => await window.kill(id),
      async () => await window.deleteSession(id),
      async () => await window.sendMessage(id, 'Hello'),
    ])
      await assert.rejects(command, { code: 'RUNNER_UNREACHABLE' });

    const other = await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' });
    await until(window, other.id, ({ status }) => status === 'Completed', 'a session that needs the only slot');

    const question = await window.goneQuestion(id);
    assert.equal(question?.run?.process?.pid, claim.runner.pid);
    assert.equal(question.run.process.isHere, false);
    assert.equal(question.run.since, silent.unreachable);
    await window.markAsGone(id);
    const marked = await window.getSession(id);
    // The person had asked for a kill before.
    assert.deepEqual([marked.state, marked.unreachable, marked.maybeGone], ['killed', undefined, undefined]);
    await assert.rejects(window.markAsGone(id), { code: 'CONFLICT' });
    await window.resume(id, 'talk I am back');
    await until(window, id, ({ status, runs }) => status === 'Completed' && runs.length === 2, 'the next run');
    await window.deleteSession(id);
    const journal = await readFile(paths.session(id).journal, 'utf8');
    assert.match(journal, /"kind":"run.closed".*"by":"person"/);
  });

  it('gives up its locks after a person’s word (C1)', async () => {
    const id = await sessionOfStoppedContainer();
    const paths = new StorePaths(fixture.storageDirectory).session(id);
    const window = fixture.window({ silenceLimitMs: 1_000 });
    await window.whenRecovered();
    await window.kill(id).catch(() => undefined);
    const { currentRunId = '' } = await window.getSession(id);
    const claim = await readClaim(paths.run(currentRunId));
    assert.ok(claim?.state === 'claimed');
    // What a window of that container holds that was deleting something when it ended.
    const held = JSON.stringify({ state: 'held', owner: claim.runner, instance: 'another' });
    const long = new Date(Date.now() - 3_600_000);
    for (const lock of [paths.lockName, paths.worktreeLockName]) {
      await writeFile(`${lock}.lock.1000`, held);
      await utimes(`${lock}.lock.1000`, long, long);
    }
    await assert.rejects(window.renameSession(id, 'x'), { code: 'TIMEOUT', message: /Mark as Gone/ });
    await assert.rejects(window.deleteSession(id), { code: 'TIMEOUT', message: /Mark as Gone/ });
    assert.deepEqual(
      (await window.goneQuestion(id))?.locks.map((lock) => lock.name),
      ['session', 'worktree'],
    );
    await window.markAsGone(id);
    await window.renameSession(id, 'renamed');
    await window.deleteSession(id);
    assert.equal((await window.getSession(id)).deleted, true);
  });
});
