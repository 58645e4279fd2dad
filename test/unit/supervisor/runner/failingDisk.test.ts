import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { skip } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { canMount } from '../../../torture/fullDisk';
import { LIMIT_MS, RunnerFixture, script } from './runnerFixture';

const execute = promisify(execFile);

/** Makes every sync of the process fail until `tracer` is ended. Undefined where strace is missing or not allowed. */
async function failSyncs(pid: number): Promise<{ tracer: ChildProcess; seen: () => string } | undefined> {
  const inject = ['fdatasync', 'fsync'].flatMap((call) => ['-e', `inject=${call}:error=EIO`]);
  const tracer = spawn(
    'strace',
    ['-f', '-e', 'trace=fdatasync,fsync,pwrite64', '-e', 'signal=none', ...inject, '-p', String(pid)],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let seen = '';
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => (seen += text));
  const gone = new Promise<void>((resolve) => tracer.once('error', () => resolve()).once('exit', () => resolve()));
  const attached = waitFor(() => seen.includes('attached'), { what: 'strace to attach' });
  await Promise.race([attached, gone]);
  attached.catch(() => undefined);
  return seen.includes('attached') ? { tracer, seen: () => seen } : undefined;
}

/** The number in the file, once it does not grow any more. */
async function standstillOf(file: string): Promise<number> {
  let before = -1;
  const isStill = async (): Promise<boolean> => {
    await delay(1_000);
    const count = Number(await readFile(file, 'utf8'));
    return before === (before = count) && count > 0;
  };
  await waitFor(isStill, { what: 'the flood to stand still' });
  return before;
}

describe('runner: a disk that fails', () => {
  let fixture: RunnerFixture;
  beforeEach(async () => {
    fixture = await RunnerFixture.create();
  });
  afterEach(async () => {
    await fixture.dispose();
  });

  it('writes again what no sync confirmed, says that it waits, and goes on when syncs succeed', async function () {
    const stop = join(fixture.root, 'stop');
    const run = await fixture.run(
      script(
        `let n = 0; const timer = setInterval(() => { console.log('line ' + n++); if (require('fs').existsSync(process.argv[1])) clearInterval(timer); }, 20);`,
        stop,
      ),
    );
    const { runner } = await run.launch();
    await waitFor(async () => (await run.output()).includes('line 0'), { what: 'the first line' });
    const failing = await failSyncs(runner.pid);
    if (failing === undefined) {
      return skip(this, 'strace is not installed here, or may not attach to another process');
    }
    const { tracer, seen } = failing;
    const client = await run.connect();
    const paused = await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused, {
      what: 'the pause',
      limitMs: 60_000,
    });
    assert.match(paused.reason, /EIO/);
    assert.equal(paused.cause, 'notWritable');
    // A failed sync marks the pages as clean, so only bytes that are written again are synced.
    await waitFor(() => rewrites(seen()) > 0, { what: 'the same bytes at the same place once more', limitMs: 60_000 });
    const gone = once(tracer, 'exit');
    tracer.kill('SIGTERM');
    await gone;
    await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused === undefined, {
      what: 'the end of the pause',
      limitMs: 60_000,
    });
    await writeFile(stop, '');
    assert.equal((await run.end()).outcome, 'completed');
    const lines = (await run.output()).split('\n');
    assert.deepEqual(
      lines,
      lines.map((_line, index) => `line ${index}`),
    );
    assert.match((await run.of('status')).map(({ reason }) => reason).join(), /EIO.+Nothing was lost/);
  });

  it('reads nothing more from the agent while syncs fail, and all of it once they succeed (G1)', async function () {
    const printed = join(fixture.root, 'printed');
    const stop = join(fixture.root, 'stop');
    const flood = `const fs = require('fs'); let n = 0; (function print() { if (n % 100 === 0) fs.writeFileSync(process.argv[1], String(n)); if (!fs.existsSync(process.argv[2])) process.stdout.write('line ' + n++ + ' ' + 'x'.repeat(1000) + '\\n', print); })();`;
    const run = await fixture.run(script(flood, printed, stop));
    const { runner } = await run.launch();
    await waitFor(async () => Number(await readFile(printed, 'utf8')) > 0, { what: 'the first lines' });
    const failing = await failSyncs(runner.pid);
    if (failing === undefined) return skip(this, 'strace is not installed here, or may not attach to another process');
    const client = await run.connect();
    await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused, { what: 'the pause' });
    const before = await standstillOf(printed);
    const peakBytes =
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${runner.pid}/status`, 'latin1'))?.[1]) * 1024;
    assert.ok(peakBytes < 300 * 1024 * 1024, `the runner had ${peakBytes} bytes`);
    await writeFile(stop, '');
    const gone = once(failing.tracer, 'exit');
    failing.tracer.kill('SIGTERM');
    await gone;
    assert.equal((await run.end()).outcome, 'completed');
    const lines = (await run.output()).split('\n').map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.ok(lines.length > before);
    assert.deepEqual(
      lines,
      lines.map((_line, index) => `line ${index}`),
    );
  });

  it('has room for the last words of an agent that is killed on a full disk, and for its end', async function () {
    if (!canMount()) skip(this, 'a small file system of its own cannot be mounted here');
    const mounted = join(fixture.root, 'small');
    await mkdir(mounted);
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mounted]);
    const flood = `let n = 0; (function print() { process.stdout.write('line ' + n++ + ' ' + 'x'.repeat(1000) + '\\n', print); })();`;
    const run = await fixture.run(script(flood), {}, new StorePaths(mounted));
    try {
      await run.launch();
      const client = await run.connect();
      // It fills the disk by itself.
      const paused = await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused, {
        what: 'the pause',
        limitMs: 60_000,
      });
      assert.match(paused.reason, /ENOSPC/);
      assert.equal(paused.cause, 'diskFull');
      await client.request('kill', {}, LIMIT_MS);
      assert.equal((await run.end()).outcome, 'killed');
      const lines = (await run.output()).split('\n');
      assert.deepEqual(
        lines.slice(0, -1).map((line) => line.slice(0, line.lastIndexOf(' '))),
        lines.slice(0, -1).map((_line, index) => `line ${index}`),
      );
      assert.ok(!(await readdir(run.paths.root)).includes('reserve'));
    } finally {
      await run.dispose();
      await execute('umount', ['-l', mounted]);
    }
  });

  it('has a setup command wait while the disk is full, and ends it there', async function () {
    if (!canMount()) skip(this, 'a small file system of its own cannot be mounted here');
    const mounted = join(fixture.root, 'small');
    await mkdir(mounted);
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mounted]);
    const printed = join(fixture.root, 'printed');
    const flood = `let n = 0; (function print() { if (n++ % 100 === 0) require('fs').writeFileSync(process.argv[1], String(n)); if (n < 100_000) process.stdout.write('x'.repeat(1000) + '\\n', print); })();`;
    const setup = { argv: script(flood, printed), limitMs: 3_600_000 };
    const run = await fixture.run(script(''), { setup }, new StorePaths(mounted));
    try {
      await run.launch();
      const client = await run.connect();
      await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused, { what: 'the pause' });
      const before = await standstillOf(printed);
      assert.ok(before < 50_000, `${before} kilobytes were taken from it, with nowhere to put them`);
      await client.request('kill', {}, LIMIT_MS);
      assert.equal((await run.end()).outcome, 'killed');
    } finally {
      await run.dispose();
      await execute('umount', ['-l', mounted]);
    }
  });
});

/** How many writes went to an offset that was written before. */
function rewrites(trace: string): number {
  const places = [...trace.matchAll(/pwrite64\((\d+), .*, \d+, (\d+)/g)].map(([, file, offset]) => `${file} ${offset}`);
  return places.length - new Set(places).size;
}
