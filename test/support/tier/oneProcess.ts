import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Numbers of tests, and how each one ended by its title. `failure` is its whole title and its error. */
export interface Summary {
  passed: number;
  failed: number;
  skipped: number;
  tests: { title: string; state: 'passed' | 'failed' | 'skipped'; failure?: string }[];
}

/** What the tests of one file gave, and the report of it as text. */
export interface FileResult extends Summary {
  report: string;
  /** The failures again, for the end of the whole report. */
  failures: string;
}

/** Marks mocha's lines in the console of an extension host, which the workbench writes to as well. */
export const REPORT_MARK = '[mocha] ';

/** The paths of every `*.test.js` below a folder. */
export async function listTests(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.test.js'));
  return names.sort().map((name) => join(directory, name));
}

/** Writes what scripts/test.mjs reads: the file is named by CORRAL_TEST_SUMMARY. */
export async function writeSummary(summary: Summary): Promise<void> {
  const path = process.env['CORRAL_TEST_SUMMARY'];
  if (path !== undefined) await writeFile(path, JSON.stringify(summary));
}

/** Runs every test below a folder in this process, prints the report and writes the summary. */
export async function runTests(directory: string): Promise<Summary> {
  if (process.env['CORRAL_TEST_MARKED'] !== undefined)
    printBy((text) => {
      // eslint-disable-next-line no-console -- the way out of an extension host
      console.log(REPORT_MARK + text);
    });
  const { summary } = await run(await listTests(directory), { color: process.stdout.isTTY });
  await writeSummary(summary);
  return summary;
}

/** Runs a file in this process and prints nothing. */
export async function runFile(path: string, options: { color: boolean }): Promise<FileResult> {
  const texts: string[] = [];
  printBy((text) => texts.push(text));
  const { summary, failed } = await run([path], { ...options, reporter: FileReporter });
  const report = texts.splice(0).join('\n');
  if (failed.length > 0) Mocha.reporters.Base.list(failed);
  // Mocha leaves them.
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  return { ...summary, report, failures: texts.join('\n') };
}

/** Of the whole, the numbers and the failures come at the end. */
class FileReporter extends Mocha.reporters.Spec {
  override epilogue(): void {
    // Nothing.
  }
}

function printBy(print: (text: string) => void): void {
  Mocha.reporters.Base.consoleLog = (...parameters: unknown[]) => print(format(...parameters));
}

/** CORRAL_TEST_GREP picks tests by title. */
async function run(
  files: readonly string[],
  options: Mocha.MochaOptions,
): Promise<{ summary: Summary; failed: Mocha.Test[] }> {
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    timeout: 120_000,
    forbidOnly: process.env['CI'] !== undefined,
    ...options,
  });
  const grep = process.env['CORRAL_TEST_GREP'];
  if (grep !== undefined && grep !== '') mocha.grep(new RegExp(grep));
  for (const path of files) mocha.addFile(path);
  await mocha.loadFilesAsync();
  const tests: Summary['tests'] = [];
  const failed: Mocha.Test[] = [];
  return await new Promise((fulfil) => {
    const runner = mocha.run(() => {
      const { passes, failures, pending } = runner.stats ?? { passes: 0, failures: 1, pending: 0 };
      // Tests that a failed hook kept from running count as failed.
      const count = failures === 0 ? 0 : Math.max(failures, runner.total - passes - pending);
      fulfil({ summary: { passed: passes, failed: count, skipped: pending, tests }, failed });
    });
    runner
      .on('pass', ({ title }) => tests.push({ title, state: 'passed' }))
      .on('fail', (test, error: Error) => {
        tests.push({ title: test.title, state: 'failed', failure: `${test.fullTitle()}\n${String(error.stack)}` });
        failed.push(test);
      })
      .on('pending', ({ title }) => tests.push({ title, state: 'skipped' }));
  });
}
