import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseCommandLine } from '../../../../src/views/text/commandLine';

describe('parseCommandLine', () => {
  it('splits at spaces outside of quotes', () => {
    assert.deepEqual(parseCommandLine('  make  test '), ['make', 'test']);
    assert.deepEqual(parseCommandLine(`sh -c 'echo "a b"' "c 'd'"e`), ['sh', '-c', 'echo "a b"', `c 'd'e`]);
    assert.deepEqual(parseCommandLine('C:\\tools\\run.exe "" $HOME'), ['C:\\tools\\run.exe', '', '$HOME']);
  });

  it('takes neither an open quote nor nothing', () => {
    for (const line of ['', '   ', '"make', "make 'test", 'a"b']) assert.equal(parseCommandLine(line), undefined, line);
  });
});
