/** Runs files of tests in processes of their own, several at once. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename, join, relative } from 'node:path';
import { projectRoot } from '../project';
import { listTests, writeSummary, type Summary } from './oneProcess';
import type { Answer } from './testProcess';

/**
 * A process that takes more is replaced by a new one. To start a program costs time with each page of memory that the
 * starting process has, and most tests start git many times.
 */
const MAX_BYTES = 100 * 1024 * 1024;
/** For files of which no test was picked. */
const MAX_IDLE_BYTES = 4 * MAX_BYTES;

/** They wait for half a minute or more until something counts as silent, and run beside the others meanwhile. */
const WAITING = ['gone', 'silentRunner', 'stoppedWindow', 'frozenTransport'];
/** They begin first, so that none of them is alone in the end. */
const LONGEST = ['queue', 'torture', 'usageLimits', 'recovery', 'mainJob', 'timelineReading', 'agents', 'composer'];

const isAmong = (names: readonly string[], path: string): boolean => names.includes(basename(path, '.test.js'));

/** Runs every test below a folder, `filesAtOnce` files at a time, prints the reports and writes the summary. */
export async function runTier(directory: string, filesAtOnce: number): Promise<Summary> {
  const startMs = performance.now();
  const all = await listTests(directory);
  const files = all.filter((path) => !isAmong(WAITING, path));
  files.sort((a, b) => Number(isAmong(LONGEST, b)) - Number(isAmong(LONGEST, a)));
  const total: Summary = { passed: 0, failed: 0, skipped: 0, tests: [] };
  const failures: string[] = [];
  const work = async (queue: string[]): Promise<void> => {
    let child: ChildProcess | undefined;
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      child ??= start();
      const result = await ask(child, path);
      if (result.report.trim() !== '') process.stdout.write(`${result.report}\n`);
      if (result.failures !== '') failures.push(`  ${relative(projectRoot, path)}\n${result.failures}`);
      for (const name of ['passed', 'failed', 'skipped'] as const) total[name] += result[name];
      total.tests.push(...result.tests);
      if (result.bytes < (result.tests.length === 0 ? MAX_IDLE_BYTES : MAX_BYTES)) continue;
      await end(child);
      child = undefined;
    }
    if (child !== undefined) await end(child);
  };
  await Promise.all([
    ...Array.from({ length: filesAtOnce }, async () => await work(files)),
    ...all.filter((path) => isAmong(WAITING, path)).map(async (path) => await work([path])),
  ]);
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  process.stdout.write(`\n  ${total.passed} passing (${seconds}s)\n  ${total.skipped} pending\n`);
  if (total.failed > 0) process.stdout.write(`  ${total.failed} failing\n\n${failures.join('\n')}\n`);
  await writeSummary(total);
  return total;
}

function start(): ChildProcess {
  // Watches the event loop for `npm run test:blocks`.
  const turnWatch = process.env['CORRAL_TURN_WATCH'];
  return fork(join(projectRoot, 'out/support/tier/testProcess.js'), {
    execArgv: turnWatch === undefined ? [] : ['--require', turnWatch],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** A process that ends before its answer is a failed test. */
async function ask(child: ChildProcess, path: string): Promise<Answer> {
  return await new Promise((resolve) => {
    const onMessage = (answer: unknown): void => {
      child.off('exit', onExit);
      resolve(answer as Answer); // of this very program
    };
    const onExit = (code: number | null, signal: string | null): void => {
      child.off('message', onMessage);
      const report = `The process that ran ${path} ended with ${signal ?? `exit code ${String(code)}`}.`;
      resolve({ passed: 0, failed: 1, skipped: 0, tests: [], report, failures: report, bytes: Infinity });
    };
    child.once('message', onMessage).once('exit', onExit);
    child.send({ path, color: process.stdout.isTTY }, (error) => {
      if (error !== null) onExit(child.exitCode, child.signalCode);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}
