import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assertAccessible } from '../support/vscode/accessibility';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';

describe('a question that is too long for a row', () => {
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter' },
      server: {
        environment: { CORRAL_DEMO_SPEED: '10' },
        // The last one is of earlier versions. Failures would be told like other ends.
        settings: {
          'corral.notifications': { questions: 'always', failures: 'never' },
          'corral.notifications.ends': 'always',
          'corral.budget': { session: { tokens: 2_500 } },
        },
      },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  it('offers Show alone on the row, in the notification and in the list, and Allow beside its whole text (E6)', async () => {
    const command = `git log -1 --format=${'x'.repeat(220)}`;
    await window.runCommand('Corral: New Session…');
    await window.answerInput(`ask ${command}`);
    const row = sessions.row('needs input');
    await row.waitFor();
    const notification = window.notification('needs input').first();
    await notification.getByRole('button', { name: 'Show', exact: true }).waitFor();
    assert.equal(await notification.getByRole('button', { name: /^(Allow|Deny)$/ }).count(), 0);
    await row.hover();
    await row.getByRole('button', { name: 'Show', exact: true }).waitFor();
    assert.equal(await row.getByRole('button', { name: 'Allow', exact: true }).count(), 0);
    await window.runCommand('Corral: Answer Permission');
    const option = window.quickInput.getByRole('option');
    await option.filter({ hasText: 'Show' }).waitFor();
    assert.equal(await option.count(), 1);
    await window.pick('Show');
    const timeline = await window.webview('[data-testid=permission]');
    const card = timeline.getByTestId('permission');
    await card.filter({ hasText: command }).waitFor();
    await card.getByRole('button', { name: 'Allow', exact: true }).click();
    await timeline.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('is told like ends and failures as the setting says, although the list of sessions is in sight', async () => {
    await window.closeEditors();
    for (const [prompt, status] of [
      ['fail It broke', 'Failed'],
      ['talk All is well', 'Completed'],
    ] as const) {
      await window.runCommand('Corral: New Session…');
      await window.answerInput(prompt);
      await sessions.row(prompt, status).waitFor();
    }
    await window.notification('“talk All is well” is done').waitFor();
    assert.equal(await window.notification('It broke').count(), 0);
  });

  it('comes before a session goes beyond its budget, and stopping it is one of the answers', async () => {
    const row = sessions.row('talk All is well');
    await row.click();
    const timeline = await window.timeline('talk All is well', '[data-kind="run.exited"]');
    const send = async (text: string): Promise<void> => {
      await timeline.getByRole('textbox', { name: 'Message the agent' }).fill(text);
      await timeline.getByRole('button', { name: 'Send', exact: true }).click();
    };
    const used = (tokens: string) =>
      timeline.locator('.facts').filter({ hasText: new RegExp(`Completed.*${tokens} in`) });
    // The demo agent uses 1,240 tokens for each step.
    await send('talk More is well');
    await timeline.getByText('This session has used 2,480 tokens of its budget of 2,500 tokens').waitFor();
    await used('2.4k').waitFor();
    await send('talk And this; talk is too much');
    await used('4.8k').waitFor();
    await send('talk No more');
    const card = timeline.getByTestId('permission').filter({ hasText: 'of its budget of 2,500 tokens' });
    await card.getByRole('button', { name: 'Go On', exact: true }).waitFor();
    await window.picture('budget-question');
    await assertAccessible(timeline);
    await card.getByRole('button', { name: 'Stop', exact: true }).click();
    await sessions.row('talk All is well', 'Stopped').waitFor();
  });
});
