import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import type { TestRepository } from '../../support/repository';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { Window } from '../../support/vscode/window';

const PROMPT = 'edit notes.txt hello; ask git status --short; talk It was looked at.';
const TITLE = 'edit notes.txt';
const MESSAGE = 'edit more.txt world; talk More was written.';
const LONG = 'slow 4000 50ms';
const SHORT = 'slow 60 50ms; talk That was quick.';
/** More than any page of ours has stops. */
const MAX_TABS = 60;

describe('by keyboard alone', () => {
  let repository: TestRepository;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    // A new session's list is in sight, where a question needs no notice otherwise.
    () => ({
      repository: { name: 'greeter' },
      server: { settings: { 'corral.notifications': { questions: 'always' } } },
    }),
    async (opened) => {
      ({ repository, window, sessions } = opened);
      await window.containerTab('Corral').waitFor();
    },
  );

  async function press(...keys: string[]): Promise<void> {
    for (const key of keys) await window.page.keyboard.press(key);
  }

  /** Starts a session by the key of New Session, as soon as VS Code knows that key. */
  async function start(prompt: string): Promise<void> {
    await waitFor(
      async () => {
        await press('Escape', 'Control+K', 'Alt+N');
        await window.quickInput.locator('input:focus').waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'the input of New Session' },
    );
    await window.page.keyboard.insertText(prompt);
    await press('Enter');
  }

  /** Presses Tab until the page's focus is within `selector`. */
  async function tabTo(frame: Frame, selector: string): Promise<void> {
    for (let count = 0; count < MAX_TABS; count++) {
      if ((await frame.locator(`:is(${selector}):focus, :is(${selector}) :focus`).count()) > 0) return;
      await press('Tab');
    }
    assert.fail(`Tab does not lead to ${selector}`);
  }

  /** The names that a screen reader reads of the row and of the timeline's events, which stand for what is seen. */
  async function saysAll(frame: Frame): Promise<void> {
    const row = await window.page.getByRole('tree', { name: 'Sessions' }).ariaSnapshot();
    assert.match(row, /treeitem "edit notes\.txt .*, demo, Completed, .*, 2 files, \+2 −0" \[level=1\] \[selected\]/);
    const page = await frame.locator('body').ariaSnapshot();
    const articles = [...page.matchAll(/article "(.+), \d\d:\d\d:\d\d"/g)].map(([, name = '']) => name);
    assert.deepEqual(articles, [
      'Run started',
      'Your message',
      'Tool call Write notes.txt',
      'Tool call git status --short',
      'Agent message',
      'Turn ended',
      'Run started',
      'Your message',
      'Tool call Write more.txt',
      'Agent message',
      'Turn ended',
    ]);
    for (const text of [/group "Diff of more\.txt": \+ world/, /\+1 −0 OK/, /textbox "Message the agent"/])
      assert.match(page, text);
  }

  it('goes from anywhere to the question, answers it, sends a message and reviews the changes (6)', async () => {
    await start(PROMPT);
    await window.page.getByRole('tab', { name: 'Corral - 1 needs you' }).waitFor();
    await press('Control+Shift+E'); // the list of sessions was never shown
    await window.page.getByRole('tree', { name: 'Files Explorer' }).waitFor();
    const asked = window.notification('It was… needs input: git status --short');
    await asked.waitFor();
    await press('Control+K', 'Alt+Q');
    const frame = await window.timeline(TITLE, '.permission.pending');
    await sessions.row(TITLE).and(window.page.locator('[aria-selected=true]')).waitFor();
    await asked.waitFor({ state: 'hidden' }); // the card says more
    await frame.locator('.permission.pending:focus').waitFor();
    await window.picture('at-home-6-question-by-key');
    const asking = await frame.locator('body').ariaSnapshot();
    assert.match(
      asking,
      /region "Allow this command\? git status --short":[^]*button "Allow"[^]*button "Deny with Reason…"/,
    );
    assert.match(asking, /status: Waiting for your answer/);
    await press('Control+Enter');
    await sessions.row(TITLE, 'Completed').waitFor();
    await tabTo(frame, '.footer textarea');
    await window.page.keyboard.insertText(MESSAGE);
    await press('Control+Enter');
    await frame.getByText('More was written.').last().waitFor();
    await sessions.row('+2 −0', 'Completed').waitFor();
    await saysAll(frame);
    await press('Control+K', 'Alt+R');
    await window.page.getByRole('tab', { name: /^edit notes\.txt .* \(2 files\)/ }).waitFor();
    await window.page.locator('.multiDiffEntry .view-line', { hasText: 'world' }).first().waitFor();
  });

  it('keeps the focus in the list and in its filter while rows change', async () => {
    await start(SHORT);
    await sessions.row(SHORT, 'Running').waitFor();
    await press('Control+K', 'Alt+C');
    const focused = window.page.getByRole('tree', { name: 'Sessions' }).locator(':scope:focus, :focus');
    await focused.first().waitFor();
    await press('Control+F');
    const input = window.quickInput.locator('input[type=text]:focus');
    await input.waitFor();
    await window.page.keyboard.insertText('slow');
    await waitFor(async () => (await sessions.rows()).length === 1, { what: 'the one row that fits' });
    await sessions.row(SHORT, 'Completed').waitFor();
    assert.equal(await input.inputValue(), 'slow');
    await window.picture('at-home-20-filter');
    await press('Escape');
    await waitFor(async () => (await sessions.rows()).length === 2, { what: 'all rows' });
    await focused.first().waitFor();
  });

  it('stops, deletes, archives and brings back', async () => {
    await start(LONG);
    await sessions.row(LONG, 'Running').waitFor();
    await press('Control+K', 'Alt+S');
    await sessions.row(LONG, 'Stopped').waitFor();
    await press('Control+K', 'Alt+C', 'Home', 'Delete');
    const dialog = window.page.getByRole('dialog').filter({ hasText: `Delete “${LONG}”?` });
    await dialog.waitFor();
    await press('Enter');
    await waitFor(async () => (await sessions.rows()).length === 2, { what: 'the row to go' });
    const deleted = window.notification('Deleted “');
    await deleted.waitFor();
    await window.runCommand('Corral: Undo Delete');
    await sessions.row(LONG, 'Stopped').waitFor();
    await deleted.waitFor({ state: 'hidden' }); // its Undo would change nothing
    await press('Control+K', 'Alt+C', 'Home', 'Space');
    await window.runCommand('Corral: Archive Session');
    await waitFor(async () => (await sessions.rows()).length === 2, { what: 'the row to go' });
    await window.runCommand('Corral: Unarchive Session');
    await sessions.row(LONG, 'Stopped').waitFor();
    assert.equal(await repository.git('status', '--porcelain'), '');
  });

  it('leaves Source Control, Problems and the Timeline view as they were', async () => {
    await window.page.getByRole('button', { name: /^No Problems/ }).waitFor();
    await press('Control+Shift+G');
    await window.page.locator('.scm-view').first().waitFor();
    assert.equal(
      await window.page.locator('.scm-view .monaco-list-row', { hasText: /notes|more\.txt|\.corral/ }).count(),
      0,
    );
    assert.equal(await window.page.getByRole('tab', { name: /^Source Control.* - \d+ pending/ }).count(), 0);
  });
});
