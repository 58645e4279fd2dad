import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Frame, Locator } from 'playwright-core';
import { projectRoot } from '../../support/project';
import type { TestRepository } from '../../support/repository';
import { assertAccessible } from '../../support/vscode/accessibility';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { Window } from '../../support/vscode/window';

/** A prompt as people paste them: lists, code with tabs, empty lines, spaces at both ends. */
const PROMPT = [
  '  Make the greeter polite:',
  '',
  '1. Read `src/greet.js`\t(tabs stay)',
  '   - and its tests   ',
  ...Array.from({ length: 60 }, (_, index) => `\tif (name === 'guest ${index}') return "Welcome, №${index} — ça va?";`),
  '',
  '',
].join('\n');

const FILES = {
  'README.md': '# Greeter\n',
  'src/greet.js': 'export function greet(name) {\n  return `Hello, ${name}!`;\n}\n',
  'src/my notes.txt': 'later\n',
};
/** Writes what it is told to a file of its worktree. */
const SCRIBE = { driver: 'command', path: '/usr/bin/tee', args: ['told.txt'] };
const OFFERING = { driver: 'claude', path: join(projectRoot, 'test/support/agents/offeringAgent.mjs') };
/** A red picture of 2 × 2. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==';

describe('the composer', () => {
  let repository: TestRepository;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter', files: FILES },
      server: { settings: { 'corral.agents': { scribe: SCRIBE, offering: OFFERING } } },
      context: { permissions: ['clipboard-read', 'clipboard-write'] },
    }),
    async (opened) => {
      ({ repository, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  async function chooseAgent(frame: Frame, name: string): Promise<void> {
    await frame.getByTestId('choose-agent').click();
    await window.quickInput.locator('input').first().fill(name);
    await window.pick(name);
    await frame.getByTestId('choose-agent').filter({ hasText: name }).waitFor();
  }

  async function pastePicture(frame: Frame): Promise<void> {
    await frame.evaluate(`{
      const bytes = Uint8Array.from(atob('${PICTURE}'), (character) => character.charCodeAt(0));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([bytes], 'screen.png', { type: 'image/png' }));
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }`);
    await frame.getByTestId('attachment').getByText('screen.png').waitFor();
  }

  async function holds(text: Locator, expected: string): Promise<void> {
    await waitFor(async () => (await text.inputValue()) === expected, { what: `the text ${expected.slice(0, 40)}` });
  }

  async function paste(text: string): Promise<void> {
    await window.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await window.page.keyboard.press('Control+V');
  }

  it('takes a pasted prompt of thousands of characters and a picture to a session, byte for byte (4)', async () => {
    let { frame, text } = await window.composer();
    await chooseAgent(frame, 'scribe');
    await text.click();
    assert.ok(PROMPT.length > 3_170);
    await paste(PROMPT);
    await holds(text, PROMPT);
    await text.press('Escape');
    await holds(text, PROMPT);
    await pastePicture(frame);
    await frame.locator('img.thumbnail').waitFor();
    await assertAccessible(frame);
    await window.picture('at-home-4-composer');

    await window.reload();
    ({ frame, text } = await window.composer());
    await frame.getByTestId('attachment').getByText('screen.png').waitFor();
    await holds(text, PROMPT);
    await frame.getByTestId('choose-agent').filter({ hasText: 'scribe' }).waitFor();
    await text.click();
    await text.press('Enter');
    await text.press('Backspace');
    await text.press('Control+Enter');
    await sessions.row('Make the greeter polite', 'Completed').waitFor();
    const worktrees = join(repository.path, '.corral/worktrees');
    const [worktree = ''] = await readdir(worktrees);
    const attached = join(worktrees, worktree, '.corral/attachments');
    const set = (await readdir(attached)).find((name) => !name.startsWith('.')) ?? '';
    const picture = join(attached, set, 'screen.png');
    assert.deepEqual(await readFile(picture), Buffer.from(PICTURE, 'base64'));
    const told = await readFile(join(worktrees, worktree, 'told.txt'), 'utf8');
    // Every program is given the end of its last line.
    assert.equal(told, `${PROMPT}\n\nAttached files:\n- ${picture}\n`);
    await holds(text, '');
    await frame.getByTestId('attachment').waitFor({ state: 'detached' });
    await text.press('ArrowUp');
    await holds(text, PROMPT);
    await text.press('ArrowDown');
    await holds(text, '');
  });

  it('refuses an agent that is not installed, and offers the models and commands of one that is (4, 5)', async () => {
    const { frame, text } = await window.composer();
    await chooseAgent(frame, 'goose');
    const missing = frame.getByTestId('failure').filter({ hasText: '“goose” was not found' });
    for (const name of ['Set Path…', 'Check Again']) await missing.getByRole('button', { name }).waitFor();
    await window.picture('at-home-5-missing-agent');
    await chooseAgent(frame, 'offering');
    await missing.waitFor({ state: 'detached' });
    const model = frame.getByTestId('choose-model');
    await model.filter({ hasText: 'Default model' }).waitFor();
    await text.fill('Learn what it offers');
    await text.press('Control+Enter');
    await sessions.row('Learn what it offers', 'Completed').waitFor();
    await chooseAgent(frame, 'offering'); // the next session starts from the defaults
    await model.click();
    await window.quickInput.getByText('Fast answers').waitFor();
    await window.picture('at-home-4-models');
    await window.answerInput('swift');
    await model.filter({ hasText: 'swift' }).waitFor();
    await text.click();
    await text.pressSequentially('/rev');
    await frame.getByTestId('completions').getByRole('option', { name: '/review' }).waitFor();
    await text.press('Tab');
    await holds(text, '/review ');
    await text.press('Control+Enter');
    await sessions.row('/review', 'Completed').waitFor();
    const worktrees = join(repository.path, '.corral/worktrees');
    const reviewed = (await readdir(worktrees)).find((name) => name.startsWith('review-')) ?? '';
    assert.equal(await readFile(join(worktrees, reviewed, 'model.txt'), 'utf8'), 'swift');
  });

  it('takes a message of many lines with a picture, and keeps it over a reload (4, 5)', async () => {
    await sessions.row('/review', 'Completed').dblclick();
    let timeline = await window.timeline('/review');
    let box = timeline.getByTestId('message-box');
    await box.click();
    await box.pressSequentially('First line');
    await box.press('Enter');
    await box.pressSequentially('second line');
    await pastePicture(timeline);
    await window.picture('at-home-5-message');
    await window.reload();
    await sessions.row('/review', 'Completed').dblclick(); // the browser may not have kept its tab
    timeline = await window.timeline('/review', '[data-testid=attachment]');
    box = timeline.getByTestId('message-box');
    await holds(box, 'First line\nsecond line');
    await box.press('Control+Enter');
    await timeline.getByTestId('event').getByText('second line').waitFor();
    await timeline.getByTestId('attachment').waitFor({ state: 'detached' });
    await holds(box, '');
    await window.closeEditors();
  });

  it('completes the names of files, and is filled from an editor (4)', async () => {
    const { frame, text } = await window.composer();
    await text.click();
    await text.pressSequentially('Look at @notes');
    await frame.getByTestId('completions').getByRole('option', { name: 'my notes.txt' }).waitFor();
    await window.picture('at-home-4-completion');
    await text.press('Enter');
    await holds(text, 'Look at "src/my notes.txt" ');
    await text.press('Control+Enter');
    await sessions.row('Look at', 'Completed').waitFor();
    await holds(text, '');

    await window.page.keyboard.press('Control+P');
    await window.quickInput.locator('input').first().fill('greet.js');
    await window.pick('greet.js');
    await window.page.locator('.monaco-editor .view-line').getByText('export').first().waitFor();
    await window.runCommand('Corral: New Session from Selection');
    // Nothing is selected, so it is the line of the cursor.
    await holds(text, 'In src/greet.js, line 1:\n\n```javascript\nexport function greet(name) {\n```\n\n');
  });
});
