import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { reportFailure } from '../support/vscode/failureReport';
import { installedExtensions } from '../support/project';
import { TestRepository } from '../support/repository';
import { SessionsView } from '../support/vscode/sessionsView';
import { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import { openBrowser, Window } from '../support/vscode/window';

describe('the first five minutes', () => {
  let folder: string;
  let server: VscodeServer;
  let browser: Browser;
  let window: Window | undefined;

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-first-')));
    const settings = { 'corral.agents': { claude: { path: '/not/there/claude' } } };
    const environment = { CORRAL_DEMO_SPEED: '10' };
    server = await VscodeServer.start({
      extensionsDirectory: installedExtensions,
      settings,
      environment,
      workspaceTrust: true,
      reconnectionGraceSeconds: 1,
    });
    browser = await openBrowser();
  });

  afterEach(async function () {
    await reportFailure(this.currentTest, window, server);
    await window?.close();
    window = undefined;
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function open(path?: string): Promise<Window> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    window = await Window.open(context, server, path);
    await window.showContainer('Corral');
    return window;
  }

  it('says that a folder is needed, and offers to open one', async () => {
    const empty = await open();
    await empty.runCommand('Corral: New Session…');
    const message = empty.notification('Open a folder with a Git repository');
    await message.getByRole('button', { name: 'Open Folder' }).waitFor();
    await message.getByRole('button', { name: 'Try the Demo' }).waitFor();
  });

  it('runs the demo without a folder, and its question is answered in the timeline', async () => {
    const empty = await open();
    const sessions = new SessionsView(empty);
    await empty.page.getByRole('button', { name: 'Try the Demo', exact: true }).click();
    await sessions.row('needs input').waitFor({ timeout: 60_000 });
    await empty.runCommand('Corral: Replay Timeline');
    const frame = await empty.webview('[data-testid=permission]');
    await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await sessions.row('Completed').waitFor({ timeout: 60_000 });
    await frame.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('starts nothing in Restricted Mode, and says how to leave it', async () => {
    const repository = await TestRepository.create({ name: 'untrusted' });
    try {
      const restricted = await open(repository.path);
      await restricted.runCommand('Corral: New Session…');
      await restricted
        .notification('Restricted Mode')
        .getByRole('button', { name: 'Manage Workspace Trust' })
        .waitFor();
      assert.deepEqual((await readdir(repository.path)).sort(), ['.git', 'README.md']);
    } finally {
      await repository.remove();
    }
  });

  it('initializes a repository if the folder has none, and continues', async () => {
    const plain = join(folder, 'plain folder');
    await mkdir(plain);
    const fresh = await open(plain);
    await fresh.trust();
    await fresh.runCommand('Corral: New Session…');
    await fresh.notification('no git repository').getByRole('button', { name: 'Initialize Repository' }).click();
    await fresh.quickInput.getByPlaceholder('What should the agent do?').waitFor();
    await fresh.answerInput('talk hello');
    await new SessionsView(fresh).row('Completed').waitFor();
  });

  it('keeps the prompt when the agent or the base is not found, and offers to mend that (5)', async () => {
    const repository = await TestRepository.create({ name: 'with agent' });
    try {
      const trusted = await open(repository.path);
      await trusted.trust();
      await trusted.runCommand('Corral: New Session…');
      await trusted.quickInput.locator('input').first().fill('a prompt that took long to write');
      await trusted.quickInput.getByRole('button', { name: 'Choose the Agent' }).click();
      await trusted.pick('Claude Code · not installed'); // the list is made anew once that is known
      const input = trusted.quickInput.getByPlaceholder('What should the agent do?');
      await waitFor(async () => (await input.inputValue()) === 'a prompt that took long to write', {
        what: 'the prompt to come back',
      });
      await trusted.page.keyboard.press('Enter');
      const refused = trusted.notification('was not found');
      for (const name of ['Install in Terminal', 'Set Path…', 'Edit and Try Again'])
        await refused.getByRole('button', { name }).waitFor();
      await trusted.picture('at-home-5-not-installed');
      await refused.getByRole('button', { name: 'Edit and Try Again' }).click();
      await waitFor(async () => (await input.inputValue()) === 'a prompt that took long to write', {
        what: 'the prompt to come back from the refusal',
      });
      await trusted.page.keyboard.press('Escape');
      await trusted.runCommand('Corral: New Session…');
      // An agent that never worked is not the default of the next session.
      await trusted.quickInput.getByText('demo from HEAD').waitFor();
      await input.fill('another prompt that took long to write');
      await trusted.quickInput.getByRole('button', { name: 'Choose the Agent' }).click();
      await trusted.quickInput.getByText('Claude Code · not installed').waitFor();
      await trusted.pick('demo');
      await waitFor(async () => (await input.inputValue()) === 'another prompt that took long to write', {
        what: 'the prompt with another agent',
      });
      await trusted.quickInput.getByRole('button', { name: 'Choose the Base' }).click();
      await trusted.pick('Another commit…');
      await trusted.answerInput('mian');
      await waitFor(async () => (await input.inputValue()) === 'another prompt that took long to write', {
        what: 'the prompt to come back',
      });
      await trusted.page.keyboard.press('Enter');
      await trusted.notification('There is no commit').getByRole('button', { name: 'Edit and Try Again' }).click();
      await waitFor(async () => (await input.inputValue()) === 'another prompt that took long to write', {
        what: 'the prompt to come back once more',
      });
    } finally {
      await repository.remove();
    }
  });
});
