import assert from 'node:assert/strict';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { StorePaths } from '../../src/storage/paths';
import { recordConsent } from '../../src/storage/store/consents';
import { openStore } from '../../src/storage/store/store';
import { McpClient } from '../support/agents/mcpClient';
import type { TestRepository } from '../support/repository';
import { assertAccessible } from '../support/vscode/accessibility';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import type { Window } from '../support/vscode/window';
import { waitFor } from '../support/wait';

const startedSchema = v.object({ session: v.object({ id: v.string(), currentRunId: v.string() }) });

describe('a question that is too long for a row', () => {
  let repository: TestRepository;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter' },
      server: {
        environment: { CORRAL_DEMO_SPEED: '10' },
        // The last one is of earlier versions.
        settings: {
          'corral.budget': { session: { tokens: 2_500 } },
          'corral.notifications': { questions: 'always', limits: 'always' },
          'corral.notifications.ends': 'always',
        },
      },
      prepare: async ({ globalStorage }, { path }) => {
        await openStore(globalStorage);
        await recordConsent(new StorePaths(globalStorage), { repository: path, use: 'agents', command: [] }, true);
      },
    }),
    async (opened) => {
      ({ repository, server, window, sessions } = opened);
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

  it('is told like ends, failures and limits as each setting says, with the list in sight and without it', async () => {
    await window.closeEditors();
    await window.runCommand('Notifications: Clear All Notifications');
    const client = await McpClient.connect(server.globalStorage);
    const open: string[] = [];
    /** Starts a session for each kind of notice; settles with those that end, when each has something to tell. */
    const begin = async (name: string, limit: 'budget' | 'limit'): Promise<{ id: string; currentRunId: string }[]> => {
      const start = async (title: string, prompt: string): Promise<{ id: string; currentRunId: string }> => {
        const request = { repository: repository.path, agent: 'demo', title: `${title} ${name}`, prompt };
        const { session } = v.parse(startedSchema, (await client.call('start_session', request)).facts);
        open.push(session.id);
        return session;
      };
      if (limit === 'limit') await start('waits', 'limit 3600s');
      const asking = await start('asks', 'ask git status --short');
      const broken = await start('breaks', 'fail It broke');
      const done = await start('ends', limit === 'budget' ? 'talk So far; talk So good' : 'talk All is well');
      await client.call('wait_for', { sessionIds: [asking.id, broken.id, done.id] });
      return [broken, done];
    };
    const told = async (...texts: RegExp[]): Promise<void> => {
      const center = window.page.locator('.notifications-center.visible');
      for (const text of texts)
        await waitFor(
          async () => {
            // Only three are shown by themselves; the others are behind the bell.
            if (!(await center.isVisible())) await window.runCommand('Notifications: Show Notifications');
            return await window.notification(text).first().isVisible();
          },
          { what: `the notice ${String(text)}` },
        );
    };
    const endAll = async (): Promise<void> => {
      for (const sessionId of open.splice(0)) await client.call('stop_session', { sessionId }).catch(() => undefined);
    };
    const choose = async (choice: string): Promise<void> => {
      await endAll();
      const notifications = { questions: choice, ends: choice, failures: choice, limits: choice };
      const settings = { 'corral.notifications': notifications, 'window.title': choice };
      await mkdir(join(repository.path, '.vscode'), { recursive: true });
      await writeFile(join(repository.path, '.vscode/settings.json'), JSON.stringify(settings));
      await waitFor(async () => (await window.page.title()).includes(choice), { what: 'the new settings' });
    };
    try {
      const [, done] = await begin('always', 'budget');
      await told(
        /asks always needs input/,
        /“breaks always” failed|1 of them failed/,
        /“ends always” is done|sessions ended/,
      );
      // The list behind the bell is not as high as one more: a new notice would be out of sight.
      await window.runCommand('Notifications: Clear All Notifications');
      // A session tells what it has used while it goes on.
      await client.call('send_message', { sessionId: done?.id, text: 'wait' });
      await told(/“ends always” has used most of its budget: 2,480 of 2,500 tokens/);
      await window.runCommand('Notifications: Clear All Notifications');
      await choose('never');
      await window.runCommand('View: Show Explorer');
      await begin('never', 'limit');
      await choose('unfocused');
      await window.showContainer('Corral');
      for (const { id, currentRunId } of await begin('in sight', 'limit')) {
        const claim = new StorePaths(server.globalStorage).session(id).run(currentRunId).notificationClaim('end');
        const isThere = async (): Promise<boolean> =>
          await access(claim).then(
            () => true,
            () => false,
          );
        await waitFor(isThere, { what: 'the window that leaves it untold' });
      }
      await endAll();
      await window.runCommand('View: Show Explorer');
      await begin('out of sight', 'limit');
      await told(/asks out of sight needs input/, /“breaks out of sight” failed|1 of them failed/);
      await told(/“ends out of sight” is done|sessions ended/, /“waits out of sight” waits for the usage limit/);
      await window.picture('notices');
      for (const name of [/s never/, /s in sight/]) assert.equal(await window.notification(name).count(), 0);
      // Two ends may share a notice, which has no names.
      const all = (await window.notification(/./).allTextContents()).filter((text) => !text.includes('s always”'));
      assert.ok(all.length <= 4, all.join(' | '));
    } finally {
      await endAll();
      await client.close();
      await window.showContainer('Corral');
      await window.runCommand('Notifications: Clear All Notifications');
    }
  });

  it('comes before a session goes beyond its budget, and stopping it is one of the answers', async () => {
    await window.runCommand('Corral: New Session…');
    await window.answerInput('talk All is well');
    const row = sessions.row('talk All is well', 'Completed');
    await row.waitFor();
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
