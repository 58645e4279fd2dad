import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { identityOf, liveness } from '../../../../src/supervisor/system/identity';
import { readClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture } from '../supervisorFixture';

/** `npm run test:runs` sets 100, and prints the memory and time it took. */
const MEGABYTES = Number(process.env['CORRAL_FLOOD_MB'] ?? 4);
const isLongForm = process.env['CORRAL_FLOOD_MB'] !== undefined;
const MEBIBYTE = 1024 * 1024;

/** It and its grandchild, which has a session of its own, ignore SIGTERM. It prints as fast as it is read, forever. */
const FLOODER = `
  const deaf = "for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);";
  eval(deaf);
  const tool = require('node:child_process').spawn(process.execPath, ['-e', deaf + 'setInterval(() => 0, 1e6)'], { detached: true, stdio: 'ignore' });
  require('node:fs').writeFileSync('pids', process.pid + ' ' + tool.pid);
  const lines = ('x'.repeat(99) + '\\n').repeat(640);
  const flood = () => { while (process.stdout.write(lines)); process.stdout.once('drain', flood); };
  flood();`;

describeIf(
  process.platform === 'linux',
  'only Linux tells the most memory that a process had',
  'an agent that floods',
  function () {
    this.timeout(60_000 + MEGABYTES * 5_000);
    it(`${MEGABYTES} MB, is deaf to signals and has a grandchild with a session of its own is ended whole, and nobody's memory grows with it`, async () => {
      const fixture = await SupervisorFixture.create();
      try {
        const window = fixture.window();
        const paths = new StorePaths(fixture.storageDirectory);
        const hostBefore = process.memoryUsage.rss();
        const argv = [process.execPath, '-e', FLOODER];
        const { id, currentRunId, worktreePath } = await window.createSession({
          repository: fixture.repository.path,
          prompt: 'x',
          agent: 'command',
          argv,
        });
        const run = paths.session(id).run(currentRunId ?? '');
        let hostPeak = hostBefore;
        await waitFor(
          async () => {
            hostPeak = Math.max(hostPeak, process.memoryUsage.rss());
            return (await stat(run.events)).size > MEGABYTES * 1_000_000;
          },
          { what: `${MEGABYTES} MB of events`, limitMs: 30_000 + MEGABYTES * 4_000 },
        );
        const claim = await readClaim(run);
        assert.ok(claim?.state === 'claimed');
        const pids = (await readFile(join(worktreePath, 'pids'), 'utf8')).split(' ').map(Number);
        const identities = (await Promise.all(pids.map(identityOf))).filter((identity) => identity !== undefined);
        assert.equal(identities.length, 2);
        const runnerStatus = await readFile(`/proc/${String(claim.runner.pid)}/status`, 'latin1');
        const runnerPeak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(runnerStatus)?.[1]) * 1024;

        const stopMs = performance.now();
        const stopping = window.stop(id);
        await waitFor(async () => (await Promise.all(identities.map(liveness))).every((life) => life === 'dead'), {
          what: 'the end of both',
          limitMs: 60_000,
        });
        const tookMs = performance.now() - stopMs;
        await stopping;
        assert.equal((await window.getSession(id)).failureReason, 'Stopped by you');
        const { stopGraceMs } = fixture.settings();
        const hostGrowth = hostPeak - hostBefore;
        assert.ok(runnerPeak < 300 * MEBIBYTE, `the runner had ${Math.round(runnerPeak / MEBIBYTE)} MB`);
        assert.ok(hostGrowth < 500 * MEBIBYTE, `this process grew by ${Math.round(hostGrowth / MEBIBYTE)} MB`);
        if (!isLongForm) return;
        process.stdout.write(
          `      stop ended all in ${Math.round(tookMs)} ms (grace ${stopGraceMs} ms); the runner had at most ${Math.round(runnerPeak / MEBIBYTE)} MB, the host grew by ${Math.round(hostGrowth / MEBIBYTE)} MB\n`,
        );
        assert.ok(tookMs <= stopGraceMs + 1_000, `${Math.round(tookMs)} ms are more than the grace and a second`);
      } finally {
        await fixture.end();
      }
    });
  },
);
