import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Frame, Locator } from 'playwright-core';
import { projectRoot } from '../../support/project';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import type { Window } from '../../support/vscode/window';

describe('answering at home', () => {
  let window: Window;
  let sessions: SessionsView;
  const asking = { driver: 'claude', path: join(projectRoot, 'test/support/agents/askingAgent.mjs') };
  useWindow(
    () => ({
      repository: { name: 'countdown' },
      server: { settings: { 'corral.agents': { asking }, 'corral.defaultAgent': 'asking' } },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  async function begin(prompt: string): Promise<{ timeline: Frame; card: Locator }> {
    await window.runCommand('Corral: New Session');
    await window.answerInput(prompt);
    const row = sessions.row(prompt);
    await row.waitFor();
    await row.click();
    const timeline = await window.timeline(prompt, '[data-testid=permission]');
    return { timeline, card: timeline.locator('.permission.pending') };
  }

  it('shows a command, an edit and a plan as what they are, and denies with a reason (2)', async () => {
    const { timeline, card } = await begin('command edit plan');
    await card.getByText('Allow this command?').waitFor();
    const command = (await card.getByLabel('Command').textContent()) ?? '';
    assert.equal(command.split('\n').length, 5, command);
    await card.getByText('Pushes to a remote repository').waitFor();
    await window.picture('at-home-2-command');
    // Keys of other places answer nothing.
    await timeline.getByRole('feed').press('Control+Enter');
    await card.getByRole('button', { name: 'Deny with Reason…' }).click();
    await card.getByRole('textbox', { name: 'Reason' }).fill('Do not push');
    await card.getByRole('button', { name: 'Deny', exact: true }).last().click();
    await timeline.getByText('It was told: Do not push').waitFor();

    await card.getByText('Allow this change?').waitFor();
    await card.locator('.diff-removed').filter({ hasText: 'let b = 2;' }).waitFor();
    await card.locator('.diff-added').filter({ hasText: 'const b = 3;' }).waitFor();
    await window.picture('at-home-2-edit');
    await card.focus();
    await card.press('Control+Enter');

    await card.getByText('Approve this plan?').waitFor();
    await card.getByRole('heading', { name: 'Plan' }).waitFor();
    await window.picture('at-home-2-plan');
    await card.getByRole('button', { name: 'Allow', exact: true }).click();
    await timeline.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });
});
