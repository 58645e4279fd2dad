import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import { reportFailure } from '../support/failureReport';
import { packagedExtension } from '../support/project';
import { SessionsView } from '../support/sessionsView';
import { TestRepository } from '../support/repository';
import { VscodeServer } from '../support/vscodeServer';
import { openBrowser, Window } from '../support/window';

const THEMES = { light: 'Default Light Modern', dark: 'Default Dark Modern', contrast: 'Default High Contrast' };

const FILES = {
  'README.md': '# Greeter\n\nA very small program that greets people.\n',
  'src/greet.js': 'export function greet(name) {\n  return `Hello, ${name}!`;\n}\n',
};

/** What the agents do, and what a person called it. */
const SESSIONS = [
  { title: 'Shorten the README', state: 'Completed', prompt: 'talk I shortened the README.' },
  { title: 'Translate the shop', state: 'Failed', prompt: 'fail The model is overloaded, try again later' },
  { title: 'Fix the slow test', state: 'Running', prompt: 'think The tests hang in the date parser; read src/greet.js; slow 2000 100ms' },
];

describe('what it looks like', () => {
  for (const [name, theme] of Object.entries(THEMES)) {
    describe(`in the theme ${name}`, () => {
      let repository: TestRepository;
      let server: VscodeServer;
      let browser: Browser;
      let window: Window;

      before(async () => {
        repository = await TestRepository.create({ name: 'storefront', files: FILES });
        server = await VscodeServer.start({ vsix: packagedExtension, settings: { 'workbench.colorTheme': theme }, reconnectionGraceSeconds: 1 });
        browser = await openBrowser();
        window = await Window.open(await browser.newContext({ viewport: { width: 1280, height: 800 } }), server, repository.path);
        await window.showContainer('Corral');
      });

      after(async () => {
        await browser.close();
        await server.stop();
        await repository.remove();
      });

      afterEach(async function () {
        await reportFailure(this.currentTest, window, server);
      });

      it('the welcome', async () => {
        await window.page.getByRole('button', { name: 'Try the Demo', exact: true }).waitFor();
        await window.picture(`welcome-${name}`);
      });

      it('sessions in every state, a question, and the timeline', async () => {
        const sessions = new SessionsView(window);
        for (const { title, state, prompt } of SESSIONS) {
          await window.runCommand('Corral: New Session');
          await window.answerInput(prompt);
          await sessions.row(prompt.slice(0, 10)).filter({ hasText: state }).waitFor();
          await window.runCommand('Corral: Rename Session');
          if (state !== 'Completed') await window.pick(prompt.slice(0, 10));
          await window.answerInput(title);
          await sessions.row(title.slice(0, 10)).waitFor();
        }
        await window.runCommand('Corral: New Session');
        await window.answerInput('Greet in French too');
        await sessions.row('needs input').waitFor({ timeout: 60_000 });
        await sessions.row('Greet in').click();
        const frame = await window.webview('[data-testid=permission]');
        await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).waitFor();
        await window.picture(`question-${name}`);
        await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
        await sessions.row('Greet in').filter({ hasText: 'Completed' }).waitFor({ timeout: 60_000 });
        await frame.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
        await window.runCommand('Notifications: Clear All Notifications');
        await window.notification('needs input').waitFor({ state: 'detached' });
        await window.picture(`session-${name}`);
      });
    });
  }
});
