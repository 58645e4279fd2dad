import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from 'mocha';
import { messageOf } from '../../../../src/common/errors';
import { projectRoot } from '../../../support/project';
import { SupervisorFixture } from '../supervisorFixture';
import { skip } from '../../../support/skip';

const run = promisify(execFile);
/** As in a container without an init of its own. */
const UNSHARE = [
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
];

describe('in a pid namespace whose first process reaps nothing', () => {
  it('a dead runner is dead although it is still listed, and its session can be resumed', async function () {
    const reason =
      process.platform === 'linux'
        ? await run('unshare', [...UNSHARE, 'true']).then(() => undefined, messageOf)
        : 'only Linux has them';
    if (reason !== undefined) {
      skip(this, `there are no pid namespaces to be had here: ${reason.trim()}`);
    }
    const bundle = await mkdtemp(join(tmpdir(), 'corral-namespace-'));
    const fixture = await SupervisorFixture.create();
    try {
      const parameters = ['--bundle', '--platform=node', `--outdir=${bundle}`, '--log-level=error'];
      await run(join(projectRoot, 'node_modules/.bin/esbuild'), [
        join(projectRoot, 'test/fixtures/supervisor/namespaceInit.ts'),
        ...parameters,
      ]);
      const program = [
        process.execPath,
        join(bundle, 'namespaceInit.js'),
        'init',
        fixture.storageDirectory,
        join(projectRoot, 'dist'),
        fixture.repository.path,
      ];
      const { stdout } = await run('unshare', [...UNSHARE, ...program], { timeout: 110_000 });
      assert.deepEqual(JSON.parse(stdout), { pid: 1, isRestored: true, runner: 'Z', agentState: 'Z' });
    } finally {
      await fixture.end();
      await rm(bundle, { recursive: true });
    }
  });
});
