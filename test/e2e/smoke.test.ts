import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { reportFailure } from '../support/failureReport';
import { packagedExtension } from '../support/project';
import { TestRepository } from '../support/repository';
import { VscodeServer } from '../support/vscodeServer';
import { waitFor } from '../support/wait';
import { openBrowser, Window } from '../support/window';

describe('the packaged extension', () => {
  let repository: TestRepository | undefined;
  let server: VscodeServer | undefined;
  let browser: Browser | undefined;
  let window: Window;

  before(async () => {
    repository = await TestRepository.create({ name: 'first repository' });
    server = await VscodeServer.start({ vsix: packagedExtension, reconnectionGraceSeconds: 1 });
    browser = await openBrowser();
    window = await Window.open(await browser.newContext(), server, repository.path);
  });

  afterEach(async function () {
    await reportFailure(this.currentTest, window, server);
  });

  after(async () => {
    await browser?.close();
    await server?.stop();
    await repository?.remove();
  });

  it('starts and shows, behind its icon, what can be done first', async () => {
    await window.showContainer('Corral');
    await window.page.getByRole('button', { name: 'Try the Demo' }).waitFor();
    await window.picture('smoke');
  });

  it('comes back after its extension host was killed', async () => {
    assert.ok(server);
    await server.killExtensionHost();
    // A command that met the dying host is lost with it, as it would be for a person, who asks again.
    await waitFor(
      async () => {
        await window.runCommand('Corral: New Session');
        await window.quickInput.getByPlaceholder('What should the agent do?').waitFor({ timeout: 5_000 });
        return true;
      },
      { what: 'New Session after the kill' },
    );
  });
});
