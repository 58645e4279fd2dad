import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Browser } from 'playwright-core';
import * as v from 'valibot';
import { packagedExtension, projectRoot } from '../support/project';
import { TestRepository } from '../support/repository';
import { SessionsView } from '../support/sessionsView';
import { VscodeServer } from '../support/vscodeServer';
import { waitFor } from '../support/wait';
import { openBrowser, Window } from '../support/window';

const terminalSchema = v.object({ words: v.array(v.string()), cwd: v.string(), mark: v.optional(v.string()), secret: v.optional(v.string()) });

describe('agents in the window', () => {
  let folder: string;
  let noted: string;
  let repository: TestRepository;
  let server: VscodeServer;
  let browser: Browser;
  let window: Window;
  let sessions: SessionsView;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral agents '));
    noted = join(folder, 'terminal.json');
    // What Claude is to Corral; at a terminal it says how it was started.
    const program = join(folder, 'claude');
    const note = 'JSON.stringify({ words: process.argv.slice(2), cwd: process.cwd(), mark: process.env.CORRAL_RUN_ID, secret: process.env.SECRET })';
    await writeFile(
      program,
      `#!${process.execPath}
if (process.argv.includes('--version')) console.log('2.9.9 (Claude Code)');
else if (process.argv.includes('-p')) require(${JSON.stringify(join(projectRoot, 'dist/demoAgent.js'))});
else { require('node:fs').writeFileSync(${JSON.stringify(noted)}, ${note}); console.log('Here we go on'); setInterval(() => 0, 1e6); }
`,
    );
    await chmod(program, 0o755);
    const writes = (text: string): object => ({
      driver: 'command',
      path: process.execPath,
      args: ['-e', `require('node:fs').writeFileSync('notes.txt', 'by ${text}\\n')`],
    });
    repository = await TestRepository.create({ name: 'greeter' });
    const agents = { claude: { path: program, env: { SECRET: 'hidden' } }, left: writes('left'), right: writes('right') };
    server = await VscodeServer.start({ vsix: packagedExtension, settings: { 'corral.agents': agents } });
    browser = await openBrowser();
    window = await Window.open(await browser.newContext({ viewport: { width: 1280, height: 800 } }), server, repository.path);
    sessions = new SessionsView(window);
    await window.showContainer('Corral');
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await window.picture(`failed ${this.currentTest.title}`);
  });

  after(async () => {
    await browser.close();
    await server.stop();
    await repository.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('are compared on one prompt, as one row, and file by file', async () => {
    await window.runCommand('Corral: Compare Agents');
    const rows = window.quickInput.locator('.monaco-list-row');
    await rows.filter({ hasText: 'Claude Code 2.9.9' }).waitFor({ timeout: 60_000 });
    // What is not installed cannot be compared.
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
    await sessions.act('2 sessions', 'Compare Changes');
    const editor = window.page.locator('.multiDiffEntry');
    await editor.filter({ hasText: 'notes.txt' }).first().waitFor({ timeout: 60_000 });
    await editor.locator('.view-line', { hasText: 'by left' }).first().waitFor();
    await editor.locator('.view-line', { hasText: 'by right' }).first().waitFor();
    await window.picture('compare changes');
    await window.runCommand('View: Close All Editors');
  });

  it('go on in a terminal of the worktree', async () => {
    await window.runCommand('Corral: New Session');
    await window.quickInput.getByRole('button', { name: 'Choose the Agent' }).click();
    await window.quickInput.getByRole('option').filter({ hasText: 'Goose · not installed' }).waitFor({ timeout: 60_000 });
    await window.picture('choose the agent');
    await window.pick('Claude Code 2.9.9');
    await window.quickInput.getByPlaceholder('What should the agent do?').waitFor();
    await window.answerInput('talk Hello from the agent');
    await sessions.row('Hello from').filter({ hasText: 'Completed' }).waitFor({ timeout: 60_000 });
    await window.runCommand('Corral: Continue in Terminal');
    const started = await waitFor(async () => v.parse(terminalSchema, JSON.parse(await readFile(noted, 'utf8'))), { what: 'the terminal', limitMs: 60_000 });
    assert.match(started.words.join(' '), /^--resume=\S+$/);
    assert.ok(started.cwd.startsWith(join(repository.path, '.corral/worktrees')), started.cwd);
    assert.deepEqual([started.mark, started.secret], [undefined, 'hidden']);
    await window.page.locator('.terminal-wrapper.active').waitFor();
    await window.picture('continue in terminal');
  });
});
