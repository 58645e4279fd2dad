import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { transcriptPrompt } from '../../../../../src/supervisor/runs/prompts/transcript';
import { projectRoot } from '../../../../support/project';
import { until, SupervisorFixture } from '../../supervisorFixture';
import { skip } from '../../../../support/skip';

const entry = (role: string, content: string) => ({ runId: 'r', role, content, timestamp: '' });

describe('a conversation that the agent no longer knows', () => {
  it('becomes a prompt of bounded length, with the task and the end', () => {
    assert.equal(
      transcriptPrompt(
        { runs: [] },
        [entry('user', 'Do it'), entry('system', 'a note'), entry('assistant', 'Done')],
        'And now?',
      ),
      'You have worked on this before in this folder, and its files are as you left them. This was said so far:\n\nUser: Do it\n\nYou: Done\n\n---\n\nAnd now?',
    );
    const long = transcriptPrompt(
      { runs: [] },
      [entry('user', 'The task'), ...Array.from({ length: 9_000 }, (_, index) => entry('assistant', `line ${index}`))],
      'And now?',
    );
    assert.ok(long.length < 31_000);
    assert.match(long, /User: The task\n\n\[…\]/);
    assert.match(long, /You: line 8999\n\n---\n\nAnd now\?$/);
  });

  it('is offered as a restart, which tells the agent what was said', async function () {
    if (process.platform === 'win32') return skip(this, 'the agent here is a script, which is no program on Windows');
    const fixture = await SupervisorFixture.create();
    try {
      // Answers a resume as Claude does for a session that it does not know.
      const forgetful = join(fixture.storageDirectory, 'forgetful');
      const refusal = JSON.stringify({
        type: 'result',
        subtype: 'error_during_execution',
        is_error: true,
        errors: ['No conversation found with session ID: x'],
      });
      await writeFile(
        forgetful,
        `#!/bin/sh\nfor word; do case "$word" in --resume=*) read line; echo '${refusal}'; exit 1;; esac; done\nexec '${process.execPath}' '${join(projectRoot, 'dist/demoAgent.js')}' "$@"\n`,
      );
      await chmod(forgetful, 0o755);
      const window = fixture.window({ changes: { agents: { forgetful: { driver: 'claude', path: forgetful } } } });
      const { id } = await window.createSession({
        repository: fixture.repository.path,
        prompt: 'talk The first answer',
        agent: 'forgetful',
      });
      await until(window, id, ({ status }) => status === 'Completed', 'the first end');
      await window.sendMessage(id, 'talk A second question');
      const refused = await until(
        window,
        id,
        ({ status, runs }) => runs.length === 2 && status === 'Failed',
        'the refusal',
      );
      assert.equal(refused.recoveryHint, 'restart');
      assert.match(refused.failureReason ?? '', /No conversation found/);
      await window.resume(id);
      const done = await until(window, id, ({ runs }) => (runs[2]?.eventCount ?? 0) > 5, 'the restart');
      assert.equal(done.recoveryHint, undefined);
      const said = (await window.getConversation(id))
        .filter(({ runId, role }) => runId === done.currentRunId && role === 'user')
        .map(({ content }) => content);
      assert.match(
        said.join(),
        /User: talk The first answer\n\nYou: The first answer\n\nUser: talk A second question\n\n---\n\nPlease go on/,
      );
    } finally {
      await fixture.end();
    }
  });
});
