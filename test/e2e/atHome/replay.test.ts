import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import { editStory } from '../../support/agents/editStory';
import { writeRecording } from '../../support/agents/recordedSession';
import { assertAccessible } from '../../support/vscode/accessibility';
import { useWindow } from '../../support/vscode/useWindow';
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
        await writeRecording(
          globalStorage,
          { title: TITLE, repository: path, worktreePath: path },
          await editStory(repository),
        );
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
});
