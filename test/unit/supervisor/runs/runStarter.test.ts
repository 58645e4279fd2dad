import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import { projectRoot } from '../../../support/project';
import { until, SupervisorFixture } from '../supervisorFixture';

describe('the start of a run', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('passes configured variables to the agent, and writes only their names', async () => {
    const secret = 'sk-this-is-never-written';
    const demoAgent = join(projectRoot, 'dist/demoAgent.js');
    const mine = { driver: 'claude', path: process.execPath, args: [demoAgent], env: { SECRET_KEY: secret } };
    const window = fixture.window({ changes: { agents: parseAgentSettings({ mine }) } });
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: `run "${process.execPath}" -e process.exit(process.env.SECRET_KEY?.length===${secret.length}?0:3); edit a.txt b`,
      agent: 'mine',
      permissionMode: 'all',
    });
    await until(window, id, (session) => session.status === 'Completed', 'the end');
    const { events } = await window.listSessionHistory(id, { kinds: ['run.started', 'tool.result'] });
    assert.deepEqual(
      events.map((event) => (event.kind === 'tool.result' ? event.data.status : event.kind)),
      ['run.started', 'ok', 'ok'],
    );
    assert.ok(
      events.some((event) => event.kind === 'run.started' && event.data.environment?.includes('SECRET_KEY') === true),
    );
    await fixture.close(window);
    const entries = await readdir(fixture.storageDirectory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    assert.ok(files.some((file) => file.endsWith('events.jsonl')));
    for (const file of files) assert.equal((await readFile(file)).includes(secret), false, file);
    assert.equal(fixture.logged.join('\n').includes(secret), false);
  });
});
