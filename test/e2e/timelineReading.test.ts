import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { BrowserContext, Frame } from 'playwright-core';
import * as v from 'valibot';
import { StorePaths } from '../../src/storage/paths';
import { assertAccessible } from '../support/vscode/accessibility';
import { greetingStory, hostileStory, longStory, pictureStory, slowStory } from '../support/agents/recordedStories';
import { writeRecording } from '../support/agents/recordedSession';
import type { SessionsView } from '../support/vscode/sessionsView';
import { THEMES } from '../support/vscode/themes';
import { projectRoot } from '../support/project';
import { useWindow } from '../support/vscode/useWindow';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const OUTPUT_BYTES = 12 * 1024 * 1024;
const LIST = `document.querySelector('[role=feed]')`;

describe('reading a timeline', () => {
  let context: BrowserContext;
  let window: Window;
  let sessions: SessionsView;
  useWindow(
    () => ({
      repository: {
        name: 'greeter',
        files: { 'src/greet.js': 'export function greet(name) {\n  return `Hello, ${name}!`;\n}\n' },
      },
      context: { viewport: { width: 1100, height: 1400 }, timezoneId: 'UTC', locale: 'en-GB' },
      server: { settings: { 'corral.timeline.detail': 'everything' } },
      prepare: async ({ globalStorage }, repository) => {
        await mkdir(globalStorage, { recursive: true });
        const record = async (title: string, events: Parameters<typeof writeRecording>[2]): Promise<string> =>
          await writeRecording(
            globalStorage,
            { title, repository: repository.path, worktreePath: repository.path },
            events,
          );
        await record(
          'Greet in every language',
          greetingStory('\u001B[31m✖ greets by name\u001B[0m\n  expected: Hallo, Ada!\n  actual:   Hello, Ada!'),
        );
        await record('Words that take long', slowStory());
        await record('Pictures of it', pictureStory(await readFile(join(projectRoot, 'media/icon.png'))));
        await record('Hostile <script>window.hacked = 1</script>', hostileStory());
        await record(
          'A long result',
          greetingStory(`first line\n${'0123456789abcde\n'.repeat(OUTPUT_BYTES / 16)}last line`),
        );
        await damage(globalStorage, await record('Partly unreadable', longStory(300)), 'Message 7 of many');
      },
    }),
    async (opened) => {
      ({ context, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  /** Changes a byte of the event with this text, as a failing disk may. */
  async function damage(storeRoot: string, sessionId: string, text: string): Promise<void> {
    const session = new StorePaths(storeRoot).session(sessionId);
    const [runId = ''] = await readdir(session.runs);
    const path = session.run(runId).events;
    const content = await readFile(path);
    content[content.indexOf(text)] = 0x80;
    await writeFile(path, content);
  }

  /** Opens the timeline of the session with this title as the only editor. */
  async function open(title: string): Promise<Frame> {
    await window.showContainer('Corral'); // after a reload another view may be open
    await window.closeEditors();
    await window
      .treeItems('Sessions')
      .filter({ hasText: title.slice(0, 7) })
      .first()
      .click(); // rows cut long titles
    return await window.timeline(title, '[data-kind="run.exited"]');
  }

  for (const [name, theme] of Object.entries(THEMES)) {
    it(`is legible and accessible in a ${name} theme`, async () => {
      await window.useTheme(theme);
      const frame = await open('Greet in every language');
      await frame.locator('.hljs-keyword').first().waitFor();
      await frame.locator('.density-tools[d^=M]').waitFor({ state: 'attached' });
      await window.page.mouse.move(0, 0);
      await window.picture(`timeline ${name}`.replaceAll(' ', '-'));
      await assertAccessible(frame);
    });
  }

  it('shows how full the context window is, and where it was compacted', async () => {
    const frame = await open('Greet in every language');
    const gauge = frame.getByTestId('context');
    assert.equal(await gauge.textContent(), 'Context 62.0k of 200.0k (31 %)');
    assert.equal(await gauge.getByRole('meter', { name: 'Context window' }).getAttribute('aria-valuenow'), '62000');
    assert.equal(
      await frame.getByTestId('compaction').textContent(),
      'The agent compacted its context of 171.0k tokens',
    );
  });

  it('fits its tab in forced colours, at twice the size, and in a narrow column', async () => {
    const { page } = window;
    const frame = await open('Greet in every language');
    const assertFits = async (name: string): Promise<void> => {
      const controls = `[...document.querySelectorAll(':is(.filter, .footer) :is(button, select, input, textarea)')]`;
      const fits = `${LIST}.scrollWidth <= ${LIST}.clientWidth && ${controls}.every((control) => control.getBoundingClientRect().right <= innerWidth)`;
      await waitFor(async () => (await frame.evaluate(fits)) === true, {
        what: `a page no wider than its tab: ${name}`,
      });
      await frame.locator('.density-tools[d^=M]').waitFor({ state: 'attached' });
      await window.picture(`timeline-${name}`);
      await assertAccessible(frame);
    };
    await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
    await assertFits('forced-colours');
    await page.emulateMedia({ forcedColors: null, reducedMotion: null });
    await window.runCommand('View: Close Primary Side Bar');
    // As large as a window of 1280 × 800 at twice the size.
    await page.setViewportSize({ width: 640, height: 400 });
    await assertFits('zoom-200');
    assert.ok(Number(await frame.evaluate(`${LIST}.clientHeight`)) >= 150, 'room for the events');
    await page.setViewportSize({ width: 360, height: 900 });
    await assertFits('narrow');
    await page.setViewportSize({ width: 1100, height: 1400 });
  });

  it('shows pictures, and opens them in the editor (E2)', async () => {
    await window.showContainer('Corral');
    await window.closeEditors();
    await window.treeItems('Sessions').filter({ hasText: 'Picture' }).first().click();
    const frame = await window.timeline('Pictures of it', '.picture img');
    await waitFor(
      async () =>
        (await frame.evaluate(
          `[...document.querySelectorAll('.picture img')].filter((image) => image.naturalWidth > 0).length`,
        )) === 2,
      { what: 'two pictures, and none of the other kind' },
    );
    assert.equal(await frame.locator('figcaption').count(), 3);
    await frame.locator('figcaption .link').first().click();
    await window.page.locator('.tab').filter({ hasText: 'Picture 1 of event 2' }).first().waitFor();
    await window.closeEditors();
  });

  it('shows as it is what takes too long to be formatted, and formats the rest (E7)', async () => {
    await window.showContainer('Corral');
    await window.closeEditors();
    await window.treeItems('Sessions').filter({ hasText: 'Words t' }).first().click();
    const frame = await window.timeline('Words that take long', '.hljs-keyword');
    assert.equal(await frame.locator('.hljs-number').filter({ hasText: '0x1_' }).count(), 0);
    await frame.getByText('0x1_0x1_').first().waitFor();
  });

  it('keeps hostile text as text, in every field', async () => {
    const requests: string[] = [];
    window.page.on('request', (request) => requests.push(request.url()));
    const frame = await open('Hostile <script>');
    for (const detail of ['normal', 'everything']) {
      await frame.getByTestId('detail').selectOption(detail);
      await frame
        .locator(detail === 'normal' ? '.event.folding' : '.event:not(.folding)')
        .first()
        .waitFor();
      await assertHarmless(frame);
    }
    assert.deepEqual(
      requests.filter((url) => url.includes('evil.example')),
      [],
    );
  });

  /** Scrolls through the list, opens every fold, and looks for anything that is not text. */
  async function assertHarmless(frame: Frame): Promise<void> {
    await frame.getByRole('feed', { name: 'Events' }).focus();
    await window.page.keyboard.press('Home');
    for (;;) {
      const folded = frame.locator('.fold-summary[aria-expanded=false]');
      while ((await folded.count()) > 0)
        await folded
          .first()
          .dispatchEvent('click', undefined, { timeout: 1_000 })
          .catch(() => undefined); // a real click would scroll, and a row may go meanwhile
      const foreign =
        'iframe, img, object, embed, base, form, [onerror], [onclick], [href]:not([href^="https://"]):not([rel=stylesheet])';
      assert.equal(await frame.locator(`#root :is(${foreign})`).count(), 0);
      assert.equal(await frame.locator('#root :is(script, style, link, meta)').count(), 0);
      assert.ok(
        v.parse(v.number(), await frame.evaluate(`${LIST}.scrollWidth - ${LIST}.clientWidth`)) <= 0,
        'the list is wider than its tab',
      );
      if ((await frame.locator('[data-kind="run.exited"]').count()) > 0) break;
      await frame.evaluate(`${LIST}.scrollBy(0, ${LIST}.clientHeight / 2)`);
    }
    assert.equal(await frame.evaluate('window.hacked'), undefined);
    assert.equal(await window.page.evaluate('window.hacked'), undefined);
  }

  it('filters the events of the whole run by kind, failure, tool and file', async () => {
    const frame = await open('Greet in every language');
    const kinds = async (): Promise<(string | null)[]> =>
      await Promise.all(
        (await frame.getByTestId('event').all()).map(
          async (row) => await row.getAttribute('data-kind', { timeout: 1_000 }),
        ),
      );
    const clear = async (): Promise<void> => {
      await frame.getByRole('button', { name: 'Clear', exact: true }).click();
      await frame.getByTestId('filter').click();
    };
    const filtered = async (text: string): Promise<void> =>
      await frame.getByTestId('filtered').filter({ hasText: text }).waitFor();
    await frame.getByTestId('filter').click();
    await frame.getByRole('combobox', { name: 'Kind' }).selectOption('Tools');
    await filtered('6 of 22');
    await clear();
    await frame.getByLabel('Only failures').check();
    await filtered('2 of 22');
    await waitFor(async () => (await kinds()).join() === 'tool.result,error', { what: 'the two failures' });
    await clear();
    await frame.locator('option', { hasText: 'Bash (1)' }).waitFor({ state: 'attached' });
    await frame.getByRole('combobox', { name: 'Tool' }).selectOption({ label: 'Bash (1)' });
    await filtered('3 of 22');
    await waitFor(async () => (await kinds()).join() === 'permission.request,tool.call,tool.result', {
      what: 'what the tool did',
    });
    await clear();
    await frame.getByRole('combobox', { name: 'File' }).fill('greet.js');
    await waitFor(async () => (await kinds()).includes('file.change') && !(await kinds()).includes('message'), {
      what: 'what touched the file',
    });
    await clear();
    await frame.locator('[data-kind="run.exited"]').waitFor();
  });

  it('copies a link to an event, and opens it there', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const frame = await open('Greet in every language');
    await frame.getByRole('feed', { name: 'Events' }).press('ArrowLeft');
    await frame.getByRole('button', { name: 'Jump to start' }).click();
    await frame.getByRole('combobox', { name: 'Jump by' }).selectOption('Turn');
    await frame.getByRole('button', { name: 'Next turn' }).click();
    await frame.getByTestId('position').filter({ hasText: 'event 3 of 22' }).waitFor();
    await frame.getByTestId('copy-link').click();
    const link = await waitFor(
      async () => {
        const text = v.parse(v.string(), await window.page.evaluate('navigator.clipboard.readText()'));
        return /:\/\/corral-dev\.corral\/event\/\w{12}\/\w{12}\/3$/.test(text) && text;
      },
      { what: 'the link' },
    );
    await window.closeEditors();
    await window.runCommand('Developer: Open URL');
    await window.answerInput(link);
    await window.page.getByRole('button', { name: 'Open', exact: true }).click();
    await window.timeline('Greet in every language', '[data-testid=position]:text("event 3 of 22")');
  });

  it('reports a damaged record in the row, its tooltip and the timeline, and shows the others', async () => {
    const row = window.treeItems('Sessions').filter({ hasText: 'Partly' }).first();
    await row.filter({ hasText: '1 damaged record' }).waitFor();
    const frame = await open('Partly unreadable');
    await frame.getByText('1 damaged record', { exact: true }).waitFor();
    await window.picture('damaged-record');
    await sessions.showTooltip(row, 'Damaged: 1 damaged record: left out, everything else is there.');
    await window.page.mouse.move(0, 0);
  });

  it('searches the whole history, and opens a result at its event', async () => {
    await window.closeEditors();
    await window.runCommand('Corral: Search History');
    await window.answerInput('MESSAGE 150 OF');
    const results = window.page.locator('.pane').filter({ hasText: 'Search Results' });
    await results.getByText('1 event in 1 session').waitFor(); // the list changes until the search is over
    await window.picture('search-history');
    await results.getByRole('treeitem').filter({ hasText: 'Message 150 of many' }).click();
    const frame = await window.timeline('Partly unreadable', '[data-testid=position]:text("event 151 of 302")');
    await frame.locator('[data-testid=event][data-seq="151"]').filter({ hasText: 'Message 150 of many' }).waitFor();
    // Beside the results the list has no room for all rows, and those at its end move below the mouse.
    await window.runCommand('Corral: Clear Search Results');
    await results.waitFor({ state: 'detached' });
  });

  it('opens a file of the worktree at its line', async () => {
    const frame = await open('Greet in every language');
    await frame.getByRole('button', { name: 'src/greet.js:2' }).first().click();
    await window.page.locator('.monaco-editor .view-lines').filter({ hasText: 'return' }).waitFor();
    await window.page.locator('[id="status.editor.selection"]').filter({ hasText: 'Ln 2, Col 1' }).waitFor();
  });

  it('previews a result of 12 MB, and opens all of it in an editor', async () => {
    const frame = await open('A long result');
    const result = frame.locator('[data-kind="tool.result"]').filter({ hasText: 'first line' });
    await result.getByText('Preview of 12.0 MB.').waitFor();
    await result.getByRole('button', { name: 'Open in editor' }).click();
    const editor = window.page.locator('.monaco-editor .view-lines').filter({ hasText: 'first line' });
    await editor.waitFor();
    await editor.click();
    await window.page.keyboard.press('Control+End');
    await window.page.locator('.monaco-editor .view-line').filter({ hasText: 'last line' }).waitFor();
    await frame.getByTestId('find').fill('last line');
    await frame.getByTestId('found').filter({ hasText: 'No match' }).waitFor();
    await window.picture('long-output');
    await frame.getByTestId('search-history').click();
    await window.page
      .locator('.pane')
      .filter({ hasText: 'Search Results' })
      .getByText('1 event in 1 session')
      .waitFor();
  });
});
