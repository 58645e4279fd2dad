import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import * as v from 'valibot';

export const summarySchema = v.object({ passed: v.number(), failed: v.number(), skipped: v.number() });
/** Numbers of tests. */
export type Summary = v.InferOutput<typeof summarySchema>;

/** Starts what mocha prints inside an extension host whose console is shared with the workbench (CORRAL_TEST_MARKED). */
export const REPORT_MARK = '[mocha] ';

/**
 * Runs every `*.test.js` below a folder of bundles, in plain Node and inside an extension host alike, and writes the
 * summary as JSON to the file that CORRAL_TEST_SUMMARY names. CORRAL_TEST_GREP picks tests by title. `filesAtOnce` files run side by side, each in a
 * process apart from the others.
 */
export async function runTests(directory: string, { filesAtOnce = 1 } = {}): Promise<Summary> {
  if (process.env['CORRAL_TEST_MARKED'] !== undefined)
    Mocha.reporters.Base.consoleLog = (...parameters: unknown[]) => console.log(REPORT_MARK + format(...parameters)); // eslint-disable-line no-console -- the reporter's way out
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    timeout: 120_000,
    forbidOnly: process.env['CI'] !== undefined,
    color: process.stdout.isTTY,
    parallel: filesAtOnce > 1,
    jobs: filesAtOnce,
  });
  const grep = process.env['CORRAL_TEST_GREP'];
  if (grep !== undefined && grep !== '') mocha.grep(new RegExp(grep));
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.test.js')).sort();
  for (const name of names) mocha.addFile(join(directory, name));
  if (filesAtOnce === 1) await mocha.loadFilesAsync(); // otherwise those who run them load them
  const summary = await new Promise<Summary>((fulfil) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      // A failed hook keeps the tests after it from running: they did not pass, so they failed.
      fulfil({
        passed: passes,
        failed: failures === 0 ? 0 : Math.max(failures, runner.total - passes - pending),
        skipped: pending,
      });
    });
  });
  const summaryFile = process.env['CORRAL_TEST_SUMMARY'];
  if (summaryFile !== undefined) await writeFile(summaryFile, JSON.stringify(summary));
  return summary;
}
