import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import { projectRoot } from '../../../support/project';
import { until, SupervisorFixture } from '../supervisorFixture';

describe('the terminal command of a session', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** The demo agent, configured as a Claude in another place. */
  const mine = (env: Record<string, string> = {}): object => ({
    driver: 'claude',
    path: process.execPath,
    args: [join(projectRoot, 'dist/demoAgent.js')],
    env,
  });

  it('resumes the native session, but not during a run or without the worktree', async () => {
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

  it('does not exist where the agent has no native session, or nothing for a person', async () => {
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
});
