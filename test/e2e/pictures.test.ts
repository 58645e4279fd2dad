import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { Window } from '../support/vscode/window';

const FILES = {
  'README.md': '# Greeter\n\nA very small program that greets people.\n',
  'src/greet.js': 'export function greet(name) {\n  return `Hello, ${name}!`;\n}\n',
};

/** Sessions by title, with the prompt that the demo agent plays. */
const SESSIONS = [
  { title: 'Shorten the README', state: 'Completed', prompt: 'talk I shortened the README.' },
  { title: 'Translate the shop', state: 'Failed', prompt: 'fail The model is overloaded, try again later' },
  {
    title: 'Fix the slow test',
    state: 'Running',
    prompt: 'think The tests hang in the date parser; read src/greet.js; slow 3 100ms; wait',
  },
];

describe('what it looks like', () => {
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({ repository: { name: 'storefront', files: FILES }, server: { environment: { CORRAL_DEMO_SPEED: '5' } } }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  /** The timeline of the session with this title. */
  async function timeline(title: string, selector: string): Promise<Frame> {
    await sessions.row(title).click();
    return await window.timeline(title, selector);
  }

  it('the welcome', async () => {
    await window.pictures('welcome', async () => {
      await window.page.getByRole('button', { name: 'Try the Demo', exact: true }).waitFor();
    });
  });

  it('sessions in every state, a question, and the timeline', async () => {
    for (const { title, state, prompt } of SESSIONS) {
      await window.runCommand('Corral: New Session…');
      await window.answerInput(prompt);
      await sessions.row(prompt.slice(0, 10), state).waitFor();
      await window.runCommand('Corral: Rename Session');
      await window.answerInput(title);
      await sessions.row(title.slice(0, 10)).waitFor();
    }
    await window.runCommand('Corral: New Session…');
    await window.answerInput('Greet in French too');
    await sessions.row('Greet in').waitFor();
    await window.pictures('question', async () => {
      await sessions.row('needs input').waitFor({ timeout: 60_000 });
      const frame = await timeline('Greet in', '[data-testid=permission]');
      await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).waitFor();
    });
    const frame = await timeline('Greet in', '[data-testid=permission]');
    await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await sessions.row('Greet in', 'Completed').waitFor({ timeout: 60_000 });
    await window.pictures('session', async () => {
      await sessions.row('Greet in', 'Completed').waitFor();
      const opened = await timeline('Greet in', '[data-kind="run.exited"]');
      await opened.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
    });
  });
});
