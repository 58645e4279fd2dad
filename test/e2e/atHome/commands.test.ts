import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import { waitFor } from '../../support/wait';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import type { Window } from '../../support/vscode/window';

describe('commands and the preview timeline', () => {
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({ repository: { name: 'greeter' }, server: { environment: { CORRAL_DEMO_SPEED: '10' } } }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  const tabs = (): Locator => window.page.locator('.tabs-container').getByRole('tab');
  const tabNames = async (): Promise<string[]> => await tabs().allTextContents();
  const isRowFocused = async (text: string): Promise<boolean> =>
    /(^| )focused( |$)/.test(
      (await window.page
        .locator('.monaco-list-row', { has: sessions.row(text) })
        .or(sessions.row(text))
        .first()
        .getAttribute('class')) ?? '',
    );
  const start = async (prompt: string): Promise<void> => {
    await window.runCommand('Corral: New Session…');
    await window.answerInput(prompt);
    await sessions.row(prompt, 'Completed').waitFor();
  };

  it('opens one preview timeline by clicks, which a double-click or Enter keeps (7)', async () => {
    for (const name of ['alpha', 'beta', 'gamma']) await start(`edit ${name} hello`);
    await sessions.row('edit alpha').click();
    await window.timeline('edit alpha');
    await sessions.row('edit beta').click();
    await window.timeline('edit beta');
    await waitFor(async () => (await tabNames()).length === 1, { what: 'one tab' });
    assert.ok(await isRowFocused('edit beta'));
    await window.page.keyboard.press('ArrowDown');
    assert.ok(await isRowFocused('edit alpha'), 'the keys are still for the tree');
    await window.picture('at-home-7-preview');
    await window.page.keyboard.press('Enter');
    await window.timeline('edit alpha');
    await sessions.row('edit gamma').click();
    await window.timeline('edit gamma');
    await waitFor(async () => (await tabNames()).length === 2, { what: 'the kept tab and the preview' });
    await window.runCommand('Go Back');
    await window.timeline('edit alpha');
    await window.reloadByCommand();
    await window.timeline('edit alpha');
    await waitFor(async () => (await tabNames()).length === 2, { what: 'both tabs again' });
  });

  it('takes a command for the timeline or the review in front, else for the selected row (6)', async () => {
    await sessions.row('edit gamma').click();
    await window.timeline('edit gamma');
    await window.runCommand('Corral: Rename Session');
    await waitFor(async () => (await window.quickInput.locator('input').first().inputValue()).includes('gamma'), {
      what: 'the title of the timeline in front',
    });
    await window.page.keyboard.press('Escape');
    await window.runCommand('Corral: Review Changes');
    await window.page.getByRole('tab', { name: 'edit gamma hello (1 file)' }).waitFor();
    await window.page.getByRole('button', { name: 'Apply Changes to Checkout…' }).waitFor();
    await window.picture('at-home-6-review');
    await window.runCommand('Corral: Rename Session');
    await waitFor(async () => (await window.quickInput.locator('input').first().inputValue()).includes('gamma'), {
      what: 'the title of the review in front',
    });
    await window.page.keyboard.press('Escape');
    await window.runCommand('View: Close All Editors');
    await window.runCommand('Corral: Rename Session');
    await window.quickInput.locator('input').first().waitFor();
    await window.page.keyboard.press('Escape');
  });
});
