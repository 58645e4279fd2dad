import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../src/storage/events';
import { writeRecording } from '../../support/agents/recordedSession';
import { assertAccessible } from '../../support/vscode/accessibility';
import { projectRoot } from '../../support/project';
import { useWindow } from '../../support/vscode/useWindow';
import { waitFor } from '../../support/wait';
import type { SessionsView } from '../../support/vscode/sessionsView';
import type { Window } from '../../support/vscode/window';

const TITLE = 'Make the failing <b>test</b> of the date parser pass again';
const OTHER = 'Say hello in every language that the shop speaks';
const HOSTILE = '</script><script>document.title = "taken"</script><img src=x onerror=alert(1)>';
const MINUTE_MS = 60_000;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const say = (text: string): DraftEvent => ({ kind: 'message', data: { role: 'assistant', text } });
const call = (callId: string, command: string): DraftEvent => ({
  kind: 'tool.call',
  data: {
    callId,
    name: 'Bash',
    title: command,
    input: { command, timeout: 120000 },
    category: 'execute',
    locations: [],
  },
});
const result = (callId: string, output: string): DraftEvent => ({
  kind: 'tool.result',
  data: { callId, status: 'ok', output },
});

describe('at home in what was found and shared', () => {
  let window: Window;
  let sessions: SessionsView;
  let folder: string;
  useWindow(
    () => ({
      repository: { name: 'storefront' },
      context: { viewport: { width: 1200, height: 900 }, timezoneId: 'UTC', locale: 'en-GB' },
      prepare: async ({ globalStorage }, { path }) => {
        folder = path;
        await mkdir(globalStorage, { recursive: true });
        const write = async (title: string, minutesAgo: number, events: DraftEvent[]): Promise<void> => {
          const started: DraftEvent = {
            kind: 'run.started',
            data: { ordinal: 1, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: path },
          };
          const exited: DraftEvent = {
            kind: 'run.exited',
            data: { outcome: 'completed', exitCode: 0, signal: null, reason: 'It ended by itself.' },
          };
          await writeRecording(
            globalStorage,
            { title, repository: path, worktreePath: path, startMs: Date.now() - minutesAgo * MINUTE_MS },
            [started, ...events, exited].map((event) => ({ event, afterMs: MINUTE_MS })),
          );
        };
        const many = Array.from({ length: 130 }, (_, index) => say(`Greeting ${index}: the plumbus says hello.`));
        await write(OTHER, 150, many.slice(0, 120));
        await write(TITLE, 20, [
          say('## What I found\n\nThe parser **drops** the plumbus offset in `src/parse.js:12`.\n\n- one\n- two'),
          call('c1', 'npm test -- --grep plumbus'),
          result('c1', '\u001b[31mnot ok 1\u001b[0m plumbus parses\n\u001b[32mok 2\u001b[0m everything else'),
          say(HOSTILE),
          {
            kind: 'message',
            data: {
              role: 'user',
              text: 'As in this picture.',
              pictures: [{ mediaType: 'image/png', bytes: 70, data: PIXEL }],
            },
          },
          { kind: 'usage', data: { inputTokens: 12_000, outputTokens: 900, costUsd: 0.2 } },
        ]);
      },
    }),
    async (opened) => {
      ({ window, sessions } = opened);
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session…');
      await window.answerInput('talk Look here.; ask git status --short');
      await opened.sessions.row('needs input').waitFor();
    },
  );

  it('shows the first day in full width, counts as the status bar does, and answers in place (18)', async () => {
    await window.runCommand('Corral: Overview');
    const frame = await window.webview('.overview .chart svg');
    const bars = frame.locator('.chart').first().locator('.bars rect');
    await bars.nth(2).waitFor();
    const widths = await bars.evaluateAll((all) => all.map((bar) => Number(bar.getAttribute('width'))));
    assert.ok(Math.max(...widths) > 200, `the longest of ${widths.join(', ')}`);
    const running = frame.locator('.tile').filter({ hasText: 'Running' }).locator('dd');
    assert.equal(await running.textContent(), '0'); // what needs a person is counted once
    await window.page
      .locator('.statusbar-item')
      .filter({ hasText: /^\s*1 needs input/ })
      .waitFor();
    await window.picture('at-home-18-overview');
    await assertAccessible(frame);
    const need = frame.locator('.needs-you li').filter({ hasText: 'git status --short' });
    await need.getByRole('button', { name: 'Answer…' }).click();
    await window.quickInput.getByRole('option').filter({ hasText: 'Allow' }).first().waitFor();
    await window.pick('Allow');
    await need.waitFor({ state: 'detached' });
    await frame.locator('.tile').filter({ hasText: 'Needs you' }).filter({ hasText: '0' }).waitFor();
  });

  it('lists what a search found as a tree by session, and opens the timeline at the event (20)', async () => {
    await window.closeEditors();
    await window.runCommand('Corral: Search History');
    await window.answerInput('plumbus');
    const rows = window.page.getByRole('treeitem');
    await rows.filter({ hasText: TITLE }).last().waitFor();
    await rows.filter({ hasText: 'not ok 1 plumbus parses' }).waitFor();
    assert.doesNotMatch(await window.page.locator('.part.sidebar').innerText(), /\[31m|\{"command|timeout/);
    await rows.filter({ hasText: '--grep plumbus' }).waitFor();
    await window.picture('at-home-20-search');
    const results = window.page.locator('.pane').filter({ hasText: 'Search Results' });
    // By keys: while the views still share their height anew, rows move below the mouse.
    const tree = results.getByRole('tree');
    await tree.press('Home');
    await tree.press('ArrowDown');
    await tree.press('Enter');
    const frame = await window.timeline(TITLE, '[data-testid=position]');
    await frame.locator('[data-kind="tool.result"]').filter({ hasText: 'not ok 1' }).waitFor();
    await results.getByText('100 events in 2 sessions, newest first').waitFor();
    await tree.press('End');
    await rows.filter({ hasText: 'Show More' }).click();
    await results.getByText('123 events in 2 sessions, newest first').waitFor();
  });

  it('exports the timeline as one page that folds, prints and runs nothing of an agent (19)', async () => {
    await sessions.row(TITLE).click();
    await window.timeline(TITLE);
    await window.runCommand('Corral: Export Session');
    await window.pick('Web page');
    const target = join(folder, 'session.html');
    // The dialog writes its own proposal into the input when it is ready.
    const input = window.quickInput.locator('input').first();
    await waitFor(async () => (await input.inputValue()).endsWith('.html'), { what: 'the proposed file' });
    await window.answerInput(target);
    await window.page.getByText('Exported “').first().waitFor();
    const html = await readFile(target, 'utf8');
    assert.match(html, /script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'/);

    const page = await window.page.context().newPage();
    const loaded: string[] = [];
    const refused: string[] = [];
    page.on('request', (request) => loaded.push(request.url()));
    page.on('console', (message) => refused.push(message.text()));
    page.on('pageerror', (error) => refused.push(error.message));
    await page.goto(pathToFileURL(target).href);
    await page.getByRole('heading', { name: TITLE }).waitFor();
    await page.locator('.markdown h2, .markdown strong').filter({ hasText: 'drops' }).waitFor();
    const callRow = page.locator('.kind-tool-call').filter({ hasText: 'npm test -- --grep plumbus' });
    await callRow.filter({ hasText: 'not ok 1' }).waitFor();
    await page.getByText(HOSTILE).waitFor();
    await page.locator('img[src^="data:image/png"]').waitFor();
    const fold = page.locator('.fold-summary').first();
    const isOpen = await fold.getAttribute('aria-expanded');
    await fold.click();
    assert.notEqual(await fold.getAttribute('aria-expanded'), isOpen);
    assert.equal(await page.locator('.kind-usage, .kind-tool-result').count(), 0, 'they are part of other rows');
    await page.getByLabel('Show Everything').check();
    await page.locator('.kind-usage').waitFor();
    await page.locator('.kind-tool-result').filter({ hasText: 'not ok 1' }).waitFor();
    await page.getByLabel('Show Everything').uncheck();
    await page.locator('.kind-usage').waitFor({ state: 'detached' });
    assert.deepEqual(
      loaded.filter((url) => !/^(file|data|blob):/.test(url)),
      [],
    );
    assert.deepEqual(refused, []);
    assert.equal(await page.title(), TITLE);
    await assertAccessible(page.mainFrame());
    const pictures = join(projectRoot, process.env['CORRAL_PICTURES'] ?? 'out/pictures');
    await page.screenshot({ path: join(pictures, 'at-home-19-export.png'), fullPage: true });
    const pdf = await page.pdf();
    assert.ok(pdf.length > 5_000);
    await page.close();
  });
});
