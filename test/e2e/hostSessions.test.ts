import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import { CuttableHost } from '../support/hosts/cuttableHost';
import { processesOf } from '../support/processes';
import { assertAccessible } from '../support/vscode/accessibility';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const TITLE = 'Greet in French too';
const STORY = `read README.md; edit notes.txt Bonjour; ask git status --short; slow 2000 500ms`;
const OLD_VERSION = `0.1.0-${'a'.repeat(64)}`;

/** Code for the page. */
const FADED_IN = `document.querySelector('.quick-input-widget').getAnimations().every(({ playState }) => playState === 'finished')`;

describe('what a session on another host looks like', () => {
  let far: CuttableHost;
  /** The program that enters it. */
  let entry: string;
  let window: Window;
  let sessions: SessionsView;
  before(async () => {
    far = await CuttableHost.create();
    entry = await far.makeEntry('enter-gpu-box');
  });
  after(async () => await far.remove());
  useWindow(
    () => ({
      repository: { name: 'storefront', files: { 'README.md': '# Storefront\n' } },
      server: {
        settings: {
          'corral.hosts': {
            'gpu-box': { exec: [entry], node: process.execPath },
            lab: { exec: ['docker-not-here', 'exec', '-i', 'lab'] },
          },
        },
      },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );
  const option = (text: string): Locator => window.quickInput.getByRole('option').filter({ hasText: text });
  const host = (name: string): Locator => window.treeItems('Hosts').filter({ hasText: name }).first();

  it('in New Session, where a host that cannot be reached loses no prompt', async () => {
    const { frame, text } = await window.composer();
    const where = frame.getByTestId('choose-where');
    await where.filter({ hasText: 'This computer' }).click();
    await option('gpu-box').filter({ hasText: 'not tested' }).waitFor();
    await window.pick('docker-not-here');
    await where.filter({ hasText: 'lab' }).waitFor();
    await text.fill(STORY);
    await text.press('Control+Enter');
    const failure = frame.getByTestId('failure').filter({ hasText: '“docker-not-here” was not found' });
    await failure.getByRole('button', { name: 'Test Connection' }).click();
    await window.notification('“docker-not-here” was not found').waitFor();
    await window.page.keyboard.press('Escape');
    await where.click();
    await option('docker-not-here').filter({ hasText: 'not reachable' }).waitFor();
    await window.pick('gpu-box');
    await where.filter({ hasText: 'gpu-box' }).waitFor();
    await failure.waitFor({ state: 'detached' });
    await assertAccessible(frame);
  });

  it('after a test of its host, which the Hosts view shows', async () => {
    await host('gpu-box').filter({ hasText: 'not tested' }).hover();
    await host('gpu-box').getByRole('button', { name: 'Test Connection…' }).click();
    await window.quickInput.getByText('gpu-box · what a session needs is there').waitFor();
    await window.page.keyboard.press('Escape');
    await host('gpu-box')
      .filter({ hasText: /\d+ cores?/ })
      .waitFor();
    await host('lab').filter({ hasText: 'not reachable' }).waitFor();
    await window.pictures('host-choice', async () => {
      const { frame } = await window.composer();
      await frame.getByTestId('choose-where').click();
      await option('Least busy').waitFor();
      await option('gpu-box').filter({ hasText: 'reachable' }).waitFor();
      await window.page.waitForFunction(FADED_IN);
    });
    await window.page.keyboard.press('Escape');
  });

  it('when it works there, asks there and is answered here', async () => {
    const { text } = await window.composer();
    await text.press('Control+Enter');
    await sessions.row('read README.md', 'needs input').waitFor();
    await window.runCommand('Corral: Rename Session');
    await window.answerInput(TITLE);
    await sessions.row(TITLE, 'on gpu-box').filter({ hasText: 'gpu-box' }).waitFor();
    await host('gpu-box').filter({ hasText: '1 running' }).waitFor();
    await sessions.act(TITLE, 'Allow', sessions.row(TITLE, 'Running').filter({ hasNotText: 'needs input' }));
  });

  it('when its worktree is opened', async () => {
    await window.runCommand('Corral: Open Worktree in New Window');
    const notice = window.notification('The host “gpu-box” is entered by a command').filter({ hasText: far.home });
    await notice.getByRole('button', { name: 'Copy Path' }).click();
  });

  it('while its host is away, and when that comes back', async () => {
    await sessions.row(TITLE).click();
    const frame = await window.timeline(TITLE);
    await frame.getByTestId('host').filter({ hasText: 'on gpu-box' }).waitFor();
    await far.cut({ isDown: true });
    await window.pictures('host-away', async () => {
      await sessions.row(TITLE, 'not reachable since').filter({ hasText: 'not reachable since' }).waitFor();
      await frame.getByTestId('status').filter({ hasText: 'host not reachable since' }).waitFor();
      await host('gpu-box').filter({ hasText: 'not reachable' }).waitFor();
    });
    await assertAccessible(frame);
    await frame.getByRole('button', { name: 'notes.txt' }).first().click();
    await frame.getByText('notes.txt is not in the last snapshot that came from “gpu-box”').waitFor();
    await frame.getByRole('button', { name: 'Dismiss' }).click();
    await sessions.showTooltip(sessions.row(TITLE), 'what is here goes up to');
    await far.comeBack();
    await sessions.row(TITLE, 'Running').filter({ hasNotText: 'not reachable' }).waitFor({ timeout: 120_000 });
    await frame.getByTestId('status').filter({ hasNotText: 'not reachable' }).waitFor();
  });

  it('when it goes on here, since its host is away once more', async () => {
    const frame = await window.timeline(TITLE);
    await window.runCommand('Corral: Take Snapshot');
    await window.notification('Took a snapshot').waitFor();
    await far.cut({ isDown: true });
    await frame.getByTestId('status').filter({ hasText: 'host not reachable since' }).waitFor();
    const dialog = window.page.getByRole('dialog').filter({ hasText: `Continue “${TITLE}” on this computer?` });
    await window.pictures('continue-here', async () => {
      await frame.getByRole('button', { name: 'Continue Here…' }).click();
      await dialog.filter({ hasText: 'the last snapshot that came here' }).waitFor();
      await dialog.filter({ hasText: 'What it did on “gpu-box” after that is not merged' }).waitFor();
    });
    await dialog.getByRole('button', { name: 'Continue Here' }).click();
    const former = frame.getByTestId('former-host');
    await former.filter({ hasText: 'also continued on “gpu-box” since' }).waitFor();
    await sessions.row(TITLE, 'also continued on “gpu-box” since').waitFor();
    await frame.getByRole('button', { name: 'Continue Here…' }).waitFor({ state: 'detached' });
    const box = frame.getByRole('textbox', { name: 'Message the agent' });
    await box.and(frame.locator(':focus')).waitFor(); // its worktree is here
    await box.fill('Greet in Italian as well');
    await frame.getByRole('button', { name: 'Send', exact: true }).click();
    await frame.getByTestId('permission').getByRole('button', { name: 'Allow', exact: true }).click();
    await window.pictures('continued-here', async () => {
      await sessions.row(TITLE, 'Completed').waitFor();
      await former.filter({ hasText: 'also continued on' }).waitFor();
    });
    await assertAccessible(frame);
    await sessions.showTooltip(sessions.row(TITLE), 'its run there is stopped, and its work kept apart');
    await frame.getByText('2 files changed').waitFor(); // notes.txt came from there
    await frame.getByRole('button', { name: 'DEMO.md' }).first().click();
    await window.page.locator('.monaco-editor .view-line').getByText('nothing else had to change').first().waitFor();
  });

  it('once the host that it left is back', async () => {
    await far.comeBack();
    await sessions.row(TITLE, 'left “gpu-box” at').waitFor({ timeout: 120_000 });
    await waitFor(async () => !(await processesOf(far.home)).some(({ command }) => command.includes('runner.js')), {
      what: 'the end of its run there',
    });
  });

  it('in the line of the palette too, as its host was chosen last', async () => {
    await window.runCommand('Corral: New Session…');
    await window.quickInput.getByText('demo · gpu-box from HEAD').waitFor();
    await window.quickInput.getByRole('button', { name: 'Choose Where It Works' }).click();
    await window.pick('Least busy');
    await window.quickInput.getByText('demo · Least busy from HEAD').waitFor();
    await window.answerInput('edit greeting.txt Bonjour; talk Done.');
    await sessions.row('edit greeting.txt', 'on gpu-box').waitFor();
    await sessions.row('edit greeting.txt', 'Completed').click();
    const frame = await window.timeline('edit greeting.txt Bonjour; talk Done.');
    await frame.getByRole('button', { name: 'greeting.txt' }).first().click();
    await window.page.locator('.monaco-editor .view-line').getByText('Bonjour').first().waitFor();
  });

  it('when it comes here, and moves to its host again', async () => {
    const title = 'edit greeting.txt';
    await sessions.row(title, 'Completed').click();
    await window.runCommand('Corral: Continue Here…');
    const question = window.page.getByRole('dialog').filter({ hasText: 'on this computer?' });
    await question.getByRole('button', { name: 'Continue Here' }).click();
    await sessions.row(title, 'left “gpu-box” at').click();
    const dialog = window.page.getByRole('dialog').filter({ hasText: 'to “gpu-box”?' });
    await window.pictures('move-to-host', async () => {
      await window.runCommand('Corral: Move to Host…');
      await window.pick('gpu-box');
      await dialog.filter({ hasText: 'The worktree on this computer stays as it is.' }).waitFor();
    });
    await dialog.getByRole('button', { name: 'Move', exact: true }).click();
    await sessions.row(title, 'on gpu-box').waitFor();
    const frame = await window.timeline(title);
    await frame.getByTestId('host').filter({ hasText: 'on gpu-box' }).waitFor();
    await frame.getByRole('textbox', { name: 'Message the agent' }).fill('Go on');
    await frame.getByRole('button', { name: 'Send', exact: true }).click();
    await sessions.row(title, 'Running').waitFor();
  });

  it('when it and one of this computer are compared on one prompt', async () => {
    const rows = window.quickInput.locator('.monaco-list-row');
    await window.runCommand('Corral: Compare Agents…');
    await rows.filter({ hasText: 'demo' }).click();
    await window.page.keyboard.press('Enter');
    await rows.filter({ hasText: 'gpu-box' }).click();
    await window.picture('compare places');
    await window.page.keyboard.press('Enter');
    await window.quickInput.getByText('2 sessions get it: demo, demo on gpu-box').waitFor();
    await window.answerInput('edit compared.txt both; talk Done.');
    await sessions.row('demo on gpu-box · edit compared.txt', 'Completed').waitFor({ timeout: 60_000 });
    await sessions.row('demo · edit compared.txt', 'Completed').waitFor({ timeout: 60_000 });
  });

  it('when a port of it is forwarded', async () => {
    await sessions.row('demo on gpu-box · edit compared.txt').click();
    await window.runCommand('Corral: Forward Port…');
    await window.quickInput.getByText('On which port does a program of the session listen on “gpu-box”?').waitFor();
    await window.answerInput('8080');
    const notice = window.notification('Port 8080 of “gpu-box” is at localhost:');
    await notice.getByRole('button', { name: 'Stop Forwarding' }).click();
    await notice.waitFor({ state: 'detached' }); // it gives the focus back, which closes a list that opens before
  });

  it('and its host after old versions of the program were removed', async () => {
    const versions = join(far.home, '.corral-host/bin');
    await mkdir(join(versions, OLD_VERSION));
    await writeFile(join(versions, OLD_VERSION, 'corral-host.js'), 'x'.repeat(2_048));
    await window.runCommand('Corral: Clean Up Host…');
    await window.pick('gpu-box');
    const dialog = window.page.getByRole('dialog').filter({ hasText: 'Remove old versions of Corral’s program' });
    await dialog.filter({ hasText: '0.1.0 (aaaaaaaa) · 2.0 KB' }).waitFor();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await window.notification('Removed 1 version from “gpu-box”, 2.0 KB.').waitFor();
    await waitFor(async () => (await readdir(versions)).length === 1, { what: 'one version' });
    await window.runCommand('Corral: Clean Up Host…');
    await window.pick('gpu-box');
    await window.notification('has no other version').waitFor();
  });

  it('when it is forgotten here, since its host is away for good, and when that is undone', async () => {
    const TASK = 'demo on gpu-box · edit compared.txt both; talk Done.';
    await sessions.row(TASK, 'Completed').click();
    await far.cut({ isDown: true });
    await host('gpu-box').filter({ hasText: 'not reachable' }).waitFor();
    const dialog = window.page
      .getByRole('dialog')
      .filter({ hasText: `Forget “${TASK}” here, while “gpu-box” is away?` });
    await window.pictures('forget-here', async () => {
      await window.runCommand('Corral: Delete Session…');
      await dialog.filter({ hasText: 'Forgotten here, it goes from the list' }).waitFor();
    });
    await dialog.getByRole('button', { name: 'Forget Here' }).click();
    const notice = window.notification('It will be deleted on “gpu-box” when that is back.');
    await notice.waitFor();
    await sessions.row(TASK).waitFor({ state: 'detached' });
    const frame = await window.timeline(TASK);
    await frame.getByTestId('status').filter({ hasText: 'deleted here' }).waitFor();
    await notice.getByRole('button', { name: 'Undo' }).click();
    await sessions.row(TASK, 'Completed').waitFor();
    await window.runCommand('Corral: Delete Session…');
    await dialog.getByRole('button', { name: 'Forget Here' }).click();
    await frame.getByTestId('status').filter({ hasText: 'deleted here' }).waitFor();
    await far.comeBack();
    await frame.getByTestId('status').filter({ hasNotText: 'deleted here' }).waitFor({ timeout: 120_000 });
  });
});
