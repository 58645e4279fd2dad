import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { describeIf } from '../../../support/skip';
import { until, SupervisorFixture } from '../supervisorFixture';

/** `npm run test:runs` sets 200. */
const ROUNDS = Number(process.env['CORRAL_SLOW_RUNNERS'] ?? 3);

describeIf(process.platform !== 'win32', 'the slow Node is a script', 'a runner that is slow to start', function () {
  this.timeout(60_000 + ROUNDS * 10_000);
  it(`is left to it by a second window that opens meanwhile, ${ROUNDS} times: one agent, nothing closed`, async () => {
    const fixture = await SupervisorFixture.create();
    try {
      const runnerNode = join(fixture.storageDirectory, 'slow-node');
      await writeFile(runnerNode, `#!/bin/sh\nsleep 0.$(($$ % 7))\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
      const ticks = join(fixture.storageDirectory, 'ticks');
      const request = {
        repository: fixture.repository.path,
        prompt: 'x',
        agent: 'command',
        argv: ['/bin/sh', '-c', 'echo + >> "$0"', ticks],
      };
      const first = fixture.window({ changes: { runnerNode } });
      const paths = new StorePaths(fixture.storageDirectory);
      for (let round = 1; round <= ROUNDS; round++) {
        const creating = first.createSession(request);
        const second = fixture.window({ changes: { runnerNode } });
        const { id } = await creating;
        await until(second, id, ({ status }) => status === 'Completed', 'the end');
        assert.equal((await second.getSession(id)).runs.length, 1);
        await fixture.close(second);
        assert.doesNotMatch(await readFile(paths.session(id).journal, 'utf8'), /run\.closed/);
        assert.equal(await readFile(ticks, 'utf8'), '+\n'.repeat(round), 'one agent each time');
      }
    } finally {
      await fixture.end();
    }
  });
});
