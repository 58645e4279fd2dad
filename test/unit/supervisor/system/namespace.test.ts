import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { projectRoot } from '../../../support/project';
import { SupervisorFixture } from '../supervisorFixture';
import { noNamespaces, UNSHARE, withBundle } from '../../../support/container';
import { skip } from '../../../support/skip';

const run = promisify(execFile);

describe('in a pid namespace whose first process reaps nothing', () => {
  it('a dead runner is dead although it is still listed, and its session can be resumed', async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
    const fixture = await SupervisorFixture.create();
    try {
      const { stdout } = await withBundle('supervisor/namespaceInit.ts', async (program) => {
        const parameters = [fixture.storageDirectory, join(projectRoot, 'dist'), fixture.repository.path];
        const argv = [...UNSHARE, process.execPath, program, 'init', ...parameters];
        return await run('unshare', argv, { timeout: 110_000 });
      });
      assert.deepEqual(JSON.parse(stdout), { pid: 1, isRestored: true, runner: 'Z', agentState: 'Z' });
    } finally {
      await fixture.end();
    }
  });
});
