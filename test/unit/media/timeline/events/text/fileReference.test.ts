import assert from 'node:assert/strict';
import { parseFileReference } from '../../../../../../media/timeline/events/text/fileReference';

describe('parseFileReference', () => {
  it('recognises a path by its folder or line number, and nothing else', () => {
    assert.deepEqual(parseFileReference('src/a.ts'), { path: 'src/a.ts', line: undefined });
    assert.deepEqual(parseFileReference('a.ts:12'), { path: 'a.ts', line: 12 });
    assert.deepEqual(parseFileReference('/code/b.test.ts:12:5'), { path: '/code/b.test.ts', line: 12 });
    assert.deepEqual(parseFileReference('C:\\x\\a.cs:3'), { path: 'C:\\x\\a.cs', line: 3 });
    for (const text of [
      'a.ts',
      'Array.from',
      'npm test',
      'javascript:alert(1)',
      'https://x.example/a.html',
      'and/or',
      '',
      'src/',
    ])
      assert.equal(parseFileReference(text), undefined, text);
  });
});
