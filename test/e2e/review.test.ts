import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import * as v from 'valibot';
import type { TestRepository } from '../support/repository';
import { skip } from '../support/skip';
import { useProgramFolder } from '../support/vscode/programFolder';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import type { Window } from '../support/vscode/window';
import { waitFor } from '../support/wait';

const messageRecord = v.object({ data: v.object({ role: v.string(), text: v.string() }) });

describe("the review of a session's changes", () => {
  const programs = useProgramFolder();
  let repository: TestRepository;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({ repository: { name: 'greeter' }, server: { environment: programs.environment() } }),
    async (opened) => {
      ({ repository, server, window, sessions } = opened);
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session…');
      await window.answerInput('edit README.md More; edit notes.txt precious');
      await sessions.row('Completed').waitFor();
    },
  );

  /** Presses Undo in the notification with these words, since an older one may have the same button. */
  const undo = async (words: string): Promise<void> =>
    await window.notification(words).getByRole('button', { name: 'Undo', exact: true }).click();

  it('shows the whole change in the multi-diff editor', async () => {
    await window.runCommand('Corral: Review Changes');
    const editor = window.page.locator('.multiDiffEntry');
    await editor.filter({ hasText: 'README.md' }).first().waitFor();
    await editor.filter({ hasText: 'notes.txt' }).first().waitFor();
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'precious' }).first().waitFor();
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'A repository for tests' }).first().waitFor();
    assert.equal(await window.page.locator('.multiDiffEntry .status', { hasText: 'R' }).count(), 0);
    await window.picture('review changes');
    const apply = window.page.locator('.editor-actions').getByRole('button', { name: 'Apply Changes to Checkout…' });
    await apply.waitFor();
    await window.reloadByCommand();
    await editor.filter({ hasText: 'notes.txt' }).first().waitFor();
    await apply.waitFor(); // the tab says as before whose review it is
    await window.runCommand('View: Keep Editor');
    await window.runCommand('Corral: Review Changes');
    await window.page.locator('.tab .monaco-icon-label.italic').waitFor(); // a new preview, beside the kept one
    await waitFor(async () => (await window.page.locator('.tab').count()) === 1, {
      what: 'the end of the older review',
    });
    await window.closeEditors();
  });

  it('applies the change to the checkout, undoes that, and makes a branch of it', async () => {
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
    await window.notification('on your branch, as commits').waitFor(); // Corral records the commit after git has it
    await window.runCommand('Corral: Undo Apply');
    await waitFor(async () => (await repository.git('rev-parse', 'HEAD')) === head, { what: 'the branch as it was' });
    await window.runCommand('Corral: Make Branch');
    await window.answerInput('greet');
    await waitFor(async () => (await repository.git('show', 'greet:notes.txt').catch(() => '')) === 'precious', {
      what: 'the branch',
    });
  });

  it("pushes the branch and opens a pull request with the user's own gh, which asks in a terminal (B3)", async function () {
    if (process.platform === 'win32') skip(this, 'the stand-in for gh is a shell script');
    const [remote, called] = [programs.path('remote.git'), programs.path('called')];
    await repository.git('init', '--quiet', '--bare', remote);
    await repository.git('remote', 'add', 'origin', remote);
    const answered = `read title; echo "$title" >> '${called}'; echo 'https://example.com/pull/1'`;
    await programs.addScript('gh', `printf '%s\\n' "$PWD" "$@" > '${called}'\nprintf 'Title? '; ${answered}`);
    const { page } = window;
    const dialog = page.locator('.monaco-dialog-box');
    const spy = programs.path('spy.git');
    await repository.git('init', '--quiet', '--bare', spy);
    await repository.git('remote', 'add', 'spy', spy);
    await repository.git('config', 'remote.pushDefault', 'spy');
    await window.runCommand('Corral: Open Pull Request');
    await window.pick('spy.git');
    await dialog.getByText(spy).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await repository.git('--git-dir', spy, 'for-each-ref'), '', 'nothing is pushed without an answer');
    await repository.git('remote', 'remove', 'spy');
    await window.runCommand('Corral: Open Pull Request');
    await dialog.getByText('remote.git').waitFor();
    await dialog.getByRole('button', { name: 'Push', exact: true }).click();
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

  it('sends the comments on the change to the agent as one message', async () => {
    const entries = window.page.locator('.multiDiffEntry');
    await sessions.act('edit README.md', 'Review Changes', entries.first());
    const comment = async (file: string, text: string): Promise<Locator> => {
      const entry = entries.filter({ has: window.page.locator('.label-name', { hasText: file }) });
      await entry.locator('.editor.modified .comment-range-glyph').first().click();
      const box = entry.locator('.review-widget');
      await box.locator('.monaco-editor.focused').waitFor();
      await window.page.keyboard.type(text);
      await box.getByRole('button', { name: 'Add Comment' }).click();
      await box.getByText('Not sent yet').waitFor();
      return box;
    };
    await comment('notes.txt', 'Say who found it');
    const box = await comment('README.md', 'Say more of what');
    await window.picture('comments');
    await box.getByRole('button', { name: 'Send Review to Agent' }).click();
    await window.notification('Sent your 2 comments to the agent').waitFor();
    await box.waitFor({ state: 'detached' });
    await window.picture('comments sent');
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
});
