import assert from 'node:assert/strict';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { SessionSummary } from '../../../src/supervisor/api';
import type { Supervisor } from '../../../src/supervisor/supervisor';
import { until, Workshop } from './workshop';

describe('worktrees of sessions', () => {
  let workshop: Workshop;
  beforeEach(async () => {
    workshop = await Workshop.create();
  });
  afterEach(async () => {
    await workshop.end();
  });

  async function finished(window: Supervisor, prompt = 'edit notes.txt hello'): Promise<SessionSummary> {
    const { id } = await window.createSession({ repository: workshop.repository.path, prompt, agent: 'demo' });
    return await until(window, id, (session) => session.status === 'Completed', 'the end');
  }
  const notes = async ({ worktreePath }: SessionSummary): Promise<string> => await readFile(join(worktreePath, 'notes.txt'), 'utf8');
  const inTrash = async (): Promise<string[]> => await readdir(join(workshop.repository.path, '.corral/trash')).catch(() => []);

  it('frees the disk of a deleted session, and brings everything back from its snapshot', async () => {
    const first = workshop.window();
    const session = await finished(first);
    assert.deepEqual(await first.surveyWorktree(session.id), { changedFiles: 0, untrackedFiles: 1, commits: 0, replaceable: [] });
    await first.deleteSession(session.id);
    assert.equal(await first.surveyWorktree(session.id), undefined);
    await workshop.close(first); // waits for what goes on in the background
    assert.deepEqual(await inTrash(), []);
    const second = workshop.window();
    await second.undoDelete(session.id);
    assert.equal(await notes(session), 'hello\n');
    assert.equal((await second.getSession(session.id)).deleted, false);
  });

  it('restores a worktree that vanished, and runs in nothing else meanwhile', async () => {
    const window = workshop.window();
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

  it('deletes a session whose worktree vanished, and brings it back', async () => {
    const window = workshop.window();
    const session = await finished(window);
    await rm(session.worktreePath, { recursive: true });
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.equal(await notes(session), 'hello\n');
  });

  it('archives: history and work stay, the folder goes; and back', async () => {
    const window = workshop.window();
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
    const [one, other] = [workshop.window(), workshop.window()];
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
    await workshop.repository.commit('Ignore', { '.gitignore': '*.db\n' });
    const first = workshop.window();
    const session = await finished(first);
    await writeFile(join(session.worktreePath, 'work.db'), 'precious');
    await first.deleteSession(session.id);
    await workshop.close(first);
    assert.deepEqual(await inTrash(), [session.id]);
    const second = workshop.window();
    await second.undoDelete(session.id);
    assert.equal(await readFile(join(session.worktreePath, 'work.db'), 'utf8'), 'precious');
  });
});
