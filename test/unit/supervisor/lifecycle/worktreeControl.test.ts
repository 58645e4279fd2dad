import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { readNotes, SupervisorFixture, until } from '../supervisorFixture';

describe('the worktree of a session', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('is restored if it is missing, and no run starts anywhere else meanwhile', async () => {
    const window = fixture.window();
    const session = await fixture.completedSession(window);
    await assert.rejects(window.restoreWorktree(session.id), { code: 'CONFLICT' });
    await rm(session.worktreePath, { recursive: true });
    await assert.rejects(window.resume(session.id), { code: 'WORKTREE_MISSING' });
    await window.restoreWorktree(session.id);
    assert.equal(await readNotes(session), 'hello\n');
    await rm(join(session.worktreePath, '.git'));
    await assert.rejects(window.sendMessage(session.id, 'talk'), { code: 'WORKTREE_MISSING' });
    await assert.rejects(window.restoreWorktree(session.id), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(window.deleteSession(session.id), { code: 'WORKTREE_NOT_OURS' });
    assert.equal((await window.getSession(session.id)).deleted, false);
    assert.equal(await readNotes(session), 'hello\n');
  });

  it('is found again if its record is damaged, and the session continues in it', async () => {
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
    await rm(paths.catalog); // or it would still have the record
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
      assert.equal(await readNotes(session), id === plain ? 'hello\n' : 'hello\non\n');
      const journal = await readFile(paths.session(id).journal, 'latin1');
      assert.equal(journal.split(created).length, 2, 'recorded once');
    }
  });

  it('can be restored to a snapshot and back, and a snapshot can be the base of a new session', async () => {
    const window = fixture.window();
    const session = await fixture.completedSession(
      window,
      'edit notes.txt hello; run git add . ; run git commit -m agent',
    );
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
    assert.equal(await readNotes(session), 'hello\n');
    await control.restoreSnapshot(before);
    assert.equal(await readNotes(session), 'later\n');
    await assert.rejects(control.restoreSnapshot('--force'), { code: 'INVALID_ARGUMENT' });
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
      base: first.commit,
    });
    const forked = await until(window, id, ({ status }) => status === 'Completed', 'the end of the fork');
    assert.equal(await readNotes(forked), 'hello\n');
    assert.equal(forked.baseCommit, session.baseCommit, 'its changes are compared with the base of the first session');
    assert.deepEqual((await (await window.worktree(id)).changes()).changes, [{ kind: 'added', path: 'notes.txt' }]);
    const running = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'slow 4000 50ms',
      agent: 'demo',
    });
    await until(window, running.id, ({ state }) => state === 'running', 'the run');
    await assert.rejects((await window.worktree(running.id)).restoreSnapshot(running.baseCommit), { code: 'RUNNING' });
  });

  it('is snapshotted also after a command without output', async () => {
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

  it('is reported if its agent changes files outside of it', async () => {
    const window = fixture.window();
    // It asks first, so the runner has seen the call before the file changes, however slow the machine is.
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: `ask touch ${join(fixture.repository.path, 'README.md')}`,
      agent: 'demo',
    });
    const { pendingPermissions } = await until(window, id, ({ needsInput }) => needsInput, 'its question');
    await window.answerPermission(id, pendingPermissions[0]?.requestId ?? '', { optionId: 'allow_once' });
    const session = await until(window, id, ({ status }) => status === 'Completed', 'the end');
    assert.match(session.escape ?? '', /changed what lies outside of this session's worktree: .*README\.md$/);
    assert.match(sessionRow(session, Date.now()).accessibleLabel, /left its worktree/);
  });

  it('compares the work of two sessions', async () => {
    const window = fixture.window();
    const ids: string[] = [];
    for (const text of ['left', 'right']) {
      const argv = [
        process.execPath,
        '-e',
        `require('node:fs').writeFileSync('${text}.txt', ''); require('node:fs').writeFileSync('both.txt', '${text}')`,
      ];
      const { id, group } = await window.createSession({
        repository: fixture.repository.path,
        prompt: 'x',
        agent: 'command',
        argv,
        group: 'notes',
      });
      assert.equal(group, 'notes');
      await until(window, id, (session) => session.status === 'Completed', 'the end');
      ids.push(id);
    }
    const [left = '', right = ''] = ids;
    const { before, after, changes } = await (await window.worktree(left)).differences(right);
    assert.deepEqual(changes, [
      { kind: 'modified', path: 'both.txt' },
      { kind: 'modified', previousPath: 'left.txt', path: 'right.txt' },
    ]);
    assert.equal(await fixture.repository.git('show', `${before}:both.txt`), 'left');
    assert.equal(await fixture.repository.git('show', `${after}:both.txt`), 'right');
  });
});
