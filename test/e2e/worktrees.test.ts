import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { readdirIfExists } from '../../src/common/readdirIfExists';
import type { TestRepository } from '../support/repository';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';
import { waitFor } from '../support/wait';

describe('the worktree of a session', () => {
  let repository: TestRepository;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({ repository: { name: 'greeter' } }),
    async (opened) => {
      ({ repository, window, sessions } = opened);
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session…');
      await window.answerInput('edit README.md More; edit notes.txt precious');
      await sessions.row('Completed').waitFor();
    },
  );

  const worktrees = async (): Promise<string[]> => await readdir(join(repository.path, '.corral/worktrees'));
  const notes = async (): Promise<string> => {
    const [id = ''] = await worktrees();
    return await readFile(join(repository.path, '.corral/worktrees', id, 'notes.txt'), 'utf8').catch(() => '');
  };

  /** Presses Undo in the notification with these words, since an older one may have the same button. */
  const undo = async (words: string): Promise<void> =>
    await window.notification(words).getByRole('button', { name: 'Undo', exact: true }).click();

  it('can be compared with a snapshot and restored to it', async () => {
    const [id = ''] = await worktrees();
    const file = join(repository.path, '.corral/worktrees', id, 'notes.txt');
    await writeFile(file, 'spoiled');
    await window.runCommand('Corral: Snapshots');
    await window.quickInput.getByText('2 files, +').first().waitFor();
    await window.picture('snapshots');
    await window.pick('After turn 1');
    await window.picture('snapshot actions');
    await window.pick('Compare with Now');
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'spoiled' }).first().waitFor();
    await window.closeEditors();
    await window.runCommand('Corral: Snapshots');
    await window.pick('After turn 1');
    await window.pick('Restore the Files');
    await waitFor(async () => (await notes()) === 'precious\n', { what: 'the file as it was' });
    await undo('A snapshot keeps what they were before');
    await window.notification('are as they were before').waitFor();
    assert.equal(await notes(), 'spoiled');
    await writeFile(file, 'precious\n');
  });

  it('is described before it is deleted, and comes back with Undo', async () => {
    await window.runCommand('Corral: Delete Session');
    await window.page.getByText('Its worktree holds 1 changed file and 1 new file.').waitFor();
    await window.picture('delete session');
    await window.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await waitFor(async () => (await worktrees()).length === 0, { what: 'the worktree to go' });
    await undo('Deleted');
    await sessions.row('Completed').waitFor();
    await waitFor(async () => (await notes()) === 'precious\n', { what: 'the file to come back' });
  });

  it('is made again on request if it is missing', async () => {
    const [id = ''] = await worktrees();
    await rm(join(repository.path, '.corral/worktrees', id), { recursive: true });
    await window.runCommand('Corral: Resume Session');
    await window.page.getByRole('button', { name: 'Restore Worktree', exact: true }).click();
    await waitFor(async () => (await notes()) === 'precious\n', { what: 'the file to come back' });
    assert.equal(await readFile(join(repository.path, 'README.md'), 'utf8'), '# A repository for tests\n');
  });

  it('shows its size, and drops only folders that tools fill again', async () => {
    const [id = ''] = await worktrees();
    const folder = join(repository.path, '.corral/worktrees', id);
    await writeFile(join(repository.path, '.git/info/exclude'), '/.corral/\nnode_modules/\n');
    await writeFile(join(folder, 'package.json'), '{}');
    await mkdir(join(folder, 'node_modules/large'), { recursive: true });
    await writeFile(join(folder, 'node_modules/large/file'), 'x'.repeat(3_000_000));
    await window.runCommand('Corral: Manage Worktrees');
    await window.quickInput.getByText('Remove node_modules only').waitFor();
    await window.picture('manage worktrees');
    await window.pick('edit README.md');
    await window.quickInput.getByText('Delete Session…').waitFor(); // the list before has an entry with the same name
    await window.pick('Remove node_modules Only');
    await window.page.getByText('node_modules (2.9 MB)').waitFor();
    await window.picture('drop folders');
    await window.page.getByRole('button', { name: 'Remove', exact: true }).click();
    await window.notification('Freed 2.9 MB').waitFor();
    assert.deepEqual((await readdir(folder)).sort(), ['.git', 'README.md', 'notes.txt', 'package.json']);
    await rm(join(folder, 'package.json'));
  });

  it('of the next session is made ready while its prompt is written, and removed on request', async () => {
    const spares = async (): Promise<string[]> => await readdirIfExists(join(repository.path, '.corral/spares'));
    await window.runCommand('Corral: New Session…');
    await window.quickInput.locator('input').pressSequentially('Wri');
    await waitFor(async () => (await spares()).length === 1, { what: 'the worktree that is ready' });
    await window.page.keyboard.press('Escape');
    await window.runCommand('Corral: Manage Worktrees');
    await window.quickInput.getByText('in 2 folders').waitFor();
    await window.picture('manage worktrees with a ready one');
    await window.pick('Remove the worktree that is ready for the next session');
    await window.notification('Freed').waitFor();
    assert.deepEqual(await spares(), []);
    assert.equal((await worktrees()).length, 1);
  });

  it('goes when its session is archived, and comes back when it is unarchived', async () => {
    await window.runCommand('Corral: Archive Session');
    await waitFor(async () => (await worktrees()).length === 0 && (await sessions.rows()).length === 0, {
      what: 'the row and the worktree to go',
    });
    await window.runCommand('Corral: Unarchive Session');
    await sessions.row('Completed').waitFor();
    assert.equal(await notes(), 'precious\n');
  });

  it('is the start of another session, by a snapshot', async () => {
    await window.runCommand('Corral: Snapshots');
    await window.pick('After turn 1');
    await window.pick('New Session from It');
    await window.answerInput('read notes.txt');
    await sessions.row('read notes.txt', 'Completed').waitFor();
    const [one = '', other = ''] = await worktrees();
    for (const id of [one, other])
      assert.equal(await readFile(join(repository.path, '.corral/worktrees', id, 'notes.txt'), 'utf8'), 'precious\n');
  });

  it('of a new session can have the uncommitted files, which are named first', async () => {
    await repository.write('draft.txt', 'a draft\n');
    await repository.write('README.md', '# Another title\n');
    await window.runCommand('Corral: New Session…');
    await window.quickInput.getByRole('button', { name: 'Choose the Base' }).click();
    const entry = window.quickInput.getByRole('option').filter({ hasText: 'HEAD with my uncommitted changes' });
    await entry
      .filter({ hasText: '1 changed file and 1 new file' })
      .filter({ hasText: 'README.md and draft.txt' })
      .waitFor();
    await window.picture('uncommitted changes');
    await entry.click();
    await window.quickInput.getByText('from HEAD with 1 changed file and 1 new file').waitFor();
    await window.page.keyboard.press('Escape');
    await repository.git('stash', '--include-untracked');
  });
});
