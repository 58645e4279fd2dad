import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import { editStory } from '../../support/agents/editStory';
import { writeRecording } from '../../support/agents/recordedSession';
import { assertAccessible } from '../../support/vscode/accessibility';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { Window } from '../../support/vscode/window';

const TITLE = 'Read milliseconds';

describe('at home in a replay', () => {
  let window: Window;
  let frame: Frame;
  useWindow(
    () => ({
      repository: { name: 'durations' },
      context: { viewport: { width: 1100, height: 1000 }, timezoneId: 'UTC', locale: 'en-GB' },
      prepare: async ({ globalStorage }, repository) => {
        await mkdir(globalStorage, { recursive: true });
        const { path } = repository;
        const { events, base: baseCommit, lastSnapshot } = await editStory(repository);
        const session = { title: TITLE, repository: path, worktreePath: path, baseCommit };
        const id = await writeRecording(globalStorage, session, events);
        await repository.git('update-ref', `refs/corral/${id}`, lastSnapshot);
      },
    }),
    async (opened) => {
      ({ window } = opened);
      await window.showContainer('Corral');
      await opened.sessions.row(TITLE).click();
      frame = await window.timeline(TITLE, '[data-kind="run.exited"]');
    },
  );

  it('shows edits as diffs with line numbers, syntax and the changed words (14)', async () => {
    await frame.getByRole('feed', { name: 'Events' }).focus();
    await window.page.keyboard.press('Home');
    const diff = frame.getByRole('group', { name: 'Diff of src/duration.js' }).first();
    await diff.locator('.diff-added .diff-word').filter({ hasText: 'round' }).waitFor();
    await diff.locator('.hljs-keyword').first().waitFor();
    assert.equal(await diff.locator('.diff-added .diff-number').nth(1).textContent(), '1');
    await window.picture('at-home-14-diff');
    await assertAccessible(frame);
  });

  it('squeezes idle time on the scrubber, and jumps between edits by key and button (15)', async () => {
    const pause = frame.getByRole('img', { name: 'Nothing happened for 1 h 12 min' });
    const [pauseBox, boxes] = [await pause.boundingBox(), await frame.locator('.scrubber').boundingBox()];
    assert.ok((pauseBox?.width ?? 0) > 5 && (pauseBox?.width ?? 0) < 0.05 * (boxes?.width ?? 0));
    const position = async (text: RegExp): Promise<void> =>
      await frame.getByTestId('position').filter({ hasText: text }).waitFor();
    await window.page.keyboard.press('Shift+F7');
    await position(/^event 15 of 19 /);
    await frame.getByRole('button', { name: 'Previous edit' }).click();
    await position(/^event 8 of 19 /);
    await window.page.keyboard.press('F7');
    await position(/^event 15 of 19 /);
    await window.picture('at-home-15-scrubber');
  });

  it('has the header, the files and the links of the moment that it shows (15)', async () => {
    const { page } = window;
    await frame.getByRole('button', { name: 'Previous edit' }).click(); // the first edit, before any snapshot
    const status = frame.getByTestId('status');
    await status.filter({ hasText: 'At this moment: running' }).waitFor();
    await frame
      .getByTestId('moment-changes')
      .filter({ hasText: /^1 edit$/ })
      .waitFor();
    await page.keyboard.press('F7');
    await frame.getByTestId('moment-changes').filter({ hasText: '2 files changed · +4 −3 · 1 edit' }).waitFor();
    const files = window.treeItems('Files at This Moment');
    await files.filter({ hasText: 'notes.md' }).waitFor();
    await files.filter({ hasText: 'src' }).click();
    await files.filter({ hasText: 'duration.js' }).waitFor();
    await window.picture('at-home-15-files');
    await files.filter({ hasText: 'notes.md' }).click();
    await page.locator('.monaco-editor .view-lines').filter({ hasText: 'weeks' }).waitFor();
    await page.locator('.tab').filter({ hasText: TITLE }).click();
    frame = await window.timeline(TITLE, '.diff');
  });

  it('opens an edit before and after it, in the same group (14)', async () => {
    const { page } = window;
    await frame.getByRole('button', { name: 'Open Diff' }).last().click();
    await page.locator('.tab.active').filter({ hasText: 'duration.js (edit at event 15)' }).waitFor();
    await page.locator('.monaco-diff-editor .modified .view-lines').filter({ hasText: '86_400' }).waitFor();
    await page.locator('.monaco-diff-editor .modified .view-lines').filter({ hasText: 'shiftsToSeconds' }).waitFor();
    assert.equal(await page.locator('.editor-group-container').count(), 1);
    await window.picture('at-home-14-open-diff');
    await page.locator('.tab').filter({ hasText: TITLE }).click();
    frame = await window.timeline(TITLE, '.diff');
  });

  it('marks what it finds in the rows, and goes from one to the next (15)', async () => {
    await frame.getByRole('button', { name: 'Jump to end' }).click();
    await frame.getByTestId('find').fill('weeks');
    await frame.getByTestId('found').filter({ hasText: '2 found' }).waitFor();
    await frame.getByTestId('find').press('Enter');
    await frame.getByTestId('found').filter({ hasText: '1 of 2' }).waitFor();
    await frame.locator('[data-seq="4"].selected').waitFor();
    await frame.getByTestId('find').press('Shift+Enter');
    await frame.getByTestId('found').filter({ hasText: '2 of 2' }).waitFor();
    await window.page.keyboard.press('F3');
    assert.ok((await frame.locator('[data-testid=event]').count()) > 3, 'the other events stay in the list');
    await waitFor(async () => Number(await frame.evaluate(`CSS.highlights.get('corral-found-here')?.size ?? 0`)) > 0, {
      what: 'a mark in the row that was found',
    });
    await window.picture('at-home-15-find');
    await assertAccessible(frame);
    await frame.getByTestId('find').press('Escape');
    await frame.getByTestId('find-next').waitFor({ state: 'detached' });
  });

  it('has its controls in one line of a narrow column, and the filter behind an icon (16)', async () => {
    const { page } = window;
    await window.runCommand('View: Close Primary Side Bar');
    await page.setViewportSize({ width: 510, height: 900 });
    const filter = frame.getByTestId('filter');
    await filter.click();
    const menu = frame.getByRole('dialog', { name: 'Filter' });
    await menu.getByRole('combobox', { name: 'Kind' }).selectOption('Messages');
    await frame.getByTestId('filtered').filter({ hasText: '4 of 19' }).waitFor();
    await window.picture('at-home-16-filter');
    await assertAccessible(frame);
    await page.keyboard.press('Escape');
    await menu.waitFor({ state: 'detached' });
    assert.equal(await frame.evaluate('document.activeElement.dataset.testid'), 'filter');
    await frame.getByRole('button', { name: 'Filter (active)' }).press('Enter');
    await menu.getByRole('button', { name: 'Clear' }).click();
    for (const width of [510, 350]) {
      await page.setViewportSize({ width, height: 900 });
      // In 300 px the scrubber has a line of its own.
      for (const [bar, heightPx] of [
        ['.filter', 34],
        ['.replay', width > 400 ? 44 : 70],
      ] as const) {
        const box = await frame.locator(bar).boundingBox();
        assert.ok((box?.height ?? 99) <= heightPx, `${bar} has ${String(box?.height)} px in ${String(width - 50)} px`);
      }
      await window.picture(`at-home-16-${String(width - 50)}`);
    }
    assert.equal(await frame.getByRole('button', { name: 'Step back' }).count(), 0);
    await page.setViewportSize({ width: 1100, height: 1000 });
  });
});
