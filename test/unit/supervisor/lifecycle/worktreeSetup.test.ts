import assert from 'node:assert/strict';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readNotes, SupervisorFixture, until } from '../supervisorFixture';

describe('the setup and the teardown of a worktree', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('run before the first agent, with ignored files, uncommitted changes and ports of its own', async () => {
    await fixture.repository.commit('Ignore', { '.gitignore': '.env\n' });
    await fixture.repository.write('.env', 'KEY=1');
    await fixture.repository.write('draft.txt', 'draft');
    const program =
      "const { writeFileSync, readFileSync } = require('fs'); console.log('setting up'); writeFileSync('set-up.txt', process.env.CORRAL_PORT + readFileSync('.env', 'utf8'));";
    const window = fixture.window({
      changes: { worktreesInclude: ['.env'], setupCommand: [process.execPath, '-e', program] },
    });
    const request = {
      repository: fixture.repository.path,
      prompt: 'read set-up.txt',
      agent: 'demo',
      includeChanges: true,
    };
    const { id } = await window.createSession(request);
    const session = await until(window, id, ({ status }) => status === 'Completed', 'the end');
    assert.match(await readFile(join(session.worktreePath, 'set-up.txt'), 'utf8'), /^2\d{4}KEY=1$/);
    assert.equal(await readFile(join(session.worktreePath, 'draft.txt'), 'utf8'), 'draft');
    const { events } = await window.listSessionHistory(id, { limit: 1_000 });
    const kinds = events.map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 4), ['run.started', 'tool.call', 'output', 'tool.result']);
    await window.sendMessage(id, 'talk');
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second end');
    const again = await window.listSessionHistory(id, { limit: 1_000, kinds: ['output'] });
    assert.equal(again.events.length, 1, 'the setup runs once');
    await assert.rejects(window.createSession({ ...request, base: `refs/corral/${id}` }), { code: 'INVALID_ARGUMENT' });
    const forked = await window.createSession({ ...request, includeChanges: false, base: `refs/corral/${id}` });
    assert.match(
      await readFile(join(forked.worktreePath, 'set-up.txt'), 'utf8'),
      /KEY=1/,
      'the base may be the snapshot of another session',
    );
  });

  it('fail the run with a reason, and are repeated for the next run', async () => {
    const program = "if (!require('fs').existsSync('ready')) { console.error('not ready'); process.exit(7); }";
    const window = fixture.window({ changes: { setupCommand: [process.execPath, '-e', program] } });
    const { id, worktreePath } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
    });
    const failed = await until(window, id, ({ status }) => status === 'Failed', 'the failure');
    assert.equal(failed.failureReason, 'The setup command failed: exit code 7');
    await writeFile(join(worktreePath, 'ready'), '');
    await window.resume(id);
    await until(window, id, ({ status }) => status === 'Completed', 'the end');
  });

  it('end when the session is stopped', async () => {
    const window = fixture.window({
      changes: { setupCommand: [process.execPath, '-e', "console.log('begun'); setInterval(() => 0, 1e6)"] },
    });
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' });
    await until(window, id, ({ state }) => state === 'running', 'the setup');
    await window.stop(id);
    assert.equal((await window.getSession(id)).failureReason, 'Stopped by you');
  });

  it('run before a worktree is removed, without changing the status of the session', async () => {
    const farewell = join(fixture.storageDirectory, 'farewell');
    const program = `console.log('tearing down'); require('fs').writeFileSync(process.argv[1], process.env.CORRAL_PORT + require('fs').readFileSync('notes.txt', 'utf8'))`;
    const window = fixture.window({ changes: { teardownCommand: [process.execPath, '-e', program, farewell] } });
    const session = await fixture.completedSession(window);
    await window.deleteSession(session.id);
    assert.match(await readFile(farewell, 'utf8'), /^2\d{4}hello\n$/);
    const { events } = await window.listSessionHistory(session.id, { limit: 1_000 });
    assert.deepEqual(
      events.slice(-5).map(({ kind }) => kind),
      ['run.started', 'tool.call', 'output', 'tool.result', 'run.exited'],
    );
    await window.undoDelete(session.id);
    const { status, currentRunId } = await window.getSession(session.id);
    assert.deepEqual([status, currentRunId], ['Completed', session.currentRunId]);
    assert.equal(await readNotes(session), 'hello\n');
  });

  it('let the worktree be removed and restored although they fail, do not end or cannot start', async () => {
    const changes = { teardownCommand: [''], teardownLimitMs: 1_000 };
    const window = fixture.window({ changes });
    const session = await fixture.completedSession(window);
    const { id } = session;
    await writeFile(join(session.worktreePath, 'notes.txt'), 'precious\n');
    changes.teardownCommand = [process.execPath, '-e', 'process.exit(3)'];
    await window.archiveSession(id, true);
    await window.archiveSession(id, false);
    for (const command of [[process.execPath, '-e', 'setInterval(() => 0, 1e6)'], ['no-such-program']]) {
      changes.teardownCommand = command;
      await window.deleteSession(id);
      await assert.rejects(access(session.worktreePath), { code: 'ENOENT' });
      await window.undoDelete(id);
    }
    assert.equal(await readNotes(session), 'precious\n');
    assert.equal((await window.getSession(id)).status, 'Completed');
    const { events } = await window.listSessionHistory(id, { limit: 1_000, kinds: ['run.exited'] });
    const reasons = events.slice(1).map(({ data }) => JSON.stringify(data));
    assert.equal(reasons.length, 3);
    for (const [index, pattern] of [/exit code 3/, /did not end within/, /no-such-program/].entries())
      assert.match(reasons[index] ?? '', pattern);
  });
});
