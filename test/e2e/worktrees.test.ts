import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import * as v from 'valibot';
import { runWithNode } from '../../src/common/processes/nodeProcess';
import { newId } from '../../src/storage/ids';
import { Git } from '../../src/supervisor/git/git';
import { findRepository } from '../../src/supervisor/git/repository';
import { createWorktree, planWorktree } from '../../src/supervisor/git/worktrees/worktreeCreation';
import type { TestRepository } from '../support/repository';
import type { SessionsView } from '../support/vscode/sessionsView';
import { skip } from '../support/skip';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const messageRecord = v.object({ data: v.object({ role: v.string(), text: v.string() }) });

describe('worktrees in the window', () => {
  let repository: TestRepository;
  /** The first folder of the server's PATH. */
  let programs: string;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), 'corral-programs-'));
  });
  useWindow(
    // As from a terminal: else VS Code asks a login shell for the PATH, and what that says is another on each machine.
    () => ({
      repository: { name: 'greeter' },
      server: { environment: { PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`, VSCODE_CLI: '1' } },
    }),
    async (opened) => {
      ({ repository, server, window, sessions } = opened);
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session');
      await window.answerInput('edit README.md More; edit notes.txt precious');
      await sessions.row('Completed').waitFor();
    },
  );
  after(async () => {
    await rm(programs, { recursive: true });
  });

  const worktrees = async (): Promise<string[]> => await readdir(join(repository.path, '.corral/worktrees'));
  const notes = async (): Promise<string> => {
    const [id = ''] = await worktrees();
    return await readFile(join(repository.path, '.corral/worktrees', id, 'notes.txt'), 'utf8').catch(() => '');
  };

  /** By the notification with these words: an older one can have the same button. */
  const undo = async (words: string): Promise<void> =>
    await window.notification(words).getByRole('button', { name: 'Undo', exact: true }).click();

  // The first: a worktree of which a file was opened is a repository to Source Control, as with any file in another one.
  it('keeps ten worktrees out of the Source Control view and of search', async function () {
    if (process.platform === 'win32') skip(this, "what counts VS Code's git is a shell script");
    const found = await findRepository(new Git(runWithNode), repository.path);
    const baseCommit = await repository.git('rev-parse', 'HEAD');
    const made: string[] = [];
    while ((await worktrees()).length < 10) {
      const planned = planWorktree(found, { sessionId: newId(), storeId: 'another' }, 'inside');
      made.push((await createWorktree(planned, baseCommit)).path);
    }
    // Before Source Control first looks for repositories: what it runs, which it marks in the environment, is written down.
    const real = (await promisify(execFile)('sh', ['-c', 'command -v git'])).stdout.trim();
    const note = `[ -z "$VSCODE_GIT_COMMAND" ] || printf '%s\\t%s\\n' "$PWD" "$*" >> '${join(programs, 'ran')}'`;
    await writeFile(join(programs, 'git'), `#!/bin/sh\n${note}\nexec '${real}' "$@"\n`, { mode: 0o755 });
    await window.reload();
    await window.page.getByRole('tab', { name: /^Source Control/ }).click();
    const ran = async (): Promise<string[]> =>
      (await readFile(join(programs, 'ran'), 'utf8')).split('\n').filter((line) => line !== '');
    // Written again until it is seen: VS Code's watcher starts at its leisure.
    const writeUntilShown = async (file: string): Promise<void> => {
      await waitFor(
        async () => {
          await repository.write(file, 'a needle\n');
          await window.page.locator('.scm-view .monaco-list-row', { hasText: file }).waitFor({ timeout: 5_000 });
          return true;
        },
        { what: `${file} in Source Control` },
      );
    };
    await writeUntilShown('first.txt');
    const before = (await ran()).length;
    for (const path of made)
      for (let file = 0; file < 20; file++) await writeFile(join(path, `made ${file}.txt`), 'a needle\n');
    await writeUntilShown('second.txt');
    const lines = await ran();
    assert.deepEqual(
      lines.filter((line) => line.split('\t')[0]?.includes('.corral/worktrees')),
      [],
      'no worktree is a repository to Source Control',
    );
    await window.picture('source control');
    await window.page.getByRole('tab', { name: /^Search/ }).click();
    await window.page.locator('.search-view textarea').first().fill('a needle');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.search-view .messages', { hasText: '2 results in 2 files' }).waitFor();
    await window.picture('search');
    for (const path of made) await repository.git('worktree', 'remove', '--force', '--force', path);
    await repository.git('clean', '--quiet', '--force');
    await window.showContainer('Corral');
    if (this.test !== undefined)
      this.test.title += ` (git processes: ${before} at the start, ${lines.length - before} after 180 files were written there)`;
  });

  it('shows the whole change in the multi-diff editor', async () => {
    await window.runCommand('Corral: Review Changes');
    const editor = window.page.locator('.multiDiffEntry');
    await editor.filter({ hasText: 'README.md' }).first().waitFor();
    await editor.filter({ hasText: 'notes.txt' }).first().waitFor();
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'precious' }).first().waitFor();
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'A repository for tests' }).first().waitFor();
    assert.equal(await window.page.locator('.multiDiffEntry .status', { hasText: 'R' }).count(), 0);
    await window.picture('review changes');
    await window.closeEditors();
  });

  it('takes the change over into the checkout and back, and makes a branch of it', async () => {
    await window.runCommand('Corral: Apply Changes to Checkout');
    await window.pick('As Uncommitted Changes');
    await waitFor(async () => (await repository.git('status', '--porcelain')) === 'M  README.md\nA  notes.txt', {
      what: 'the change in the checkout',
    });
    await undo('staged in your checkout');
    await waitFor(async () => (await repository.git('status', '--porcelain')) === '', {
      what: 'the checkout as it was',
    });
    const head = await repository.git('rev-parse', 'HEAD');
    await window.runCommand('Corral: Apply Changes to Checkout');
    await window.pick('As Commits');
    await waitFor(async () => (await repository.git('show', 'HEAD:notes.txt').catch(() => '')) === 'precious', {
      what: 'the commit',
    });
    await window.notification('on your branch, as commits').waitFor(); // git has the commit before Corral has recorded it
    await window.runCommand('Corral: Undo Apply');
    await waitFor(async () => (await repository.git('rev-parse', 'HEAD')) === head, { what: 'the branch as it was' });
    await window.runCommand('Corral: Make Branch');
    await window.answerInput('greet');
    await waitFor(async () => (await repository.git('show', 'greet:notes.txt').catch(() => '')) === 'precious', {
      what: 'the branch',
    });
  });

  it("pushes the branch and opens a pull request by the person's own gh, which asks in a terminal", async function () {
    if (process.platform === 'win32') skip(this, 'what stands for gh is a shell script');
    const [remote, called] = [join(programs, 'remote.git'), join(programs, 'called')];
    await repository.git('init', '--quiet', '--bare', remote);
    await repository.git('remote', 'add', 'origin', remote);
    const answered = `read title; echo "$title" >> '${called}'; echo 'https://example.com/pull/1'`;
    await writeFile(
      join(programs, 'gh'),
      `#!/bin/sh\nprintf '%s\\n' "$PWD" "$@" > '${called}'\nprintf 'Title? '; ${answered}\n`,
      { mode: 0o755 },
    );
    await window.runCommand('Corral: Open Pull Request');
    await window.answerInput('greet');
    const calls = async (): Promise<string[]> =>
      (await readFile(called, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    await waitFor(async () => (await calls()).length === 4, { what: 'gh to be run' });
    await window.page
      .locator('.terminal-wrapper.active .xterm.focus .xterm-rows')
      .filter({ hasText: 'Title?' })
      .waitFor();
    await window.page.keyboard.type('Greet');
    await window.picture('pull request');
    await window.page.keyboard.press('Enter');
    await waitFor(async () => (await calls()).length === 5, { what: 'the answer' });
    assert.deepEqual(await calls(), [repository.path, 'pr', 'create', '--head=greet', 'Greet']);
    assert.equal(await repository.git('--git-dir', remote, 'show', 'greet:notes.txt'), 'precious');
    await window.page.getByRole('button', { name: /^Hide Panel/ }).click();
  });

  it('shows the snapshots of a session, and puts its worktree back to one', async () => {
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

  it('says what would go before it deletes, and brings it back', async () => {
    await window.runCommand('Corral: Delete Session');
    await window.page.getByText('Its worktree holds 1 changed file and 1 new file.').waitFor();
    await window.picture('delete session');
    await window.page.getByRole('button', { name: 'Delete', exact: true }).click();
    await waitFor(async () => (await worktrees()).length === 0, { what: 'the worktree to go' });
    await undo('Deleted');
    await sessions.row('Completed').waitFor();
    await waitFor(async () => (await notes()) === 'precious\n', { what: 'the file to come back' });
  });

  it('offers to restore a worktree that is missing', async () => {
    const [id = ''] = await worktrees();
    await rm(join(repository.path, '.corral/worktrees', id), { recursive: true });
    await window.runCommand('Corral: Resume Session');
    await window.page.getByRole('button', { name: 'Restore Worktree', exact: true }).click();
    await waitFor(async () => (await notes()) === 'precious\n', { what: 'the file to come back' });
    assert.equal(await readFile(join(repository.path, 'README.md'), 'utf8'), '# A repository for tests\n');
  });

  it('shows what each worktree takes, and drops only what tools fill again', async () => {
    const [id = ''] = await worktrees();
    const folder = join(repository.path, '.corral/worktrees', id);
    await writeFile(join(repository.path, '.git/info/exclude'), '/.corral/\nnode_modules/\n');
    await mkdir(join(folder, 'node_modules/large'), { recursive: true });
    await writeFile(join(folder, 'node_modules/large/file'), 'x'.repeat(3_000_000));
    await window.runCommand('Corral: Manage Worktrees');
    await window.quickInput.getByText('Remove node_modules only').waitFor();
    await window.picture('manage worktrees');
    await window.pick('edit README.md');
    await window.quickInput.getByText('Delete Session…').waitFor(); // the first list has an entry of the same name
    await window.pick('Remove node_modules Only');
    await window.page.getByText('node_modules (2.9 MB)').waitFor();
    await window.picture('drop folders');
    await window.page.getByRole('button', { name: 'Remove', exact: true }).click();
    await window.notification('Freed 2.9 MB').waitFor();
    assert.deepEqual((await readdir(folder)).sort(), ['.git', 'README.md', 'notes.txt']);
  });

  it('archives a session and takes it out again', async () => {
    await window.runCommand('Corral: Archive Session');
    await waitFor(async () => (await worktrees()).length === 0 && (await sessions.rows()).length === 0, {
      what: 'the row and the worktree to go',
    });
    await window.runCommand('Corral: Unarchive Session');
    await sessions.row('Completed').waitFor();
    assert.equal(await notes(), 'precious\n');
  });

  it('starts a session from the snapshot of another', async () => {
    await window.runCommand('Corral: Snapshots');
    await window.pick('After turn 1');
    await window.pick('New Session from It');
    await window.answerInput('read notes.txt');
    await sessions.row('read notes.txt').filter({ hasText: 'Completed' }).waitFor();
    const [one = '', other = ''] = await worktrees();
    for (const id of [one, other])
      assert.equal(await readFile(join(repository.path, '.corral/worktrees', id, 'notes.txt'), 'utf8'), 'precious\n');
  });

  it('sends the remarks on the change to the agent as one follow-up', async () => {
    await sessions.act('edit README.md', 'Review Changes');
    const remark = async (file: string, text: string): Promise<Locator> => {
      const entry = window.page
        .locator('.multiDiffEntry')
        .filter({ has: window.page.locator('.label-name', { hasText: file }) });
      await entry.locator('.editor.modified .comment-range-glyph').first().click();
      const box = entry.locator('.review-widget');
      await box.locator('.monaco-editor.focused').waitFor();
      await window.page.keyboard.type(text);
      await box.getByRole('button', { name: 'Add Comment' }).click();
      await box.getByText('Not sent yet').waitFor();
      return box;
    };
    await remark('notes.txt', 'Say who found it');
    const box = await remark('README.md', 'Say more of what');
    await window.picture('remarks');
    await box.getByRole('button', { name: 'Send Review to Agent' }).click();
    await window.notification('Sent your 2 comments to the agent').waitFor();
    await box.waitFor({ state: 'detached' });
    await window.picture('remarks sent');
    const records = join(server.globalStorage, 'sessions');
    const sent = async (): Promise<string[]> => {
      const files = (await readdir(records, { recursive: true })).filter((each) => each.endsWith('events.jsonl'));
      const lines = (await Promise.all(files.map(async (each) => await readFile(join(records, each), 'utf8'))))
        .join('')
        .split('\n');
      const messages = lines.flatMap((line) =>
        line.includes('"kind":"message"') ? [v.parse(messageRecord, JSON.parse(line)).data] : [],
      );
      return messages
        .filter(({ role, text }) => role === 'user' && text.includes('I have reviewed your changes'))
        .map(({ text }) => text);
    };
    await waitFor(async () => (await sent()).length > 0, { what: 'the follow-up' });
    const place = (number: number, path: string, quoted: string, text: string): string =>
      `${number}. ${path}, line 1:\n   > ${quoted}\n   ${text}`;
    assert.deepEqual(await sent(), [
      [
        'I have reviewed your changes. Please work through these 2 remarks:',
        place(1, 'notes.txt', 'precious', 'Say who found it'),
        place(2, 'README.md', '# A repository for tests', 'Say more of what'),
      ].join('\n\n'),
    ]);
    await window.runCommand('Corral: Stop Session');
    await sessions.row('Stopped').waitFor();
  });

  it('names the uncommitted files that would come along into a new session', async () => {
    await repository.write('draft.txt', 'a draft\n');
    await repository.write('README.md', '# Another title\n');
    await window.runCommand('Corral: New Session');
    await window.quickInput.getByRole('button', { name: 'Choose the Base' }).click();
    const entry = window.quickInput.getByRole('option').filter({ hasText: 'HEAD with my uncommitted changes' });
    await entry
      .filter({ hasText: '1 changed file and 1 new file' })
      .filter({ hasText: 'README.md, draft.txt' })
      .waitFor();
    await window.picture('uncommitted changes');
    await entry.click();
    await window.quickInput.getByText('from HEAD with 1 changed file and 1 new file').waitFor();
    await window.page.keyboard.press('Escape');
    await repository.git('stash', '--include-untracked');
  });
});
