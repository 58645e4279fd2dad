import assert from 'node:assert/strict';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readNotes, SupervisorFixture, until } from '../supervisorFixture';

describe('a session that is deleted or archived', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });
  const inTrash = async (): Promise<string[]> =>
    await readdir(join(fixture.repository.path, '.corral/trash')).catch(() => []);

  it('frees its disk space, and is restored from its snapshot', async () => {
    const first = fixture.window();
    const session = await fixture.completedSession(first);
    assert.deepEqual(await (await first.worktree(session.id)).summary(), {
      changedFiles: 0,
      untrackedFiles: 1,
      commits: 0,
      replaceable: [],
    });
    await first.deleteSession(session.id);
    assert.equal(await (await first.worktree(session.id)).summary(), undefined);
    await fixture.close(first); // waits for work in the background
    assert.deepEqual(await inTrash(), []);
    const second = fixture.window();
    await second.undoDelete(session.id);
    assert.equal(await readNotes(session), 'hello\n');
    assert.equal((await second.getSession(session.id)).deleted, false);
  });

  it('can be deleted and restored if its worktree is missing', async () => {
    const window = fixture.window();
    const session = await fixture.completedSession(window);
    await rm(session.worktreePath, { recursive: true });
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.equal(await readNotes(session), 'hello\n');
  });

  it('keeps its history and its work while the folder is gone', async () => {
    const window = fixture.window();
    const session = await fixture.completedSession(window);
    await window.archiveSession(session.id, true);
    const archived = await window.getSession(session.id);
    assert.deepEqual([archived.archived, archived.deleted], [true, false]);
    await assert.rejects(access(session.worktreePath), { code: 'ENOENT' });
    assert.ok((await window.listSessionHistory(session.id)).events.length > 0);
    await assert.rejects(window.resume(session.id), { code: 'WORKTREE_MISSING' });
    await window.archiveSession(session.id, false);
    assert.equal(await readNotes(session), 'hello\n');
    await window.archiveSession(session.id, true);
    await window.deleteSession(session.id);
    assert.equal((await window.getSession(session.id)).deleted, true);
    await window.undoDelete(session.id);
    assert.equal(await readNotes(session), 'hello\n');
  });

  it('is archived and unarchived one after the other if two windows ask at once', async () => {
    const [one, other] = [fixture.window(), fixture.window()];
    const session = await fixture.completedSession(one);
    await other.whenReady();
    const archiving = one.archiveSession(session.id, true);
    await until(other, session.id, ({ archived }) => archived, 'the archiving in the other window');
    await Promise.all([archiving, other.archiveSession(session.id, false)]);
    assert.equal(await readNotes(session), 'hello\n');
    const { archived, deleted } = await other.getSession(session.id);
    assert.deepEqual([archived, deleted], [false, false]);
  });

  it('keeps its folder in the trash if a snapshot cannot hold all of it', async () => {
    await fixture.repository.commit('Ignore', { '.gitignore': '*.db\n' });
    const first = fixture.window();
    const session = await fixture.completedSession(first);
    await writeFile(join(session.worktreePath, 'work.db'), 'precious');
    await first.deleteSession(session.id);
    await fixture.close(first);
    assert.deepEqual(await inTrash(), [basename(session.worktreePath)]);
    const second = fixture.window();
    await second.undoDelete(session.id);
    assert.equal(await readFile(join(session.worktreePath, 'work.db'), 'utf8'), 'precious');
  });
});
