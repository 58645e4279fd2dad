import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SessionSummary } from '../../../../src/supervisor/api';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { sessionFlags } from '../../../../src/views/sessions/rowFlags';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a repository that was moved', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  let main: string;
  let parent: string;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    window = fixture.window();
    main = fixture.repository.path;
    parent = dirname(main);
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** Works in the session as it is now, takes its worktree away and brings it back. */
  async function worksAt(repository: string, id: string, supervisor = window): Promise<SessionSummary> {
    const { runs } = await supervisor.getSession(id);
    await supervisor.sendMessage(id, 'edit again.txt again');
    const ended = (each: SessionSummary): boolean => each.status === 'Completed' && each.runs.length > runs.length;
    const session = await until(supervisor, id, ended, 'the end of another run');
    assert.equal(session.repository, repository);
    assert.equal(session.repositoryMissing, undefined);
    assert.match(await readFile(join(session.worktreePath, 'again.txt'), 'utf8'), /^again\n/);
    assert.deepEqual((await (await supervisor.worktree(id)).changes()).changes.map(({ path }) => path).sort(), [
      'again.txt',
      'notes.txt',
    ]);
    await supervisor.deleteSession(id);
    await assert.rejects(stat(session.worktreePath));
    await supervisor.undoDelete(id);
    assert.equal(await readFile(join(session.worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    return session;
  }

  it('is found where it was renamed, with all of its sessions (D3)', async () => {
    const [first, second] = [await fixture.completedSession(window), await fixture.completedSession(window)];
    const renamed = join(parent, 'renamed ünï');
    await rename(main, renamed);
    const session = await worksAt(renamed, first.id);
    assert.equal(session.worktreePath, join(renamed, '.corral/worktrees', basename(first.worktreePath)));
    // The other one moved with it, before anybody touched it.
    assert.equal((await window.getSession(second.id)).repository, renamed);
    await worksAt(renamed, second.id);
    const late = fixture.window();
    await late.whenRecovered();
    assert.deepEqual(
      (await late.listSessions({ repository: renamed })).map(({ id }) => id).sort(),
      [first.id, second.id].sort(),
    );
  });

  it('is found at start-up, also where a folder above it was renamed or its worktrees lie beside it (D3)', async () => {
    const beside = fixture.window({ changes: { worktreesLocation: 'beside' } });
    const elsewhere = fixture.window({ changes: { worktreesLocation: join(fixture.storageDirectory, 'trees') } });
    const sessions = [
      await fixture.completedSession(window),
      await fixture.completedSession(beside),
      await fixture.completedSession(elsewhere),
    ];
    const moved = `${parent} moved`;
    await rename(parent, moved);
    try {
      const repository = join(moved, 'repository');
      const late = fixture.window();
      await late.whenRecovered();
      for (const { id } of sessions) await worksAt(repository, id, late);
    } finally {
      await rename(moved, parent);
    }
  });

  it('is not gone where it is not found: Delete refuses, and history stays (D3)', async () => {
    const session = await fixture.completedSession(window);
    const away = join(fixture.storageDirectory, 'far', 'away');
    await mkdir(dirname(away));
    await rename(main, away);
    const isNamed = (error: Error & { code?: string }): boolean =>
      error.code === 'REPOSITORY_MISSING' && error.message.includes(main);
    await assert.rejects(window.deleteSession(session.id), isNamed);
    await assert.rejects(window.archiveSession(session.id, true), isNamed);
    const lost = await window.getSession(session.id);
    assert.deepEqual([lost.repositoryMissing, lost.deleted, lost.status], [true, false, 'Completed']);
    assert.match(sessionRow(lost, Date.now()).description, /repository not found/);
    assert.ok(sessionFlags(lost).includes('lost'));
    assert.ok((await window.listSessionHistory(session.id)).events.length > 0);
    const late = fixture.window();
    await late.whenRecovered();
    assert.equal((await late.getSession(session.id)).repositoryMissing, true);

    // Another repository in its place, and others that a person may choose by mistake.
    await mkdir(main);
    await fixture.repository.git('init', '--quiet');
    await fixture.repository.git('commit', '--quiet', '--allow-empty', '--message=another');
    await assert.rejects(window.deleteSession(session.id), isNamed);
    const control = await window.worktree(session.id);
    await assert.rejects(control.locateRepository(main), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(control.locateRepository(fixture.storageDirectory), { code: 'NO_REPOSITORY' });
    await control.locateRepository(away);
    await worksAt(away, session.id);
    assert.equal(await fixture.repository.git('status', '--porcelain'), '');
    await rm(main, { recursive: true });
    await rename(away, main);
    // Too far for a search.
    await (await window.worktree(session.id)).locateRepository(main);
    await worksAt(main, session.id);
  });

  it('can be undone a Delete in, after it moved (D3)', async () => {
    const session = await fixture.completedSession(window);
    await writeFile(join(main, '.git/info/exclude'), '*.log\n');
    await writeFile(join(session.worktreePath, 'kept.log'), 'no snapshot holds it\n');
    await window.deleteSession(session.id);
    const renamed = join(parent, 'renamed');
    await rename(main, renamed);
    await window.undoDelete(session.id);
    const restored = await window.getSession(session.id);
    assert.deepEqual([restored.repository, restored.deleted], [renamed, false]);
    for (const name of ['kept.log', 'notes.txt']) assert.ok(await readFile(join(restored.worktreePath, name), 'utf8'));
    assert.ok(restored.worktreePath.startsWith(renamed));
  });

  it('is given up where a person says that it was deleted (D3)', async () => {
    const session = await fixture.completedSession(window);
    await rm(main, { recursive: true });
    await assert.rejects(window.deleteSession(session.id), { code: 'REPOSITORY_MISSING' });
    await (await window.worktree(session.id)).delete({ isRepositoryGone: true });
    assert.equal((await window.getSession(session.id)).deleted, true);
    assert.ok((await window.listSessionHistory(session.id)).events.length > 0);
    await mkdir(main); // for the end of the fixture
  });
});
