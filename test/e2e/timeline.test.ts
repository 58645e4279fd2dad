import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import { goldenText } from '../support/goldenText';
import { projectRoot } from '../support/project';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

describe('the timeline', () => {
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: { name: 'greeter' },
      server: { environment: { CORRAL_DEMO_SPEED: '10' }, settings: { 'corral.timeline.detail': 'everything' } },
    }),
    async (opened) => {
      ({ server, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  it('comes back by itself with its question when the extension host is killed', async () => {
    await window.runCommand('Corral: New Session…');
    await window.answerInput('talk Look here.; ask git status --short; talk All done.');
    await sessions.row('needs input').waitFor();
    await window.runCommand('Corral: Replay Timeline');
    const orphan = await window.timeline('talk Look here.', '[data-testid=permission]');
    await orphan
      .getByTestId('status')
      .filter({ hasText: /^Running · needs input$/ })
      .waitFor();
    assert.equal(await orphan.getByTestId('connection-lost').count(), 0);
    await orphan.evaluate("document.getElementById('root').dataset.orphan = ''");

    await server.killExtensionHost();
    const again = await window.webview('#root:not([data-orphan]) [data-testid=permission]', 60_000);
    await again
      .getByTestId('status')
      .filter({ hasText: /^Running · needs input$/ })
      .waitFor();
    const tabs = window.page.locator('.tabs-container').getByRole('tab');
    await waitFor(async () => (await tabs.count()) === 1, { what: 'the end of the old tab' });
    await again.getByRole('button', { name: 'Allow', exact: true }).click();
    await again.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
  });

  it('has the expected accessibility tree at five moments of the demo', async () => {
    await window.page.setViewportSize({ width: 1280, height: 5_000 }); // tall enough for every event
    await window.closeEditors();
    await window.runCommand('Corral: Try the Demo');
    const demo = (state: RegExp): Locator => window.page.getByRole('treeitem', { name: state }); // a row's text is cut
    await demo(/Demo.*needs input/).waitFor({ timeout: 60_000 });
    await sessions.act('Demo: a', 'Allow', demo(/Demo.*Completed/));
    await sessions.row('Demo: a').click();
    const frame = await window.timeline('Demo: a', '[data-kind="run.exited"]');
    await frame.getByRole('status').filter({ hasText: 'Session Completed' }).waitFor();
    const press = async (name: string): Promise<void> => {
      await frame.getByRole('button', { name, exact: true }).click();
    };
    const matches = async (name: string, position: RegExp): Promise<void> => {
      await frame.getByTestId('position').filter({ hasText: position }).waitFor();
      await frame.locator('[data-testid=event-loading]').first().waitFor({ state: 'detached' });
      // Counts and highlighted code may come after the events.
      await waitFor(
        async () => {
          const tree = await frame.locator('body').ariaSnapshot();
          await goldenText(join(projectRoot, 'test/fixtures/timeline', `${name}.txt`), `${normalized(tree)}\n`);
          return true;
        },
        { what: `the expected text of ${name}` },
      );
    };
    await matches('5 the end', /^event (\d+) of \1 /);
    await frame.getByRole('feed', { name: 'Events' }).press('ArrowLeft');
    await press('Jump to start');
    await matches('1 the start', /^event 1 of/);
    await frame.getByRole('combobox', { name: 'Jump by' }).selectOption('Turn');
    await press('Next turn');
    await matches('2 the turn', /^event 3 of/);
    await frame.getByRole('combobox', { name: 'Jump by' }).selectOption('Permission');
    await press('Next permission');
    await frame.locator('[data-kind="permission.request"]').waitFor();
    await matches('3 the question', /^event \d\d of/);
    await press('Step forward');
    await frame.locator('[data-kind="permission.answer"]').waitFor();
    await matches('4 the answer', /^event \d\d of/);
    await press('Jump to end');
    await frame.getByRole('feed', { name: 'Events' }).press('ArrowLeft');
    await frame.getByTestId('files').click();
    await window.quickInput
      .getByText('What do you want to do with it?')
      .or(window.quickInput.getByPlaceholder('What do you want to do with it?'))
      .first()
      .waitFor();
    await window.page.keyboard.press('Escape');
  });
});

/** The tree without times, ids and other values that differ between runs, and without the pauses of a busy machine. */
function normalized(tree: string): string {
  return tree
    .replace(/\d\d:\d\d:\d\d/g, '00:00:00')
    .replace(/just now|\d+ min ago/, '<age>')
    .replace(/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/g, '<id>')
    .replace(/\b[0-9a-f]{10,40}\b…?/g, '<object>')
    .replace(/\b(\d+ min )?\d+(\.\d+)? m?s\b/g, '<duration>')
    .replace(/^ *- img "Nothing happened for <duration>"\n/gm, '')
    .replace(/slider "Position": "\d+"/, 'slider "Position"')
    .replace(/(?<=[ "])\/(?:[^\s"/]+\/)+[^\s"]*/g, '<path>');
}
