import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { RunProcess } from '../../../../src/supervisor/runs/runProcesses';
import { identityOf, liveness } from '../../../../src/supervisor/system/identity';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture, until } from '../supervisorFixture';

const SERVER = "let n = 0; setInterval(() => console.log('tick ' + n++), 50)";
/** Leaves a server running that prints for ever, and ends at once. */
const SETUP = `
  const server = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(SERVER)}], { stdio: 'inherit' });
  require('node:fs').writeFileSync('server', String(server.pid));
  server.once('spawn', () => process.exit(0));`;
/** Writes whether the server still lives into the file that is named. */
const TEARDOWN = `
  const fs = require('node:fs');
  let state = 'alive';
  try { process.kill(Number(fs.readFileSync('server', 'utf8')), 0); } catch { state = 'dead'; }
  fs.writeFileSync(process.argv[1], state);`;

const roles = (processes: readonly RunProcess[]): string[] =>
  processes.flatMap(({ role, children }) => [role, ...roles(children)]);

describe('a server that the setup command leaves running', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('lives over all runs until the teardown, is recorded and listed, and ends with the worktree (D6)', async () => {
    const note = join(fixture.storageDirectory, 'torn-down');
    const window = fixture.window({
      changes: {
        setupCommand: [process.execPath, '-e', SETUP],
        teardownCommand: [process.execPath, '-e', TEARDOWN, '--', note],
      },
    });
    const request = { repository: fixture.repository.path, prompt: 'wait', agent: 'demo' };
    const { id, worktreePath } = await window.createSession(request);
    await until(window, id, ({ nativeSessionId }) => nativeSessionId !== undefined, 'the agent');
    const server = await identityOf(Number(await readFile(join(worktreePath, 'server'), 'utf8')));
    assert.ok(server !== undefined, 'the server does not live');
    const kinds = async (): Promise<string[]> =>
      (await window.listSessionHistory(id, { limit: 1_000, kinds: ['tool.result', 'output'] })).events.map(
        ({ kind }) => kind,
      );
    const isRecorded = async (): Promise<boolean> => {
      const [, ...later] = (await kinds()).join(' ').split('tool.result');
      return later.join().includes('output');
    };
    await waitFor(isRecorded, { what: 'output after the end of the setup' });
    await window.stop(id);
    await until(window, id, ({ state }) => state === 'stopped', 'the end');
    assert.equal(await liveness(server), 'alive', 'the stop of the agent ended it');
    const listed = (await (await window.processes()).list()).flatMap(({ processes }) => roles(processes));
    assert.deepEqual(listed.toSorted(), ['runner', 'server']);
    await window.sendMessage(id, 'talk');
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second end');
    assert.equal(await liveness(server), 'alive');
    await window.deleteSession(id);
    assert.equal(await readFile(note, 'utf8'), 'alive', 'the teardown command could not use it');
    await waitFor(async () => (await liveness(server)) === 'dead', { what: 'the end of the server' });
  });

  it('goes on being recorded in a file when its run has ended (D6)', async () => {
    const window = fixture.window({ changes: { setupCommand: [process.execPath, '-e', SETUP] } });
    const { id, currentRunId } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
    });
    await until(window, id, ({ status }) => status === 'Completed', 'the end');
    const path = join(fixture.storageDirectory, 'sessions', id, 'runs', currentRunId ?? '', 'server.log');
    const read = async (): Promise<string> => await readFile(path, 'utf8');
    await waitFor(async () => /^tick \d+\n(.*\n)*tick \d+\n$/.test(await read()), { what: 'two lines of the file' });
  });
});
