/** Runs the files of a tier side by side, each in a process of its own, so that no file can lean on what another one left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './installation.mjs';

/** Half of a file's time is waiting for processes and disks; more files at once would only make each other slow. */
const AT_ONCE = Math.min(2, availableParallelism());
const PIPE_LIMIT_MS = 5_000;

/**
 * Prints what each file printed in one piece as soon as it has ended, and that of files with failures at the end. A file that did not run to its
 * end counts as one failed test.
 * @returns {Promise<{passed: number, failed: number, skipped: number}>}
 */
export async function runSideBySide(tier) {
  const startMs = performance.now();
  const directory = join(root, 'out', tier);
  // From the last folder to the first: those that take longest are not the last ones that everything waits for.
  const names = (await readdir(directory, { recursive: true }))
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .reverse();
  const summaries = await mkdtemp(join(tmpdir(), 'summaries-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const running = new Map();
  // Where this process is ended early, by a signal or its time limit, a reader has to see how far they were.
  const giveUp = () => {
    for (const [child, { name, printed }] of running) {
      child.kill('SIGTERM');
      process.stderr.write(`\nStill running: ${name}\n${Buffer.concat(printed)}`);
    }
  };
  process.once('exit', giveUp);

  const lane = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const summaryFile = join(summaries, `${name.replaceAll(/[\\/]/g, '-')}.json`);
      const env = { ...process.env, CORRAL_TEST_SUMMARY: summaryFile, ...(process.stdout.isTTY && { CORRAL_TEST_COLOR: '1' }) };
      const child = spawn(process.execPath, [join(import.meta.dirname, 'tier.mjs'), tier, name], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const printed = [];
      running.set(child, { name, printed });
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => printed.push(chunk));
      const closed = once(child, 'close');
      const [code, signal] = await once(child, 'exit');
      // What a test left behind may hold the pipes open for ever.
      await Promise.race([closed, delay(PIPE_LIMIT_MS)]);
      running.delete(child);
      const summary = JSON.parse(await readFile(summaryFile, 'utf8').catch(() => 'null')) ?? { passed: 0, failed: 0, skipped: 0 };
      if (code !== 0 && summary.failed === 0) {
        summary.failed = 1;
        printed.push(Buffer.from(`\n${name} did not run to its end (${signal ?? `exit code ${code}`}), which counts as one failed test.\n`));
      }
      for (const number of Object.keys(total)) total[number] += summary[number];
      if (summary.failed > 0) failures.push(...printed);
      else process.stdout.write(Buffer.concat(printed));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  process.off('exit', giveUp);
  await rm(summaries, { recursive: true });
  process.stdout.write(Buffer.concat(failures));
  console.log(`\n  ${total.passed} passing, ${total.failed} failing, ${total.skipped} pending (${Math.round((performance.now() - startMs) / 1000)} s)\n`);
  return total;
}
