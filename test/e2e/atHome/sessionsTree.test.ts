import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { BrowserContext } from 'playwright-core';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import { Window } from '../../support/vscode/window';

const LONG = 'edit orchard.txt apples and pears of this year; talk The whole orchard is written down.';
const ASKS = 'ask git status --short; talk It was looked at.';
const ASKS_AGAIN = 'ask git log --oneline; talk The log was read.';
const RUNS = 'slow 4000 50ms';
const QUEUED = 'talk The last in the queue.';

describe('the tree of sessions', () => {
  let window: Window;
  let sessions: SessionsView;
  let context: BrowserContext;
  useWindow(
    () => ({ repository: { name: 'orchard' }, server: { settings: { 'corral.maxConcurrentRuns': 1 } } }),
    async (opened) => {
      ({ context, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  async function start(prompt: string): Promise<void> {
    await window.runCommand('Corral: New Session…');
    await window.answerInput(prompt);
  }

  it('shows the whole title of a session at any width (3)', async () => {
    await start(LONG);
    const row = sessions.row('apples and pears', 'Completed');
    await row.waitFor();
    const label = await row.locator('.label-name').first().textContent();
    assert.match(label ?? '', /^edit orchard\.txt apples and pears of this year; talk/);
    await waitFor(
      async () => /\+1 −0 · (now|\dm)$/.test((await row.locator('.label-description').textContent()) ?? ''),
      {
        what: 'a short description',
      },
    );
    await window.picture('at-home-3-titles');
  });

  it('has the changed files, the runs and the worktree of a session below it (3)', async () => {
    await sessions.row('apples and pears').locator('.monaco-tl-twistie').click();
    await sessions.row('Run 1').waitFor();
    await sessions.row('Worktree').waitFor();
    await sessions.row('Changes').locator('.monaco-tl-twistie').click();
    await window
      .treeItems('Sessions')
      .filter({ hasText: /^orchard\.txt/ })
      .waitFor();
    await window.picture('at-home-3-details');
    await sessions.row('apples and pears').locator('.monaco-tl-twistie').click();
  });

  it('calls where a session needs a person, and marks ends that nobody saw (11)', async () => {
    await sessions.row('apples and pears', 'not seen yet').waitFor();
    await start(ASKS);
    await sessions.row('needs input').waitFor();
    await window.page.getByRole('tab', { name: 'Corral - 1 needs you' }).waitFor();
    assert.match((await sessions.rows())[0] ?? '', /ask git status/);
    await window.page.getByRole('button', { name: /^Corral: 1 needs input, 1 ended/ }).click();
    await window.pick('ask git status');
    const frame = await window.webview('[data-testid=permission]');
    await window.picture('at-home-11-question');
    await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await sessions.row('ask git status', 'Completed').waitFor();
    await sessions.row('apples and pears').click();
    await sessions.row('apples and pears', 'not seen yet').waitFor({ state: 'detached' });
    await window.runCommand('Corral: Group by Status');
    await sessions.row('Completed, 2 sessions').waitFor();
    await window.runCommand('Corral: Group by Repository');
  });

  it('gives the place of who waits for a person to the next, and goes on at once when answered (12)', async () => {
    await start(ASKS_AGAIN);
    await sessions.row('needs input: git log').waitFor();
    await start(RUNS);
    await sessions.row(RUNS, 'Running').waitFor();
    await start(QUEUED);
    await sessions.row(QUEUED).filter({ hasText: '1 of 1 running' }).waitFor();
    await window.picture('at-home-12-queue');
    await sessions.act('needs input: git log', 'Allow', sessions.row('ask git log', 'Completed'));
    await sessions.row(QUEUED, 'Starting').waitFor();
    await sessions.row(RUNS, 'Running').waitFor();
  });

  it('says Stopped where a person stopped the session (13)', async () => {
    await sessions.act(RUNS, 'Stop Session', sessions.row(RUNS, 'Stopped'));
    assert.doesNotMatch((await sessions.row(RUNS).getAttribute('aria-label')) ?? '', /Failed/);
    assert.equal(await sessions.row(RUNS, 'not seen yet').count(), 0, 'it is no news to who stopped it');
    await sessions.row(QUEUED, 'Completed').waitFor();
    await window.picture('at-home-13-stopped');
  });

  it('names the window of a worktree after its session, selects its row, and leads back (17)', async () => {
    const opened = Window.next(context);
    await sessions.row('apples and pears').click();
    await window.runCommand('Corral: Open Worktree in New Window');
    const second = await opened;
    assert.match(
      decodeURIComponent(second.page.url()),
      /\.corral\/worktrees\/edit-orchard-txt[a-z-]{0,7}-[a-z2-7]{12}$/,
    );
    const own = second.page.getByRole('button', { name: /^⎇ edit orchard\.txt apples and pears.* · back to orchard/ });
    await own.waitFor();
    await second.showContainer('Corral');

    await second
      .treeItems('Sessions')
      .and(second.page.getByRole('treeitem', { name: 'apples', selected: true }))
      .waitFor();
    await second.picture('at-home-17-worktree');
    const back = context.waitForEvent('page');
    await own.click();
    const third = await back;
    await third.waitForURL(/\/orchard$/);
    await third.close();
    await second.close();
  });

  it('opens the timeline of the demo and hides no session by it (10)', async () => {
    await window.runCommand('Corral: Try the Demo');
    await window.timeline('Demo');
    await sessions.row('Demo').waitFor();
    await sessions.row('apples and pears').waitFor();
    await window.picture('at-home-10-demo');
  });
});
