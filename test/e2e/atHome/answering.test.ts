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

  async function begin(prompt: string): Promise<{ row: Locator; timeline: Frame; card: Locator }> {
    await window.runCommand('Corral: New Session…');
    await window.answerInput(prompt);
    const row = sessions.row(prompt);
    await row.waitFor();
    await row.click();
    const timeline = await window.timeline(prompt, '[data-testid=permission]');
    return { row, timeline, card: timeline.locator('.permission.pending') };
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
    await timeline.getByRole('feed').press('Control+Backspace');
    assert.match(
      (await card.getByRole('button', { name: 'Allow', exact: true }).getAttribute('title')) ?? '',
      /^Ctrl\+Enter/,
    );
    await card.getByRole('button', { name: 'Deny with Reason…' }).click();
    await card.getByRole('textbox', { name: 'Reason' }).fill('Do not push');
    await card.getByRole('button', { name: 'Deny with Reason', exact: true }).click();
    const denied = timeline.locator('[data-kind="tool.call"]').filter({ hasText: 'Do not push' });
    await denied.getByText('Denied').waitFor();
    assert.doesNotMatch(await denied.innerText(), /Do not push[^]*Do not push/);
    await denied.getByRole('button').first().click();
    await denied.getByText('It was told: Do not push').waitFor();

    await card.getByText('Allow this change?').waitFor();
    await card.locator('.diff-removed').filter({ hasText: 'let b = 2;' }).waitFor();
    await card.locator('.diff-added').filter({ hasText: 'const b = 3;' }).waitFor();
    await window.picture('at-home-2-edit');
    await card.focus();
    await card.press('Control+Enter');
    // Who answers by key can go on by key.
    await card.filter({ hasText: 'Allow this change?' }).waitFor({ state: 'detached' });
    assert.equal(await timeline.evaluate("document.activeElement.closest('[role=feed]') !== null"), true);

    await card.getByText('Approve this plan?').waitFor();
    await card.getByRole('heading', { name: 'Plan' }).waitFor();
    await window.picture('at-home-2-plan');
    await card.getByRole('button', { name: 'Allow', exact: true }).click();
    await timeline.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('shows all options of a question with their descriptions wherever it can be answered (1)', async () => {
    const { row, timeline, card } = await begin('question questions');
    await card.getByText('Be lenient').waitFor();
    await window.picture('at-home-1-question');
    await row.hover();
    assert.equal(await row.getByRole('button', { name: 'Allow', exact: true }).count(), 0);
    await row.getByRole('button', { name: /^Answer/ }).click();
    await window.quickInput.getByText('Fail loudly').waitFor();
    await window.picture('at-home-1-picker');
    await window.pick('Clamp to zero');
    await timeline
      .locator('.row-line')
      .filter({ hasText: /Should negative durations.*Clamp to zero/ })
      .waitFor();
    await card.getByLabel('Hours').waitFor(); // the card of the next question moves the row
    await timeline.getByRole('button', { name: /Should negative durations/ }).click();
    await timeline
      .getByText('It was told: {"Should negative durations throw or clamp to zero?":"Clamp to zero"}')
      .waitFor();
    await timeline.locator('.answered .chosen').filter({ hasText: 'Clamp to zero' }).waitFor();
    await timeline.locator('.answered li.faint').filter({ hasText: 'Throw a RangeError' }).waitFor();

    await card.getByLabel('Hours').check();
    await card.getByLabel('Seconds').check();
    await card.getByRole('textbox', { name: 'Another answer' }).last().fill('parseDuration');
    await window.picture('at-home-1-several');
    await card.getByRole('button', { name: 'Send Answer' }).click();
    await timeline.getByRole('button', { name: /Which units/ }).click();
    await timeline.getByText('It was told: {"Which units?":"Hours, Seconds","Which name?":"parseDuration"}').waitFor();
    await timeline.locator('.row-line').filter({ hasText: 'Hours, Seconds · parseDuration' }).waitFor();
    await timeline.locator('.answered .chosen').filter({ hasText: 'parseDuration' }).waitFor();
    await window.picture('at-home-1-answered');
    await timeline.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });
});
