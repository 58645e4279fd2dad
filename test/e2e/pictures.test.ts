import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser, Frame } from 'playwright-core';
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
  let repository: TestRepository;
  let server: VscodeServer;
  let browser: Browser;
  let window: Window;
  let sessions: SessionsView;

  before(async () => {
    repository = await TestRepository.create({ name: 'storefront', files: FILES });
    server = await VscodeServer.start({ vsix: packagedExtension, reconnectionGraceSeconds: 1 });
    browser = await openBrowser();
    window = await Window.open(await browser.newContext({ viewport: { width: 1280, height: 800 } }), server, repository.path);
    sessions = new SessionsView(window);
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

  /** Takes a picture in each theme. A window takes a theme over when it is loaded again; `shown` waits for what the picture is of. */
  async function pictures(name: string, shown: () => Promise<void>): Promise<void> {
    for (const [theme, colorTheme] of Object.entries(THEMES)) {
      await server.writeSettings({ 'workbench.colorTheme': colorTheme });
      await window.reload();
      await window.showContainer('Corral');
      await shown();
      await window.picture(`${name}-${theme}`);
    }
  }

  /** The timeline of the session with this title. */
  async function timeline(title: string, selector: string): Promise<Frame> {
    await sessions.row(title).click();
    return await window.webview(selector);
  }

  it('the welcome', async () => {
    await pictures('welcome', async () => {
      await window.page.getByRole('button', { name: 'Try the Demo', exact: true }).waitFor();
    });
  });

  it('sessions in every state, a question, and the timeline', async () => {
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
    await sessions.row('Greet in').waitFor(); // a window that is loaded again before it has heard of the session makes none
    await pictures('question', async () => {
      await sessions.row('needs input').waitFor({ timeout: 60_000 });
      const frame = await timeline('Greet in', '[data-testid=permission]');
      await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).waitFor();
    });
    const frame = await timeline('Greet in', '[data-testid=permission]');
    await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await sessions.row('Greet in').filter({ hasText: 'Completed' }).waitFor({ timeout: 60_000 });
    await pictures('session', async () => {
      await sessions.row('Greet in').filter({ hasText: 'Completed' }).waitFor();
      const opened = await timeline('Greet in', '[data-kind="run.exited"]');
      await opened.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
    });
  });
});
