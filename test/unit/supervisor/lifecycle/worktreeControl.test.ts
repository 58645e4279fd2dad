import assert from 'node:assert/strict';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import type { SessionSummary } from '../../../../src/supervisor/api';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { until, SupervisorFixture } from '../supervisorFixture';

describe('worktrees of sessions', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function finished(window: Supervisor, prompt = 'edit notes.txt hello'): Promise<SessionSummary> {
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt, agent: 'demo' });
    return await until(window, id, (session) => session.status === 'Completed', 'the end');
  }
  const notes = async ({ worktreePath }: SessionSummary): Promise<string> =>
    await readFile(join(worktreePath, 'notes.txt'), 'utf8');
  const inTrash = async (): Promise<string[]> =>
    await readdir(join(fixture.repository.path, '.corral/trash')).catch(() => []);

  it('frees the disk of a deleted session, and brings everything back from its snapshot', async () => {
    const first = fixture.window();
    const session = await finished(first);
    assert.deepEqual(await (await first.worktree(session.id)).summary(), {
      changedFiles: 0,
      untrackedFiles: 1,
      commits: 0,
      replaceable: [],
    });
    await first.deleteSession(session.id);
    assert.equal(await (await first.worktree(session.id)).summary(), undefined);
    await fixture.close(first); // waits for what goes on in the background
    assert.deepEqual(await inTrash(), []);
    const second = fixture.window();
    await second.undoDelete(session.id);
    assert.equal(await notes(session), 'hello\n');
    assert.equal((await second.getSession(session.id)).deleted, false);
  });

  it('restores a worktree that vanished, and runs in nothing else meanwhile', async () => {
    const window = fixture.window();
    const session = await finished(window);
    await assert.rejects(window.restoreWorktree(session.id), { code: 'CONFLICT' });
    await rm(session.worktreePath, { recursive: true });
    await assert.rejects(window.resume(session.id), { code: 'WORKTREE_MISSING' });
    await window.restoreWorktree(session.id);
    assert.equal(await notes(session), 'hello\n');
    await rm(join(session.worktreePath, '.git'));
    await assert.rejects(window.sendMessage(session.id, 'talk'), { code: 'WORKTREE_MISSING' });
    await assert.rejects(window.restoreWorktree(session.id), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(window.deleteSession(session.id), { code: 'WORKTREE_NOT_OURS' });
    assert.equal((await window.getSession(session.id)).deleted, false);
    assert.equal(await notes(session), 'hello\n');
  });

  it('knows a worktree again whose record is damaged, planned or not, and goes on in it', async () => {
    const first = fixture.window();
    const request = { repository: fixture.repository.path, agent: 'demo' };
    const { id: plain } = await first.createSession({ ...request, prompt: 'ask git status; edit notes.txt hello' });
    const { id: planned } = await first.createSession({
      ...request,
      prompt: 'edit notes.txt on',
      dependsOn: [plain],
      base: `refs/corral/${plain}`,
    });
    const { pendingPermissions } = await until(first, plain, ({ needsInput }) => needsInput, 'the question');
    await first.answerPermission(plain, pendingPermissions[0]?.requestId ?? '', { optionId: 'allow_once' });
    const { baseCommit } = await until(first, planned, ({ status }) => status === 'Completed', 'the end of both');
    await fixture.close(first);
    const paths = new StorePaths(fixture.storageDirectory);
    const created = '"kind":"worktree.created"';
    for (const id of [plain, planned]) {
      const journal = await readFile(paths.session(id).journal, 'latin1');
      await writeFile(paths.session(id).journal, journal.replace(created, created.toUpperCase()), 'latin1');
    }
    await rm(paths.catalog); // what it holds was read before
    const second = fixture.window();
    await second.whenRecovered();
    for (const id of [plain, planned]) {
      assert.equal((await second.getSession(id)).baseCommit, baseCommit);
      await second.sendMessage(id, 'talk again');
      const session = await until(
        second,
        id,
        ({ status, runs }) => status === 'Completed' && runs.length === 2,
        'the second run',
      );
      assert.equal(await notes(session), id === plain ? 'hello\n' : 'hello\non\n');
      const journal = await readFile(paths.session(id).journal, 'latin1');
      assert.equal(journal.split(created).length, 2, 'recorded once');
    }
  });

  it('deletes a session whose worktree vanished, and brings it back', async () => {
    const window = fixture.window();
    const session = await finished(window);
    await rm(session.worktreePath, { recursive: true });
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.equal(await notes(session), 'hello\n');
  });

  it('archives: history and work stay, the folder goes; and back', async () => {
    const window = fixture.window();
    const session = await finished(window);
    await window.archiveSession(session.id, true);
    const archived = await window.getSession(session.id);
    assert.deepEqual([archived.archived, archived.deleted], [true, false]);
    await assert.rejects(access(session.worktreePath), { code: 'ENOENT' });
    assert.ok((await window.listSessionHistory(session.id)).events.length > 0);
    await assert.rejects(window.resume(session.id), { code: 'WORKTREE_MISSING' });
    await window.archiveSession(session.id, false);
    assert.equal(await notes(session), 'hello\n');
    await window.archiveSession(session.id, true);
    await window.deleteSession(session.id);
    assert.equal((await window.getSession(session.id)).deleted, true);
    await window.undoDelete(session.id);
    assert.equal(await notes(session), 'hello\n');
  });

  it('does one thing after the other, whoever asks for both at once', async () => {
    const [one, other] = [fixture.window(), fixture.window()];
    const session = await finished(one);
    await other.whenReady();
    const archiving = one.archiveSession(session.id, true);
    await until(other, session.id, ({ archived }) => archived, 'the archiving in the other window');
    await Promise.all([archiving, other.archiveSession(session.id, false)]);
    assert.equal(await notes(session), 'hello\n');
    const { archived, deleted } = await other.getSession(session.id);
    assert.deepEqual([archived, deleted], [false, false]);
  });

  it('keeps the folder of what no snapshot holds', async () => {
    await fixture.repository.commit('Ignore', { '.gitignore': '*.db\n' });
    const first = fixture.window();
    const session = await finished(first);
    await writeFile(join(session.worktreePath, 'work.db'), 'precious');
    await first.deleteSession(session.id);
    await fixture.close(first);
    assert.deepEqual(await inTrash(), [session.id]);
    const second = fixture.window();
    await second.undoDelete(session.id);
    assert.equal(await readFile(join(session.worktreePath, 'work.db'), 'utf8'), 'precious');
  });

  it('sets a new worktree up before its agent begins, with ignored files, changes and ports of its own', async () => {
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
    assert.equal(again.events.length, 1, 'once is enough');
    await assert.rejects(window.createSession({ ...request, base: `refs/corral/${id}` }), { code: 'INVALID_ARGUMENT' });
    const forked = await window.createSession({ ...request, includeChanges: false, base: `refs/corral/${id}` });
    assert.match(
      await readFile(join(forked.worktreePath, 'set-up.txt'), 'utf8'),
      /KEY=1/,
      "another session's snapshot is a base",
    );
  });

  it('keeps the work of a command that says nothing, for whoever goes on from it', async () => {
    const window = fixture.window();
    const request = { repository: fixture.repository.path, prompt: 'x', agent: 'command' };
    const program = "require('fs').writeFileSync('made.txt', 'silently')";
    const { id } = await window.createSession({ ...request, argv: [process.execPath, '-e', program] });
    await until(window, id, ({ status }) => status === 'Completed', 'the end');
    const forked = await window.createSession({
      ...request,
      argv: [process.execPath, '-e', ''],
      base: `refs/corral/${id}`,
    });
    assert.equal(await readFile(join(forked.worktreePath, 'made.txt'), 'utf8'), 'silently');
  });

  it('goes back to a snapshot and forward again, and forks a new session from one', async () => {
    const window = fixture.window();
    const session = await finished(window, 'edit notes.txt hello; run git add . ; run git commit -m agent');
    const control = await window.worktree(session.id);
    const [first] = await control.snapshots();
    assert.ok(first !== undefined);
    await writeFile(join(session.worktreePath, 'notes.txt'), 'later\n');
    const paths = async (...moments: string[]): Promise<string[]> =>
      (await control.changes(...moments)).changes.map(({ path }) => path);
    assert.deepEqual(
      [await paths(first.commit), await paths(first.commit, 'now'), await paths('base', first.commit)],
      [['notes.txt'], ['notes.txt'], ['notes.txt']],
    );
    assert.equal((await control.takeSnapshot()).changed, true);
    assert.deepEqual(await paths((await control.snapshots())[0]?.commit ?? ''), []);
    const { before } = await control.restoreSnapshot(first.commit);
    assert.equal(await notes(session), 'hello\n');
    await control.restoreSnapshot(before);
    assert.equal(await notes(session), 'later\n');
    await assert.rejects(control.restoreSnapshot('--force'), { code: 'INVALID_ARGUMENT' });
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
      base: first.commit,
    });
    const forked = await until(window, id, ({ status }) => status === 'Completed', 'the end of the fork');
    assert.equal(await notes(forked), 'hello\n');
    assert.equal(forked.baseCommit, session.baseCommit, 'it is judged by what the first one began with');
    assert.deepEqual((await (await window.worktree(id)).changes()).changes, [{ kind: 'added', path: 'notes.txt' }]);
    const running = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'slow 4000 50ms',
      agent: 'demo',
    });
    await until(window, running.id, ({ state }) => state === 'running', 'the run');
    await assert.rejects((await window.worktree(running.id)).restoreSnapshot(running.baseCommit), { code: 'RUNNING' });
  });

  it('marks a session whose agent changes the main checkout, and says what', async () => {
    const window = fixture.window();
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: `run touch ${join(fixture.repository.path, 'README.md')}`,
      agent: 'demo',
      permissionMode: 'all',
    });
    const session = await until(window, id, ({ status }) => status === 'Completed', 'the end');
    assert.match(session.escape ?? '', /changed what lies outside of this session's worktree: .*README\.md$/);
    assert.match(sessionRow(session, Date.now()).accessibleLabel, /left its worktree/);
  });

  it('fails a run whose worktree cannot be set up, says why, and tries again at the next', async () => {
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

  it('tears a worktree down before it goes, as a run of its own that says nothing of the work', async () => {
    const farewell = join(fixture.storageDirectory, 'farewell');
    const program = `console.log('tearing down'); require('fs').writeFileSync(process.argv[1], process.env.CORRAL_PORT + require('fs').readFileSync('notes.txt', 'utf8'))`;
    const window = fixture.window({ changes: { teardownCommand: [process.execPath, '-e', program, farewell] } });
    const session = await finished(window);
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
    assert.equal(await notes(session), 'hello\n');
  });

  it('removes a worktree whose teardown fails, does not end or cannot be started, and keeps all of it', async () => {
    const changes = { teardownCommand: [''], teardownLimitMs: 1_000 };
    const window = fixture.window({ changes });
    const session = await finished(window);
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
    assert.equal(await notes(session), 'precious\n');
    assert.equal((await window.getSession(id)).status, 'Completed');
    const { events } = await window.listSessionHistory(id, { limit: 1_000, kinds: ['run.exited'] });
    const reasons = events.slice(1).map(({ data }) => JSON.stringify(data));
    assert.equal(reasons.length, 3);
    for (const [index, pattern] of [/exit code 3/, /did not end within/, /no-such-program/].entries())
      assert.match(reasons[index] ?? '', pattern);
  });

  it('stops a session while its worktree is set up', async () => {
    const window = fixture.window({
      changes: { setupCommand: [process.execPath, '-e', "console.log('begun'); setInterval(() => 0, 1e6)"] },
    });
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' });
    await until(window, id, ({ state }) => state === 'running', 'the setup');
    await window.stop(id);
    assert.equal((await window.getSession(id)).failureReason, 'Stopped by you');
  });
});
