import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import * as v from 'valibot';
import { installedExtensions } from '../support/project';
import { TestRepository } from '../support/repository';
import { SessionsView } from '../support/vscode/sessionsView';
import { VscodeServer } from '../support/vscode/vscodeServer';
import { openBrowser, Window } from '../support/vscode/window';

/** From scripts/testAgents.mjs: the installed program, and variables that point it to a model on loopback only. */
const claudeSchema = v.object({ program: v.string(), environment: v.record(v.string(), v.string()) });

describe('the real Claude in a real VS Code', () => {
  let repository: TestRepository;
  let server: VscodeServer;
  let browser: Browser;
  let window: Window;

  before(async () => {
    const { program, environment } = v.parse(claudeSchema, JSON.parse(process.env['CORRAL_REAL_CLAUDE'] ?? 'null'));
    repository = await TestRepository.create({ name: 'with claude' });
    server = await VscodeServer.start({
      extensionsDirectory: installedExtensions,
      settings: { 'corral.agents': { claude: { path: program, env: environment } }, 'corral.permissionMode': 'ask' },
      reconnectionGraceSeconds: 1,
    });
    browser = await openBrowser();
    window = await Window.open(
      await browser.newContext({ viewport: { width: 1280, height: 800 } }),
      server,
      repository.path,
    );
    await window.showContainer('Corral');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await window.picture(`failed ${this.currentTest.title}`);
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await repository.remove();
  });

  it('asks for permission, writes a file in its worktree, and shows all of it in the timeline', async () => {
    const sessions = new SessionsView(window);
    await window.runCommand('Corral: New Session…');
    await window.answerInput('Write it [[write]]');
    await sessions.row('needs input').waitFor({ timeout: 60_000 });
    // The row has no room for what would be written.
    await sessions.act('needs input', 'Show', window.page.getByRole('tab', { name: 'Write it' }));
    const asking = await window.timeline('Write it', '[data-testid=permission]');
    await asking.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await sessions.row('Write it', 'Completed').waitFor({ timeout: 60_000 });
    const worktrees = join(repository.path, '.corral/worktrees');
    const [id] = await readdir(worktrees);
    assert.ok(id);
    assert.equal(await readFile(join(worktrees, id, 'hello.txt'), 'utf8').then((content) => content !== ''), true);
    const frame = await window.timeline('Write it', '[data-testid=outcome]');
    await frame.getByTestId('detail').selectOption({ label: 'Everything' });
    for (const kind of ['message', 'tool.call', 'tool.result', 'permission.request', 'permission.answer', 'usage']) {
      await frame.getByRole('feed', { name: 'Events' }).focus();
      await window.page.keyboard.press(kind === 'usage' ? 'End' : 'Home');
      await frame.locator(`[data-kind="${kind}"]`).first().waitFor({ state: 'attached' });
    }
    await window.picture('real claude');
  });
});
