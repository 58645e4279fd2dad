import assert from 'node:assert/strict';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { describeIf } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

describeIf(process.platform !== 'win32', 'there is no sh', 'a session on another host that is removed', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote(async (made) => {
    ({ fixture, window } = made);
    await fixture.here.repository.commit('Ignore', { '.gitignore': '*.db\n' });
  });

  const worktreeOf = async ({ id }: SessionSummary, place = 'worktrees'): Promise<string> => {
    const folder = join(await fixture.farRepository(), '.corral', place);
    const name = (await readdir(folder).catch(() => [])).find((each) => each.endsWith(id));
    return join(folder, name ?? id);
  };
  const notes = async (session: SessionSummary): Promise<string> =>
    await readFile(join(await worktreeOf(session), 'notes.txt'), 'utf8');
  const changedPaths = async (id: string): Promise<string[]> =>
    (await (await window.worktree(id)).changes()).changes.map(({ path }) => path);

  it('goes to the trash there, frees that disk, and is restored', async () => {
    const session = await fixture.completedSession(window);
    const { id } = session;
    await writeFile(join(await worktreeOf(session), 'later.txt'), 'by hand\n');
    assert.deepEqual(await (await window.worktree(id)).summary(), {
      changedFiles: 0,
      untrackedFiles: 2,
      commits: 0,
      replaceable: [],
    });
    await window.deleteSession(id);
    assert.equal((await window.getSession(id)).deleted, true);
    await assert.rejects(access(await worktreeOf(session)), { code: 'ENOENT' });
    assert.deepEqual(await changedPaths(id), ['later.txt', 'notes.txt']); // its last work is here
    await assert.rejects(window.resume(id), { code: 'WORKTREE_MISSING' });
    await waitFor(async () => !(await fixture.farTraces(id)).some((path) => path.includes('/trash/')), {
      what: 'the empty trash',
    });
    await window.undoDelete(id);
    assert.equal((await window.getSession(id)).deleted, false);
    assert.equal(await notes(session), 'hello\n');
    assert.equal(await readFile(join(await worktreeOf(session), 'later.txt'), 'utf8'), 'by hand\n');
    await window.sendMessage(id, 'edit more.txt again');
    await until(window, id, ({ status, runs }) => status === 'Completed' && runs.length === 2, 'the second run');
    assert.deepEqual(await changedPaths(id), ['later.txt', 'more.txt', 'notes.txt']);
  });

  it('stays as it is where its folder is no worktree any more', async () => {
    const session = await fixture.completedSession(window);
    const link = join(await worktreeOf(session), '.git');
    const content = await readFile(link);
    await rm(link);
    await assert.rejects(window.deleteSession(session.id), {
      code: 'WORKTREE_NOT_OURS',
      message: /is no Git worktree/,
    });
    assert.equal((await window.getSession(session.id)).deleted, false);
    assert.equal(await notes(session), 'hello\n');
    await writeFile(link, content);
    await window.deleteSession(session.id);
  });

  it('is archived and unarchived', async () => {
    const session = await fixture.completedSession(window);
    await window.archiveSession(session.id, true);
    const archived = await window.getSession(session.id);
    assert.deepEqual([archived.archived, archived.deleted], [true, false]);
    await assert.rejects(access(await worktreeOf(session)), { code: 'ENOENT' });
    await window.archiveSession(session.id, false);
    assert.equal(await notes(session), 'hello\n');
  });

  it('keeps in the trash there what no snapshot can hold', async () => {
    const session = await fixture.completedSession(window);
    await writeFile(join(await worktreeOf(session), 'work.db'), 'precious');
    await window.deleteSession(session.id);
    assert.equal(await readFile(join(await worktreeOf(session, 'trash'), 'work.db'), 'utf8'), 'precious');
    await window.undoDelete(session.id);
    assert.equal(await readFile(join(await worktreeOf(session), 'work.db'), 'utf8'), 'precious');
  });

  it('leaves nothing on both sides once its history is erased', async () => {
    const session = await fixture.completedSession(window);
    const { id } = session;
    await assert.rejects(window.eraseHistory(id), { code: 'CONFLICT' });
    await window.deleteSession(id);
    await window.eraseHistory(id);
    await assert.rejects(window.getSession(id), { code: 'SESSION_NOT_FOUND' });
    assert.deepEqual(await fixture.farTraces(id), []);
    assert.deepEqual(await fixture.refsOf(id, await fixture.farRepository()), []);
    assert.deepEqual(await fixture.refsOf(id), []);
  });

  it('is refused while its host is away, and nothing is changed', async () => {
    const [kept, gone] = [await fixture.completedSession(window), await fixture.completedSession(window)];
    await window.deleteSession(gone.id);
    await fixture.cut({ isDown: true });
    await until(window, kept.id, ({ host }) => host?.state === 'unreachable', 'the cut');
    const before = await Promise.all([kept, gone].map(async ({ id }) => await journal(id)));
    const { baseCommit } = kept;
    for (const action of [
      async () => await window.deleteSession(kept.id),
      async () => await window.archiveSession(kept.id, true),
      async () => await window.restoreWorktree(kept.id),
      async () => await (await window.worktree(kept.id)).restoreSnapshot(baseCommit),
      async () => await window.undoDelete(gone.id),
      async () => await window.eraseHistory(gone.id),
    ])
      await assert.rejects(action, { code: 'HOST_UNREACHABLE', message: /far/ });
    assert.deepEqual(await Promise.all([kept, gone].map(async ({ id }) => await journal(id))), before);
    await fixture.comeBack();
    await window.deleteSession(kept.id);
    await window.eraseHistory(kept.id);
    await window.undoDelete(gone.id);
    assert.equal(await notes(gone), 'hello\n');
  });

  it('is made again where its worktree, or all that the host had, was removed by hand', async () => {
    const session = await fixture.completedSession(window);
    await assert.rejects(window.restoreWorktree(session.id), { code: 'CONFLICT' });
    await rm(await worktreeOf(session), { recursive: true });
    await window.restoreWorktree(session.id);
    assert.equal(await notes(session), 'hello\n');
    await rm(await fixture.farRepository(), { recursive: true });
    await window.restoreWorktree(session.id);
    assert.equal(await notes(session), 'hello\n');
    await rm(await fixture.farRepository(), { recursive: true });
    await window.deleteSession(session.id);
    assert.equal((await window.getSession(session.id)).deleted, true);
  });

  it('runs its teardown command there before', async () => {
    const farewell = join(fixture.home, 'farewell');
    const script = `cat notes.txt > ${farewell}; echo $HOME >> ${farewell}`;
    const tidy = fixture.window({ teardownCommand: ['sh', '-c', script] });
    const session = await fixture.completedSession(tidy);
    await tidy.deleteSession(session.id);
    assert.equal(await readFile(farewell, 'utf8'), `hello\n${fixture.home}\n`);
    const { events } = await tidy.listSessionHistory(session.id, { limit: 1_000 });
    assert.deepEqual(events.map(({ kind }) => kind).slice(-4), [
      'run.started',
      'tool.call',
      'tool.result',
      'run.exited',
    ]);
    await tidy.undoDelete(session.id);
    const { status, currentRunId } = await tidy.getSession(session.id);
    assert.deepEqual([status, currentRunId], ['Completed', session.currentRunId]);
    await fixture.here.close(tidy);
  });

  it('leaves nothing of a creation that fails late', async () => {
    const before = (await window.listSessions()).map(({ id }) => id);
    const programs = join(fixture.home, '.corral-host', 'bin');
    const [version = ''] = await readdir(programs);
    const runner = join(programs, version, 'runner.js');
    const code = await readFile(runner);
    await writeFile(runner, 'process.exit(3);');
    await assert.rejects(fixture.session(window, { prompt: 'talk' }), { message: /could not be started/ });
    await writeFile(runner, code);
    assert.deepEqual(
      (await window.listSessions()).map(({ id }) => id),
      before,
    );
    const known = new Set(before);
    const far = await fixture.farRepository();
    const refs = await fixture.here.repository.git('-C', far, 'for-each-ref', '--format=%(refname:lstrip=2)');
    assert.deepEqual(
      refs.split('\n').filter((ref) => ref !== '' && !known.has(ref)),
      [],
    );
    const folders = await readdir(join(await fixture.farStore(), 'sessions'));
    assert.deepEqual(
      folders.filter((name) => !known.has(name)),
      [],
    );
    const worktrees = await readdir(join(far, '.corral', 'worktrees'));
    assert.deepEqual(
      worktrees.filter((name) => !before.some((id) => name.endsWith(id))),
      [],
    );
  });

  it('stays in the list where it could not be made wholly and its host went, and is removed there later', async () => {
    const far = await fixture.farRepository();
    const creating = fixture.session(window, { prompt: 'talk' });
    creating.catch(() => undefined);
    const id = await waitFor(async () => (await window.listSessions()).find(({ state }) => state === 'queued')?.id, {
      what: 'the new session',
    });
    await fixture.cut({ isDown: true });
    const isMade = await creating.then(
      () => true,
      () => false,
    );
    await fixture.comeBack();
    if (!isMade) assert.equal((await window.getSession(id)).status, 'Failed');
    else await until(window, id, ({ status }) => status === 'Completed', 'the end');
    await window.deleteSession(id);
    await window.eraseHistory(id);
    assert.deepEqual(await fixture.farTraces(id), []);
    assert.deepEqual(await fixture.refsOf(id, far), []);
  });

  async function journal(id: string): Promise<string> {
    return await readFile(join(fixture.here.storageDirectory, 'sessions', id, 'session.jsonl'), 'utf8');
  }
});
