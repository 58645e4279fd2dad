import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import { projectRoot } from '../../../support/project';
import { until, SupervisorFixture } from '../supervisorFixture';

describe('agents of sessions', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** The demo, as a person would configure a Claude of their own. */
  const mine = (env: Record<string, string> = {}): object => ({
    driver: 'claude',
    path: process.execPath,
    args: [join(projectRoot, 'dist/demoAgent.js')],
    env,
  });

  it('go on in a terminal where they can, once they rest', async () => {
    const window = fixture.window({ changes: { agents: parseAgentSettings({ mine: mine({ KEY: 'value' }) }) } });
    const { id, worktreePath } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'ask git status',
      agent: 'mine',
    });
    await until(window, id, (session) => session.needsInput, 'a question');
    await assert.rejects(window.terminalCommand(id), { code: 'RUNNING' });
    await window.stop(id);
    const command = await window.terminalCommand(id);
    const { nativeSessionId } = await window.getAgentSession(id);
    assert.deepEqual(command.arguments, [join(projectRoot, 'dist/demoAgent.js'), `--resume=${nativeSessionId}`]);
    assert.deepEqual(
      [command.program, command.cwd, command.environment['KEY']],
      [process.execPath, worktreePath, 'value'],
    );
    assert.equal(command.environment['CORRAL_RUN_ID'], undefined);
    await window.deleteSession(id);
    await assert.rejects(window.terminalCommand(id), { code: 'WORKTREE_MISSING' });
  });

  it('have no terminal where they have no session of their own, or nothing for a person', async () => {
    const window = fixture.window();
    const argv = [process.execPath, '-e', ''];
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'x',
      agent: 'command',
      argv,
    });
    await until(window, id, (session) => session.status === 'Completed', 'the end');
    await assert.rejects(window.terminalCommand(id), { code: 'AGENT_SESSION_NOT_FOUND' });
    const demo = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk Hello',
      agent: 'demo',
    });
    await until(window, demo.id, (session) => session.status === 'Completed', 'the end');
    await assert.rejects(window.terminalCommand(demo.id), { code: 'INVALID_ARGUMENT' });
  });

  it('are compared by what differs between their work', async () => {
    const window = fixture.window();
    const ids: string[] = [];
    for (const text of ['left', 'right']) {
      const argv = [
        process.execPath,
        '-e',
        `require('node:fs').writeFileSync('${text}.txt', ''); require('node:fs').writeFileSync('both.txt', '${text}')`,
      ];
      const { id, group } = await window.createSession({
        repository: fixture.repository.path,
        prompt: 'x',
        agent: 'command',
        argv,
        group: 'notes',
      });
      assert.equal(group, 'notes');
      await until(window, id, (session) => session.status === 'Completed', 'the end');
      ids.push(id);
    }
    const [left = '', right = ''] = ids;
    const { before, after, changes } = await (await window.worktree(left)).differences(right);
    assert.deepEqual(changes, [
      { kind: 'modified', path: 'both.txt' },
      { kind: 'modified', previousPath: 'left.txt', path: 'right.txt' },
    ]);
    assert.equal(await fixture.repository.git('show', `${before}:both.txt`), 'left');
    assert.equal(await fixture.repository.git('show', `${after}:both.txt`), 'right');
  });

  it('get secrets that are written nowhere but in their environment', async () => {
    const secret = 'sk-this-is-never-written';
    const window = fixture.window({ changes: { agents: parseAgentSettings({ mine: mine({ SECRET_KEY: secret }) }) } });
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'run test -n "$SECRET_KEY"; edit a.txt b',
      agent: 'mine',
      permissionMode: 'all',
    });
    await until(window, id, (session) => session.status === 'Completed', 'the end');
    const { events } = await window.listSessionHistory(id, { kinds: ['run.started'] });
    assert.ok(
      events.some((event) => event.kind === 'run.started' && event.data.environment?.includes('SECRET_KEY') === true),
    );
    await fixture.close(window);
    for (const entry of await readdir(fixture.storageDirectory, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = await readFile(join(entry.parentPath, entry.name));
      assert.equal(content.includes(secret), false, join(entry.parentPath, entry.name));
    }
    assert.equal(fixture.logged.join('\n').includes(secret), false);
  });
});
