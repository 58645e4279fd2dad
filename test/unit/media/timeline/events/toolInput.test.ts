import assert from 'node:assert/strict';
import { toolInputText } from '../../../../../media/timeline/events/toolInput';

describe('toolInputText', () => {
  it('keeps a string, shows anything else as JSON, and has nothing for no input', () => {
    assert.deepEqual([undefined, null, 'ls', { a: 1 }, 0].map(toolInputText), ['', '', 'ls', '{\n  "a": 1\n}', '0']);
  });
});
