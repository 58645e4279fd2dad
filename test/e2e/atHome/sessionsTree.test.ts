import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { Window } from '../../support/vscode/window';

const LONG = 'edit orchard.txt apples and pears of this year; talk The whole orchard is written down.';
const ASKS = 'ask git status --short; talk It was looked at.';
const RUNS = 'slow 4000 50ms';

describe('the tree of sessions', () => {
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({ repository: { name: 'orchard' } }),
    async (opened) => {
      ({ window, sessions } = opened);
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
    await window.page.getByRole('button', { name: /^Corral: 1 running, 1 needs input, 1 ended/ }).click();
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

  it('says Stopped where a person stopped the session (13)', async () => {
    await start(RUNS);
    await sessions.row(RUNS, 'Running').waitFor();
    await sessions.act(RUNS, 'Stop Session');
    await sessions.row(RUNS, 'Stopped').waitFor();
    assert.doesNotMatch((await sessions.row(RUNS).getAttribute('aria-label')) ?? '', /Failed/);
    assert.equal(await sessions.row(RUNS, 'not seen yet').count(), 0, 'it is no news to who stopped it');
    await window.picture('at-home-13-stopped');
  });

  it('opens the timeline of the demo and hides no session by it (10)', async () => {
    await window.runCommand('Corral: Try the Demo');
    await window.timeline('Demo');
    await sessions.row('Demo').waitFor();
    await sessions.row('apples and pears').waitFor();
    await window.picture('at-home-10-demo');
  });
});
