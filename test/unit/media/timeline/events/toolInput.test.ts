import assert from 'node:assert/strict';
import { toolInputText } from '../../../../../media/timeline/events/toolInput';

describe('toolInputText', () => {
  it('is a string as it is, JSON for other input, and empty without input', () => {
    assert.deepEqual([undefined, null, 'ls', { a: 1 }, 0].map(toolInputText), ['', '', 'ls', '{\n  "a": 1\n}', '0']);
  });
});
