import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { plainLabel } from '../../../../src/views/text/plainLabel';

describe('plainLabel', () => {
  it('escapes what VS Code would show as an icon, and nothing else', () => {
    assert.equal(plainLabel('echo $(date) $(sync~spin)'), 'echo \\$(date) \\$(sync~spin)');
    assert.equal(plainLabel('kill $(pidof x) $() $5'), 'kill $(pidof x) $() $5');
  });
});
