/** A disk that is full in the middle of a run: nothing is lost, the run finishes once there is space, and can be ended before. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, realpath, rm, statfs, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isDiskFull } from '../../src/storage/errors';
import { isId } from '../../src/storage/ids';
import { waitFor } from '../support/wait';
import { readRuns } from './journals';
import { loadArguments } from './load';
import type { Scenario } from './scenario';
import type { WindowProcess } from './windowProcess';
import { Yard } from './yard';

const run = promisify(execFile);
const LINES = 4_000;
/** More than there is space for. */
const MORE_LINES = 1_000_000;
const DISK = '12m';

/** True where a small file system of its own can be mounted. */
export function canMount(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Settles with what the window shows of the session's waiting: since when, and why. */
async function pauseIn(window: WindowProcess, sessionId: string): Promise<string> {
  const look = async (): Promise<string | undefined> => (await window.call({ method: 'list' })).find(({ id }) => id === sessionId)?.paused;
  return await waitFor(look, { what: 'the window to say that the session waits for space' });
}

function sinceOf(shown: string): string | undefined {
  return shown.split(' ')[0];
}

/** Starts a run and takes the disk away from under it, which may be a little quicker or slower than the run itself. Gives what fills the disk. */
async function fillUnderRun(yard: Yard, window: WindowProcess, mounted: string, lines: number): Promise<{ sessionId: string; runId: string; ballast: string }> {
  const before = yard.heardCount;
  const sessionId = await window.call({ method: 'create', repository: yard.repository.path, argv: loadArguments(lines) });
  const [runId = ''] = (await readdir(yard.paths.session(sessionId).runs)).filter(isId);
  await waitFor(() => yard.heardCount > before, { what: 'the first events' });
  const ballast = join(mounted, 'ballast');
  const { bavail, bsize } = await statfs(mounted);
  await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 64 * 1024))).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
  });
  return { sessionId, runId, ballast };
}

/** A run that waits for space goes on when there is some. */
async function fillAndFree(yard: Yard, window: WindowProcess, mounted: string): Promise<void> {
  const { sessionId, runId, ballast } = await fillUnderRun(yard, window, mounted, LINES);
  const shown = await pauseIn(window, sessionId);
  assert.match(shown, /^\d{4}-\d\d-\d\dT.+ ENOSPC/);
  const late = yard.open();
  // Since when, which stays; the reasons are those of two files, which need not stop at the same moment.
  assert.equal(sinceOf(await pauseIn(late, sessionId)), sinceOf(shown), 'a window that came later shows something else');
  await unlink(ballast);
  await yard.untilEnded(window);
  await yard.untilEnded(late);
  for (const each of [window, late])
    assert.ok(
      (await each.call({ method: 'list' })).every(({ paused }) => paused === undefined),
      'a session that ended still waits',
    );
  await late.close();
  const journal = (await readRuns(yard.paths, sessionId)).get(runId);
  assert.equal(journal?.hasExited, true);
  assert.equal(journal.lineCount, LINES, 'lines of the agent are lost');
}

/** A run can be ended while there is no space, and its end is written into what was kept for it. */
async function fillAndKill(yard: Yard, window: WindowProcess, mounted: string): Promise<void> {
  const { sessionId, runId, ballast } = await fillUnderRun(yard, window, mounted, MORE_LINES);
  await pauseIn(window, sessionId);
  await window.call({ method: 'kill', sessionId });
  assert.equal((await window.call({ method: 'list' })).find(({ id }) => id === sessionId)?.state, 'killed');
  assert.equal((await readRuns(yard.paths, sessionId)).get(runId)?.hasExited, true);
  await unlink(ballast);
}

export const fullDisk: Scenario = async ({ rounds }) => {
  let events = 0;
  for (let round = 0; round < rounds; round++) {
    const mounted = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-disk-')));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', mounted]);
    const yard = await Yard.make(join(mounted, 'store'));
    try {
      const window = yard.open();
      await window.recovered;
      await fillAndFree(yard, window, mounted);
      await fillAndKill(yard, window, mounted);
      events += await yard.check(window);
      await window.close();
      await yard.checkNoProcessLeft();
    } finally {
      await yard.remove();
      await run('umount', [mounted]);
      await rm(mounted, { recursive: true });
    }
  }
  return `${rounds} full disks, ${events} events: nothing lost, every run finished once there was space, and one that was killed ended without any`;
};
