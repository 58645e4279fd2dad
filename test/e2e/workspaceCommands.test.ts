import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { McpClient } from '../support/agents/mcpClient';
import type { TestRepository } from '../support/repository';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import type { Window } from '../support/vscode/window';
import { THEMES } from '../support/vscode/themes';
import { projectRoot } from '../support/project';
import { waitFor } from '../support/wait';

const startedSchema = v.object({ session: v.object({ id: v.string() }) });

/** With a line break and an invisible character, which have to be seen. */
const COMMAND = [process.execPath, '-e', "require('fs').writeFileSync('../../../set-up', ''); // \u202e\n"];

describe("a setup command of the workspace's settings", () => {
  let repository: TestRepository;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  /** The session that an agent outside has started. */
  let parent = '';
  useWindow(
    () => ({
      repository: {
        name: 'greeter',
        files: { '.vscode/settings.json': JSON.stringify({ 'corral.worktrees.setupCommand': COMMAND }) },
      },
    }),
    async (opened) => {
      ({ repository, server, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  it('is shown whole and asked for once, and runs only after it was allowed (B6)', async () => {
    const { page } = window;
    const isSetUp = async (): Promise<boolean> =>
      await access(join(repository.path, 'set-up')).then(
        () => true,
        () => false,
      );
    const start = async (prompt: string): Promise<void> => {
      await window.runCommand('Corral: New Session…');
      await window.answerInput(prompt);
    };
    await start('talk one');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.getByText('Run this command in each new worktree of “greeter”').waitFor();
    await dialog.getByText('// \\u{202e}\\n"').waitFor();
    await dialog.getByRole('button', { name: 'Do Not Run', exact: true }).click();
    await sessions.row('Completed').waitFor({ timeout: 60_000 });
    if (await isSetUp()) throw new Error('it ran although it was not allowed');
    await window.runCommand('Corral: Review Workspace Commands');
    await window.pick('not allowed');
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
    await start('talk two');
    await waitFor(isSetUp, { what: 'the setup command, without another question' });
  });

  it('is as little allowed for an agent: a window asks whether it may start sessions at all (16)', async () => {
    const { page } = window;
    const client = await McpClient.connect(server.globalStorage);
    try {
      const request = { repository: repository.path, prompt: 'talk from afar', agent: 'demo' };
      assert.match(await client.refused('start_session', request), /^CONSENT_NEEDED: No person has allowed/);
      const notice = page
        .locator('.notification-toast')
        .filter({ hasText: '“a test” wants to start or change sessions' });
      await notice.getByRole('button', { name: 'Answer…' }).click();
      const dialog = page.locator('.monaco-dialog-box');
      await dialog.getByText('Let agents start sessions in “greeter”?').waitFor();
      await window.picture('agents ask to start sessions');
      await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
      const { facts } = await waitFor(async () => await client.call('start_session', request), { what: 'the consent' });
      parent = v.parse(startedSchema, facts).session.id;
      await sessions.row('talk from afar', 'Completed').waitFor({ timeout: 60_000 });
    } finally {
      await client.close();
    }
  });

  it('shows who started whom: each below the other, as it is now (16)', async () => {
    await sessions.row('talk from afar').locator('.monaco-tl-twistie').click();
    await sessions.row('Run 1').waitFor();
    const words = [join(projectRoot, 'dist/mcp.js'), '--store', server.globalStorage, '--session', parent];
    const agent = await McpClient.start(process.execPath, words, {});
    try {
      await agent.call('start_session', { prompt: 'talk for the first one', agent: 'demo' });
      // The parent's row is unfolded already, and its details follow.
      await sessions.row('talk for the first one', 'started by this one, Completed').waitFor({ timeout: 60_000 });
      await sessions.row('talk for the first one', 'started by an agent').locator('.monaco-tl-twistie').click();
      await sessions.row('talk from afar', 'started this one, Completed').waitFor();
      for (const theme of ['light', 'dark'] as const) {
        await window.useTheme(THEMES[theme]);
        await window.picture(`who-started-whom-${theme}`);
      }
    } finally {
      await agent.close();
    }
  });
});
