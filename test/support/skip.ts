import type { Context, Suite } from 'mocha';
import { describe, it } from 'mocha';

/** Skips the test, or all tests of a hook, and prints why. */
export function skip(test: Context, reason: string): never {
  process.stdout.write(`      skipped: ${reason}\n`);
  return test.skip();
}

/** A `describe` that counts as one skipped test, and prints `reason`, if it is not possible here. */
export function describeIf(isPossible: boolean, reason: string, title: string, body: (this: Suite) => void): void {
  describe(title, function () {
    if (isPossible) body.call(this);
    else
      it('all of it', function () {
        skip(this, reason);
      });
  });
}
