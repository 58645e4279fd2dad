import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { displayPath } from '../../../../../src/supervisor/agents/driver/displayPath';

describe('a path for display', () => {
  it('is relative inside a root, and unchanged elsewhere', () => {
    assert.equal(displayPath('/repo/a/b', ['/repo']), 'a/b');
    assert.equal(displayPath('/link/a', ['/repo', '/link']), 'a');
    assert.equal(displayPath('/repository/a', ['/repo']), '/repository/a');
    assert.equal(displayPath('/repo/..hidden', ['/repo']), '..hidden');
    assert.equal(displayPath('/repo', ['/repo']), '/repo');
    assert.equal(displayPath('relative', ['/repo']), 'relative');
  });
});
