import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser, BrowserContext } from 'playwright-core';
import { packagedExtension } from '../support/project';
import { TestRepository } from '../support/repository';
import { SessionsView } from '../support/sessionsView';
import { VscodeServer } from '../support/vscodeServer';
import { openBrowser, Window } from '../support/window';

describe('the timeline', () => {
  let repository: TestRepository;
  let server: VscodeServer;
  let browser: Browser;
  let context: BrowserContext;
  let window: Window;
  let sessions: SessionsView;

  before(async () => {
    repository = await TestRepository.create({ name: 'greeter' });
    server = await VscodeServer.start({ vsix: packagedExtension, reconnectionGraceSeconds: 1 });
    browser = await openBrowser();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    window = await Window.open(context, server, repository.path);
    sessions = new SessionsView(window);
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

  it('says that it lost its connection when the extension host is killed, and works again when it is opened again', async () => {
    await window.runCommand('Corral: New Session');
    await window.answerInput('talk Look here.; ask git status --short; talk All done.');
    await sessions.row('needs input').waitFor();
    await window.runCommand('Corral: Replay Timeline');
    const orphan = await window.webview('[data-testid=permission]');
    await orphan
      .getByTestId('status')
      .filter({ hasText: /^Running · needs your answer$/ })
      .waitFor();
    assert.equal(await orphan.getByTestId('connection-lost').count(), 0);

    await server.killExtensionHost();
    await orphan.getByTestId('connection-lost').waitFor();
    await orphan
      .getByTestId('status')
      .filter({ hasText: /^Not connected · last known: Running · needs your answer$/ })
      .waitFor();
    assert.ok(await orphan.getByRole('button', { name: 'Allow', exact: true }).isDisabled());

    await sessions.row('needs input').waitFor({ timeout: 60_000 });
    await orphan.evaluate("document.getElementById('root').dataset.orphan = ''");
    await window.runCommand('Corral: Replay Timeline');
    const reopened = await window.webview('#root:not([data-orphan]) [data-testid=permission]');
    await reopened
      .getByTestId('status')
      .filter({ hasText: /^Running · needs your answer$/ })
      .waitFor();
    await reopened.getByRole('button', { name: 'Allow', exact: true }).click();
    await reopened.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });
});
