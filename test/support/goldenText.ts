import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../src/common/errors';

/**
 * Compares with the expected text in `path`; a missing file is written, but fails with `CI=true`.
 * After a mismatch the new text is in `<path>.actual`: look at the difference, then keep one of them.
 */
export async function goldenText(path: string, actual: string): Promise<void> {
  const golden = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (golden === undefined) {
    assert.notEqual(
      process.env['CI'],
      'true',
      `There is no ${path}: run this test without CI=true and look at what it writes.`,
    );
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, actual);
    return;
  }
  // Git may have checked it out with other line ends.
  const expected = golden.replaceAll('\r\n', '\n');
  if (actual === expected) return rm(`${path}.actual`, { force: true });
  await writeFile(`${path}.actual`, actual);
  assert.equal(actual, expected, `${path} differs; the new text is in ${path}.actual`);
}
