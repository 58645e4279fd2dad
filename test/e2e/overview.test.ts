import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { describe, it } from 'mocha';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';
import type { RunOutcome } from '../../src/storage/events';
import { assertAccessible } from '../support/vscode/accessibility';
import { writeRecording } from '../support/agents/recordedSession';
import { THEMES } from '../support/vscode/themes';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const HOUR_MS = 3_600_000;

interface Ran {
  title: string;
  agent: string;
  hoursAgo: number;
  hours: number;
  outcome: RunOutcome;
  tokens: number;
  costUsd?: number;
}

/** A week of work. */
const RAN: Ran[] = [
  {
    title: 'Translate the shop into French',
    agent: 'claude',
    hoursAgo: 150,
    hours: 9,
    outcome: 'completed',
    tokens: 410_000,
    costUsd: 3.2,
  },
  { title: 'Shorten the README', agent: 'codex', hoursAgo: 128, hours: 3, outcome: 'completed', tokens: 90_000 },
  {
    title: 'Fix the slow date parser test',
    agent: 'claude',
    hoursAgo: 104,
    hours: 14,
    outcome: 'failed',
    tokens: 720_000,
    costUsd: 5.4,
  },
  {
    title: 'Move the settings to one file',
    agent: 'gemini',
    hoursAgo: 98,
    hours: 6,
    outcome: 'completed',
    tokens: 260_000,
  },
  { title: 'Try a smaller image library', agent: 'codex', hoursAgo: 76, hours: 5, outcome: 'stopped', tokens: 180_000 },
  {
    title: 'Ask the database once',
    agent: 'claude',
    hoursAgo: 52,
    hours: 11,
    outcome: 'completed',
    tokens: 530_000,
    costUsd: 4.1,
  },
  { title: 'Draw the logo as a vector', agent: 'gemini', hoursAgo: 30, hours: 2, outcome: 'completed', tokens: 70_000 },
  {
    title: '<b>Greet</b> everyone by name',
    agent: 'claude',
    hoursAgo: 20,
    hours: 7,
    outcome: 'completed',
    tokens: 340_000,
    costUsd: 2.6,
  },
];

describe('the overview', () => {
  let window: Window;
  let server: VscodeServer;
  const refused: string[] = [];
  useWindow(
    () => ({
      repository: { name: 'storefront' },
      context: { viewport: { width: 1280, height: 1100 } },
      prepare: async ({ globalStorage }, repository) => {
        await mkdir(globalStorage, { recursive: true });
        for (const { title, agent, hoursAgo, hours, outcome, tokens, costUsd } of RAN) {
          const session = {
            title,
            agent,
            repository: repository.path,
            worktreePath: repository.path,
            startMs: Date.now() - hoursAgo * HOUR_MS,
          };
          await writeRecording(globalStorage, session, [
            {
              event: {
                kind: 'run.started',
                data: { ordinal: 1, agent, driver: agent, argv: [agent], cwd: repository.path },
              },
            },
            {
              event: {
                kind: 'usage',
                data: { inputTokens: tokens, outputTokens: tokens / 20, ...(costUsd !== undefined && { costUsd }) },
              },
              afterMs: hours * HOUR_MS,
            },
            {
              event: {
                kind: 'run.exited',
                data: { outcome, exitCode: outcome === 'completed' ? 0 : 1, signal: null, reason: outcome },
              },
            },
          ]);
        }
      },
    }),
    async (opened) => {
      ({ window, server } = opened);
      window.page.on('console', (message) => {
        if (message.text().includes('Content Security Policy') && message.location().url.includes('corral'))
          refused.push(message.text());
      });
      await window.showContainer('Corral');
      await window.runCommand('Corral: New Session…');
      await window.answerInput('talk Look here.; ask git status --short');
      await opened.sessions.row('needs input').waitFor();
      await window.runCommand('View: Close Primary Side Bar');
    },
  );

  async function open(): Promise<Frame> {
    await window.runCommand('Corral: Overview');
    const frame = await window.webview('.overview .chart svg');
    await frame.getByTestId('as-of').waitFor();
    return frame;
  }

  for (const [name, theme] of Object.entries(THEMES)) {
    it(`looks like this and is accessible in a ${name} theme`, async () => {
      await window.useTheme(theme);
      const frame = await open();
      await window.runCommand('Notifications: Clear All Notifications');
      await frame.getByText('Waits for you').first().waitFor();
      await window.picture(`overview ${name}`.replaceAll(' ', '-'));
      await assertAccessible(frame);
    });
  }

  it('has the data of the charts in tables, with all titles as text', async () => {
    const frame = await open();
    const bars = frame.locator('.chart').first().locator('.bars rect');
    await waitFor(async () => (await bars.count()) === RAN.length + 1, { what: 'a bar for each run' });
    await frame.getByText('Sessions as a table').click();
    for (const { title, agent } of RAN.slice(1)) {
      const row = frame.getByRole('row').filter({ hasText: title });
      await row.filter({ hasText: agent }).waitFor();
    }
    await frame.getByText('Tokens and cost as a table').click();
    await frame.getByRole('row').filter({ hasText: 'gemini' }).filter({ hasText: 'not reported' }).first().waitFor();
    assert.equal(await frame.locator('main b').count(), 0);
  });

  it('opens the timeline of a session that needs input, by keyboard', async () => {
    const frame = await open();
    await frame.getByRole('combobox', { name: 'Time range' }).selectOption('Last 24 hours');
    const link = frame.getByRole('listitem').filter({ hasText: 'needs input' }).getByRole('button', { name: /^talk/ });
    await link.focus();
    await window.page.keyboard.press('Enter');
    const timeline = await window.timeline('talk Look here.', '[data-testid=permission]');
    await timeline.getByRole('button', { name: 'Allow', exact: true }).click();
    await timeline.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
    const again = await open();
    await again
      .getByRole('combobox', { name: 'Time range' })
      .locator('option:checked', { hasText: 'Last 24 hours' })
      .waitFor({ state: 'attached' });
    await again.getByRole('listitem').filter({ hasText: 'needs input' }).waitFor({ state: 'detached' });
  });

  it('replaces the tab that a killed extension host left', async () => {
    const frame = await open();
    await frame.evaluate("document.body.dataset.orphan = ''");
    await server.killExtensionHost();
    await waitFor(
      async () => {
        await window.runCommand('Corral: Overview'); // may be lost with the dying host
        return await window.webview('body:not([data-orphan]) .overview .chart svg', 5_000);
      },
      { what: 'an overview with data' },
    );
    const tabs = window.page.locator('.tabs-container').getByRole('tab', { name: 'Overview' });
    await waitFor(async () => (await tabs.count()) === 1, { what: 'the end of the old tab' });
  });

  it('fits a narrow page and violates no content security policy', async () => {
    await window.page.setViewportSize({ width: 620, height: 1100 });
    const frame = await open();
    await frame.getByRole('combobox', { name: 'Time range' }).selectOption('Last 30 days');
    await frame.locator('[aria-busy=false]').waitFor();
    await frame.getByText('Stopped').first().waitFor();
    await window.picture('overview-narrow');
    assert.ok(
      v.parse(
        v.number(),
        await frame.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      ) <= 0,
    );
    assert.deepEqual(refused, []);
  });
});
