/** A disk that gets full during a run: nothing is lost, and the run finishes once there is space. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, realpath, rm, statfs, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isDiskFull } from '../../src/common/errors';
import { isId } from '../../src/storage/ids';
import { waitFor } from '../support/wait';
import { readRuns } from './journals';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import type { WindowProcess } from './window/windowProcess';
import { TortureFixture } from './tortureFixture';

const run = promisify(execFile);
const LINES = 4_000;
const DISK = '12m';

/** True if this process may mount a small file system. */
export function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Resolves with since when and why the session is paused, once the window shows it. */
async function pauseIn(window: WindowProcess, sessionId: string): Promise<string> {
  const look = async (): Promise<string | undefined> =>
    (await window.call({ method: 'list' })).find(({ id }) => id === sessionId)?.paused;
  return await waitFor(look, { what: 'the window to say that the session waits for space' });
}

async function fillAndFree(fixture: TortureFixture, window: WindowProcess, mounted: string): Promise<void> {
  const sessionId = await window.call({
    method: 'create',
    repository: fixture.repository.path,
    argv: loadArguments(LINES),
  });
  const [runId = ''] = (await readdir(fixture.paths.session(sessionId).runs)).filter(isId);
  await waitFor(() => fixture.receivedCount > 0, { what: 'the first events' });
  const ballast = join(mounted, 'ballast');
  const { bavail, bsize } = await statfs(mounted);
  // Leaves a little space for the run, which may have taken some of it meanwhile.
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024))).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
  });
  const shown = await pauseIn(window, sessionId);
  assert.match(shown, /^\d{4}-\d\d-\d\dT.+ ENOSPC/);
  const late = fixture.open();
  // Files that are given up on a full disk free a little space, so the run may go on and pause again.
  await waitFor(async () => (await pauseIn(window, sessionId)) === (await pauseIn(late, sessionId)), {
    what: 'both windows to show the same pause',
  });
  await unlink(ballast);
  await fixture.untilEnded(window);
  await fixture.untilEnded(late);
  for (const each of [window, late])
    assert.ok(
      (await each.call({ method: 'list' })).every(({ paused }) => paused === undefined),
      'a session that has ended is still paused',
    );
  await late.close();
  const journal = (await readRuns(fixture.paths, sessionId)).get(runId);
  assert.equal(journal?.hasExited, true);
  assert.equal(journal.lineCount, LINES, 'lines of the agent are lost');
}

export const fullDisk: Scenario = async ({ rounds }) => {
  let events = 0;
  for (let round = 0; round < rounds; round++) {
    const mounted = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-disk-')));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', mounted]);
    const fixture = await TortureFixture.create(join(mounted, 'store'));
    try {
      const window = fixture.open();
      await window.recovered;
      await fillAndFree(fixture, window, mounted);
      events += await fixture.check(window);
      await window.close();
      await fixture.checkNoProcessLeft();
    } finally {
      await fixture.remove();
      await run('umount', [mounted]);
      await rm(mounted, { recursive: true });
    }
  }
  return `${rounds} full disks, ${events} events: nothing lost, every run finished once there was space`;
};
