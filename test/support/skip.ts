import type { Context } from 'mocha';

/** Skips the test or the tests of a hook, and prints why: a reader of the results sees what was not tried here. */
export function skip(test: Context, reason: string): never {
  process.stdout.write(`      skipped: ${reason}\n`);
  return test.skip();
}
