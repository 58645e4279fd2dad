import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Frame, Locator } from 'playwright-core';
import * as v from 'valibot';
import { projectRoot } from '../../support/project';
import { assertAccessible } from '../../support/vscode/accessibility';
import type { SessionsView } from '../../support/vscode/sessionsView';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { Window } from '../../support/vscode/window';

const SCREEN_PX = 900;
const PROMPT = 'Refuse empty durations';
const FILES = {
  'package.json': '{ "name": "countdown", "type": "module" }\n',
  'src/duration.js':
    "const UNITS = { h: 3600 };\n\nexport function parse(text) {\n  const [, n, unit] = /(\\d+)([hms])/.exec(text);\n  return Number(n) * UNITS[unit];\n}\n\nexport const zero = '0s';\n",
  'src/main.js':
    "import { parse } from './duration.js';\n\nconst duration = parse(process.argv[2]);\nconsole.log(duration);\n",
};

describe('the rows of a timeline', () => {
  let folder: string;
  let window: Window;
  let sessions: SessionsView;
  let frame: Frame;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-rows-'));
    const agent = join(projectRoot, 'test/fixtures/agents/richAgent.mjs');
    await writeFile(join(folder, 'claude'), `#!${process.execPath}\nimport(${JSON.stringify(agent)});\n`);
    await chmod(join(folder, 'claude'), 0o755);
  });
  useWindow(
    () => ({
      repository: { name: 'countdown', files: FILES },
      server: { settings: { 'corral.agents': { claude: { path: join(folder, 'claude') } } } },
      context: { viewport: { width: 1400, height: 1000 }, permissions: ['clipboard-read', 'clipboard-write'] },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const rows = (kind: string): Locator => frame.locator(`[data-testid=event][data-kind="${kind}"]`);

  /** Makes the page of the timeline as wide and high as given. */
  async function resizePage(width: number, height: number): Promise<void> {
    const size = async (): Promise<{ width: number; height: number }> =>
      v.parse(
        v.object({ width: v.number(), height: v.number() }),
        await frame.evaluate('({ width: innerWidth, height: innerHeight })'),
      );
    const viewport = window.page.viewportSize() ?? { width: 0, height: 0 };
    const now = await size();
    await window.page.setViewportSize({
      width: viewport.width + width - now.width,
      height: viewport.height + height - now.height,
    });
    await waitFor(async () => (await size()).width === width && (await size()).height === height, {
      what: `a page of ${width} × ${height} pixels`,
    });
  }

  it('shows each call with its result, groups reads, folds the sub-agent, and fits two and a half screens (8, 20)', async () => {
    await window.runCommand('Corral: New Session…');
    await window.answerInput(PROMPT);
    await sessions.row(PROMPT).filter({ hasText: 'needs input' }).waitFor();
    await sessions.row(PROMPT).click();
    frame = await window.timeline(PROMPT, '[data-testid=permission]');
    await window.picture('at-home-8-question');
    const question = frame.locator('.permission.pending');
    await question.getByRole('button', { name: 'Allow', exact: true }).click();
    await question.getByRole('radio', { name: 'Throw a RangeError' }).check();
    await question.getByRole('button', { name: 'Send Answer' }).click();
    await question.filter({ hasText: 'Run everything again' }).locator('.primary:enabled').first().click();
    await frame.getByTestId('outcome').waitFor();
    await window.runCommand('View: Close Primary Side Bar');
    await resizePage(1_000, SCREEN_PX);
    await frame.getByTestId('outcome').getByText('2 files changed').waitFor();
    await window.picture('at-home-8-end');
    const heightPx = v.parse(
      v.number(),
      await frame.evaluate(`(() => {
        const [rows, end] = [document.querySelector('.rows'), document.querySelector('[data-testid=outcome]')];
        return end.getBoundingClientRect().bottom - rows.getBoundingClientRect().top;
      })()`),
    );
    assert.ok(heightPx <= 2.5 * SCREEN_PX, `the rows take ${heightPx} pixels`);
    await assertAccessible(frame);

    await resizePage(1_000, 2_600); // high enough for all rows
    await rows('run.started').waitFor();
    assert.equal(await rows('tool.result').count(), 0);
    await rows('tool.call').locator('.picture img').waitFor();
    const picture = "document.querySelector('.picture img')";
    assert.equal(await frame.evaluate(`${picture}.decode().then(() => ${picture}.naturalWidth)`), 320);
    assert.equal(await rows('permission.answer').count(), 0);
    const group = rows('tool.call').filter({ hasText: 'Read 1 file, searched 2 times' });
    await group.getByRole('button', { name: 'Read 1 file' }).click();
    await group.getByRole('button', { name: 'Search for “parse' }).click();
    await group.getByText('src/main.js:8:const duration').waitFor();
    // JSON and the worktree's own path are for the raw event.
    assert.doesNotMatch(
      await group
        .locator('.row-line')
        .allInnerTexts()
        .then((lines) => lines.join()),
      /worktrees/,
    );
    assert.equal(await group.getByText('"pattern"').count(), 0);
    const agent = rows('tool.call').filter({ hasText: 'Find similar parsers' });
    await agent.getByRole('button', { name: 'Sub-agent Find similar parsers · Searched 4 times, read 1 file' }).click();
    await agent.getByText('Nothing else reads durations').waitFor();
    await agent.getByText('Only src/main.js:8 reads a duration.').waitFor();
    await frame.getByTestId('plan').getByText('0 of 4 done').waitFor();
    await window.picture('at-home-8-opened');
  });

  it('has a summary, the normal rows and everything, whichever was chosen last (8)', async () => {
    const choose = async (level: string): Promise<void> => {
      await frame.getByTestId('detail').selectOption({ label: level });
    };
    const count = async (): Promise<number> => await frame.getByTestId('event').count();
    const normal = await count();
    await choose('Everything');
    await frame.getByRole('feed', { name: 'Events' }).press('End');
    for (const kind of ['usage', 'snapshot', 'run.exited', 'tool.result']) await rows(kind).first().waitFor();
    assert.equal(await frame.getByTestId('plan').count(), 0);
    await choose('Summary');
    await rows('tool.call').filter({ hasText: 'edited 2 times' }).waitFor();
    assert.ok((await count()) < normal);
    await window.picture('at-home-8-summary');
    await window.runCommand('Corral: Choose Level of Detail');
    await window.pick('Normal');
    await waitFor(async () => (await count()) === normal, { what: 'the normal rows' });
  });

  it('shows the last 15 lines of what failed, and scrolls nothing but the list (9)', async () => {
    const failed = rows('tool.call').filter({ hasText: 'node --test' });
    const output = failed.locator('.terminal');
    await output.filter({ hasText: 'ReferenceError: parse is not defined' }).waitFor();
    const text = await output.innerText();
    assert.deepEqual([text.trimEnd().split('\n').length, text.includes('case 588 ')], [15, false]);
    await resizePage(1_000, SCREEN_PX);
    await window.picture('at-home-9-failed');
    await failed.getByRole('button', { name: 'Show all above' }).click();
    await output.filter({ hasText: 'case 1 parses' }).waitFor();
    const boxes = `[...document.querySelectorAll('[role=feed] *')].filter((box) =>
      box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(box).overflowY)).length`;
    assert.equal(await frame.evaluate(boxes), 0, 'boxes that catch the wheel');
    const top = async (): Promise<number> =>
      v.parse(v.number(), await frame.evaluate(`document.querySelector('[role=feed]').scrollTop`));
    const before = await top();
    await output.hover({ position: { x: 20, y: 200 } });
    await window.page.mouse.wheel(0, 300);
    await waitFor(async () => (await top()) > before, { what: 'the list to scroll' });
  });

  it('has a menu for each event: copy, copy its link, open it raw, start a session from it (20)', async () => {
    const copied = async (): Promise<string> =>
      v.parse(v.string(), await window.page.evaluate('navigator.clipboard.readText()'));
    const failed = rows('tool.call').filter({ hasText: 'node --test' });
    const entry = (name: string): Locator => window.page.getByRole('menuitem', { name, exact: true });
    const openByKey = async (): Promise<void> => {
      await failed.focus();
      await window.page.keyboard.press('Shift+F10');
    };
    /** Chooses until it came about: a menu that has just opened takes no click. */
    const choose = async (
      open: () => Promise<void>,
      name: string,
      cameAbout: () => Promise<boolean>,
    ): Promise<void> => {
      await waitFor(
        async () => {
          if (await cameAbout()) return true;
          if ((await entry(name).count()) === 0) await open();
          await entry(name).click({ timeout: 3_000 });
          return await waitFor(cameAbout, { what: name, limitMs: 3_000 });
        },
        { what: `what ${name} does` },
      );
    };
    // VS Code closes a menu when the page that opened it only then takes the focus.
    await waitFor(
      async () => {
        await failed.hover();
        await failed.locator('.more').click({ timeout: 3_000 });
        await entry('Copy Link').waitFor({ timeout: 3_000 });
        return true;
      },
      { what: 'the menu by a click' },
    );
    await window.picture('at-home-20-menu');
    assert.equal(await entry('Paste').count(), 0);
    const openByClick = async (): Promise<void> => {
      await failed.click({ button: 'right', position: { x: 30, y: 5 } });
    };
    await choose(openByClick, 'Copy', async () => /^node --test .*\n.*case 1 parses/.test(await copied()));
    assert.match(await copied(), /ReferenceError: parse is not defined/);
    await window.page.evaluate("navigator.clipboard.writeText('')");
    await failed.focus();
    await window.page.keyboard.press('Control+C');
    await waitFor(async () => (await copied()).startsWith('node --test '), { what: 'the row, copied by key' });
    const link = /:\/\/corral-dev\.corral\/event\/\w{12}\/\w{12}\/\d+$/;
    await choose(openByKey, 'Copy Link', async () => link.test(await copied()));
    const draft = window.quickInput.getByText('“Refuse empty durations”').first();
    await choose(openByKey, 'Start a Session from Here…', async () => await draft.isVisible());
    await window.picture('at-home-20-start-from-here');
    await window.page.keyboard.press('Escape');
    const raw = window.page.locator('.editor-instance').filter({ hasText: '"kind": "tool.call"' });
    await choose(openByClick, 'Open Raw', async () => await raw.isVisible());
    await window.picture('at-home-20-raw');
    await window.runCommand('View: Revert and Close Editor');
  });

  it('unfolds what Find found, and marks its row for a moment (15)', async () => {
    const found = frame.locator('.terminal').filter({ hasText: '"type": "module"' });
    assert.equal(await found.count(), 0);
    await frame.getByTestId('find').fill('"type": "module"');
    await frame.getByTestId('found').filter({ hasText: '1 found' }).waitFor();
    await frame.getByTestId('find').press('Enter');
    await found.waitFor();
    await frame.locator('.marked').filter({ hasText: '"type": "module"' }).first().waitFor();
    await window.picture('at-home-15-unfolded');
    await frame.locator('.marked').first().waitFor({ state: 'detached' });
    await frame.getByTestId('find').press('Escape');
  });

  it('ends a turn with what came of it and what can be done now (10)', async () => {
    await frame.getByRole('feed', { name: 'Events' }).focus();
    await window.page.keyboard.press('End');
    const outcome = frame.getByTestId('outcome');
    await outcome.getByText('$0.43').waitFor();
    for (const action of ['Apply…', 'Make Branch…', 'Message'])
      await outcome.getByRole('button', { name: action }).waitFor();
    await outcome.getByRole('button', { name: 'Review Changes' }).click();
    await window.page.locator('.multiDiffEntry').filter({ hasText: 'duration.js' }).first().waitFor();
  });
});
