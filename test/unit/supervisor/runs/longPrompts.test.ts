import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { CorralError } from '../../../../src/storage/errors';
import { skip } from '../../../support/skip';
import { RunnerFixture, script } from '../runner/runnerFixture';
import { SupervisorFixture, until } from '../supervisorFixture';

/** The program writes what it got into the file `got`. */
const KEEP = "require('node:fs').writeFileSync('got', require('node:fs').readFileSync(process.argv[1]))";

describe('long prompts', () => {
  it('refuses a prompt that no argument can hold before anything is made, and names {promptFile} (D5)', async function () {
    if (process.platform === 'darwin') skip(this, 'macOS tells how long arguments may be only when a program starts');
    const fixture = await SupervisorFixture.create();
    try {
      const window = fixture.window();
      const prompt = 'x'.repeat(200_000);
      const request = { repository: fixture.repository.path, prompt, agent: 'command' };
      await assert.rejects(
        window.createSession({ ...request, argv: script('', '{prompt}') }),
        (error: unknown) =>
          error instanceof CorralError && error.code === 'INVALID_ARGUMENT' && error.message.includes('{promptFile}'),
      );
      assert.deepEqual(await window.listSessions(), []);
      const { id } = await window.createSession({ ...request, argv: script(KEEP, '{promptFile}') });
      const { worktreePath } = await until(window, id, ({ status }) => status === 'Completed', 'the end');
      assert.equal(await readFile(join(worktreePath, 'got'), 'utf8'), prompt);
    } finally {
      await fixture.end();
    }
  });

  it('names {promptFile} where only the start shows that the arguments are too long (D5)', async () => {
    const fixture = await RunnerFixture.create();
    try {
      const run = await fixture.run(script('', 'x'.repeat(3_000_000)));
      await run.launch();
      const { outcome, reason } = await run.end();
      assert.equal(outcome, 'failed');
      assert.match(reason, /^Could not be started: its arguments are too long .*\{promptFile\}/);
    } finally {
      await fixture.dispose();
    }
  });
});
