import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Locator } from 'playwright-core';
import * as v from 'valibot';
import { projectRoot } from '../support/project';
import type { TestRepository } from '../support/repository';
import type { SessionsView } from '../support/vscode/sessionsView';
import { useWindow } from '../support/vscode/useWindow';
import type { VscodeServer } from '../support/vscode/vscodeServer';
import { waitFor } from '../support/wait';
import type { Window } from '../support/vscode/window';

const terminalSchema = v.object({
  words: v.array(v.string()),
  cwd: v.string(),
  mark: v.optional(v.string()),
  secret: v.optional(v.string()),
});

describe('agents in the window', () => {
  let folder: string;
  let noted: string;
  let repository: TestRepository;
  let server: VscodeServer;
  let window: Window;
  let sessions: SessionsView;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral agents '));
    noted = join(folder, 'terminal.json');
    // Stands in for Claude. In a terminal it writes down how it was started.
    const program = join(folder, 'claude');
    const note =
      'JSON.stringify({ words: process.argv.slice(2), cwd: process.cwd(), mark: process.env.CORRAL_RUN_ID, secret: process.env.SECRET })';
    await writeFile(
      program,
      `#!${process.execPath}
if (process.argv.includes('--version')) console.log('2.9.9 (Claude Code)');
else if (process.argv.includes('-p')) require(${JSON.stringify(join(projectRoot, 'dist/demoAgent.js'))});
else { require('node:fs').writeFileSync(${JSON.stringify(noted)}, ${note}); console.log('Here we go on'); setInterval(() => 0, 1e6); }
`,
    );
    await chmod(program, 0o755);
  });

  const writes = (text: string): object => ({
    driver: 'command',
    path: process.execPath,
    args: ['-e', `require('node:fs').writeFileSync('notes.txt', 'by ${text}\\n')`],
  });
  useWindow(
    () => {
      const claude = { path: join(folder, 'claude'), env: { SECRET: 'hidden' } };
      return {
        repository: { name: 'greeter' },
        server: {
          settings: {
            'corral.agents': { claude, left: writes('left'), right: writes('right') },
            'corral.onUsageLimit': 'ask',
            'corral.notifications': { limits: 'always' },
          },
        },
      };
    },
    async (opened) => {
      ({ repository, server, window, sessions } = opened);
      await window.showContainer('Corral');
    },
  );

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('wait at a usage limit when a person has said so, and go on when they are to', async () => {
    await window.runCommand('Corral: New Session…');
    await window.answerInput('limit 3600s');
    await sessions.row('limit 3600s', 'at its usage limit until').waitFor({ timeout: 60_000 });
    const notice = window.notification('is at the usage limit of');
    await notice.getByRole('button', { name: 'Continue with Another Agent…' }).waitFor();
    await window.picture('usage limit asks');
    await notice.getByRole('button', { name: 'Wait', exact: true }).click();
    await sessions.row('limit 3600s', 'Starting · waits for the usage limit until').waitFor();
    await window.picture('usage limit waits');
    await sessions.act('limit 3600s', 'Start Now', sessions.row('limit 3600s', 'Completed'));
  });

  it('can be compared on one prompt, in one row, file by file', async () => {
    const rows = window.quickInput.locator('.monaco-list-row');
    await waitFor(
      async () => {
        await window.runCommand('Corral: Compare Agents'); // a new window may not have read its settings yet
        await rows.filter({ hasText: 'Claude Code 2.9.9' }).waitFor({ timeout: 15_000 });
        return true;
      },
      { what: 'the agents of the settings' },
    );
    assert.equal(await rows.filter({ hasText: 'Goose' }).count(), 0);
    await rows.filter({ hasText: 'left' }).click();
    await rows.filter({ hasText: 'right' }).click();
    await window.picture('compare agents');
    await window.page.keyboard.press('Enter');
    await window.quickInput.getByPlaceholder('What should each of them do?').waitFor();
    await window.answerInput('Write the notes');
    const group = sessions.row('2 sessions');
    await group.filter({ hasText: '2 Completed' }).waitFor({ timeout: 60_000 });
    await group.filter({ hasText: 'Write the notes' }).waitFor();
    await window.picture('compared sessions');
    const editor = window.page.locator('.multiDiffEntry');
    await sessions.act('2 sessions', 'Compare Changes', editor.filter({ hasText: 'notes.txt' }).first());
    await editor.locator('.view-line', { hasText: 'by left' }).first().waitFor();
    await editor.locator('.view-line', { hasText: 'by right' }).first().waitFor();
    await window.picture('compare changes');
    await window.closeEditors();
  });

  it('are asked beside their work, and go on with that of another one after a person has read what they are told', async () => {
    await window.runCommand('Corral: New Session…');
    await window.quickInput.getByRole('button', { name: 'Choose the Agent' }).click();
    await window.pick('demo');
    await window.quickInput.getByPlaceholder('What should the agent do?').waitFor();
    await window.answerInput('edit notes.txt by the demo; talk Half of it is done');
    await sessions.row('edit notes', 'Completed').waitFor({ timeout: 60_000 });
    await sessions.row('edit notes').click();
    await window.timeline('edit notes');
    await window.runCommand('Corral: Ask About This Session…');
    await window.quickInput.getByRole('button', { name: 'Choose the Agent That Answers' }).click();
    await window.quickInput.getByPlaceholder('Another agent is told what was said').waitFor();
    await window.picture('who answers');
    await window.pick('demo');
    await window.quickInput.getByPlaceholder('Why is the parser in a file of its own?').waitFor();
    await window.answerInput('talk Half, because the **other half** is for another agent');
    const asked = async (): Promise<Locator> =>
      (await window.timeline('edit notes', '[data-testid=aside]')).getByTestId('aside');
    await (await asked()).and((await window.timeline('edit notes')).locator('[data-state=answered]')).waitFor();
    const timeline = await window.timeline('edit notes');
    await timeline.getByTestId('find').fill('other half');
    await timeline.getByText('1 found').waitFor();
    await timeline.getByTestId('find').press('Enter');
    await timeline.getByText('1 of 1').waitFor();
    await timeline.locator('.aside-card.marked').waitFor();
    await window.picture('aside');
    await window.reloadByCommand();
    await (await asked()).getByText('other half', { exact: true }).waitFor();
    assert.equal(await (await asked()).count(), 1);
    await window.runCommand('Corral: Continue with Another Agent…');
    await window.pick('left');
    await window.quickInput.getByText('Send to left').waitFor();
    const told = window.page.locator('.editor-instance .view-line');
    await told.filter({ hasText: 'Half of it is done' }).first().waitFor();
    await window.picture('hand over');
    await window.pick('Send to left');
    await sessions.row('edit notes', 'left, Completed').waitFor({ timeout: 60_000 });
    const frame = await window.timeline('edit notes');
    await frame.locator('.header').getByText('left', { exact: true }).waitFor();
    await window.picture('handed over');
    await window.closeEditors();
  });

  it('continue in a terminal of the worktree', async () => {
    await window.runCommand('Corral: New Session…');
    await window.quickInput.getByRole('button', { name: 'Choose the Agent' }).click();
    await window.quickInput
      .getByRole('option')
      .filter({ hasText: 'Goose · not installed' })
      .waitFor({ timeout: 60_000 });
    await window.picture('choose the agent');
    await window.pick('Claude Code 2.9.9');
    await window.quickInput.getByPlaceholder('What should the agent do?').waitFor();
    await window.answerInput('talk Hello from the agent');
    await sessions.row('Hello from', 'Completed').waitFor({ timeout: 60_000 });
    await window.runCommand('Corral: Continue in Terminal');
    const started = await waitFor(async () => v.parse(terminalSchema, JSON.parse(await readFile(noted, 'utf8'))), {
      what: 'the terminal',
      limitMs: 60_000,
    });
    assert.match(started.words.join(' '), /^--resume=\S+$/);
    assert.ok(started.cwd.startsWith(join(repository.path, '.corral/worktrees')), started.cwd);
    assert.deepEqual([started.mark, started.secret], [undefined, 'hidden']);
    await window.page.locator('.terminal-wrapper.active').waitFor();
    await window.picture('continue in terminal');
    await window.runCommand('Terminal: Kill the Active Terminal Instance');
  });

  it('continue a session that was imported', async () => {
    const { path: cwd } = repository;
    await repository.write('greeting.txt', 'hello\n');
    const transcripts = join(server.dataDirectory, 'home/.claude/projects', cwd.replaceAll(/[^A-Za-z0-9]/g, '-'));
    const sessionId = '0b2f7a52-2f8a-4a55-9d6e-3c1f0c9f6a10';
    const common = { cwd, sessionId, version: '2.1.329', isSidechain: false };
    const answer = {
      id: 'm',
      role: 'assistant',
      model: 'claude-opus-5-5',
      content: [{ type: 'text', text: 'It says hello.' }],
      stop_reason: 'end_turn',
    };
    const lines = [
      {
        type: 'user',
        uuid: 'u',
        timestamp: '2026-02-03T10:00:01.000Z',
        message: { role: 'user', content: 'Write a greeting' },
      },
      { type: 'assistant', uuid: 'a', timestamp: '2026-02-03T10:00:02.000Z', message: answer },
    ];
    await mkdir(transcripts, { recursive: true });
    await writeFile(
      join(transcripts, `${sessionId}.jsonl`),
      lines.map((line) => `${JSON.stringify({ ...common, ...line })}\n`).join(''),
    );
    await window.runCommand('Corral: Import Agent Session');
    await window.quickInput.getByText(cwd).waitFor();
    await window.picture('import agent session');
    await window.pick('Write a greeting');
    await sessions.row('Write a greeting', 'Completed').waitFor();
    const frame = await window.timeline('Write a greeting', '[data-kind="run.exited"]');
    await frame.getByText('It says hello.').first().waitFor();
    await window.runCommand('Corral: Send Message');
    await frame.locator('[data-testid=message-box]:focus').waitFor();
    await window.page.keyboard.insertText('talk Here I am again; read greeting.txt');
    await window.page.keyboard.press('Control+Enter');
    await frame.locator('option', { hasText: 'All 2 runs' }).waitFor({ state: 'attached' });
    await frame.getByTestId('status').filter({ hasText: 'Completed' }).waitFor();
    await frame.getByText('greeting.txt').first().waitFor();
    await window.picture('imported session');
  });
});
