import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Numbers of tests, and how each one ended by its title. */
export interface Summary {
  passed: number;
  failed: number;
  skipped: number;
  tests: { title: string; state: 'passed' | 'failed' | 'skipped' }[];
}

/** Marks mocha's lines in the console of an extension host, which the workbench writes to as well. */
export const REPORT_MARK = '[mocha] ';

/**
 * Runs every `*.test.js` below a folder, `filesAtOnce` at a time, each then in a process of its own.
 * CORRAL_TEST_GREP picks tests by title; CORRAL_TEST_SUMMARY names the file for the summary as JSON.
 */
export async function runTests(directory: string, { filesAtOnce = 1 } = {}): Promise<Summary> {
  if (process.env['CORRAL_TEST_MARKED'] !== undefined)
    // eslint-disable-next-line no-console -- the way out of an extension host
    Mocha.reporters.Base.consoleLog = (...parameters: unknown[]) => console.log(REPORT_MARK + format(...parameters));
  const turnWatch = process.env['CORRAL_TURN_WATCH'];
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    timeout: 120_000,
    forbidOnly: process.env['CI'] !== undefined,
    color: process.stdout.isTTY,
    parallel: filesAtOnce > 1,
    // Loaded by each worker: watches its event loop for `npm run test:blocks`.
    require: turnWatch === undefined ? [] : [turnWatch],
    jobs: filesAtOnce,
  });
  const grep = process.env['CORRAL_TEST_GREP'];
  if (grep !== undefined && grep !== '') mocha.grep(new RegExp(grep));
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.test.js')).sort();
  for (const name of names) mocha.addFile(join(directory, name));
  if (filesAtOnce === 1) await mocha.loadFilesAsync(); // parallel workers load their own files
  const tests: Summary['tests'] = [];
  const summary = await new Promise<Summary>((fulfil) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      // Tests that a failed hook kept from running count as failed.
      fulfil({
        passed: passes,
        failed: failures === 0 ? 0 : Math.max(failures, runner.total - passes - pending),
        skipped: pending,
        tests,
      });
    });
    runner
      .on('pass', ({ title }) => tests.push({ title, state: 'passed' }))
      .on('fail', ({ title }) => tests.push({ title, state: 'failed' }))
      .on('pending', ({ title }) => tests.push({ title, state: 'skipped' }));
  });
  const summaryFile = process.env['CORRAL_TEST_SUMMARY'];
  if (summaryFile !== undefined) await writeFile(summaryFile, JSON.stringify(summary));
  return summary;
}
