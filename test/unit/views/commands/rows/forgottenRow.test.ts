import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isForgottenRow } from '../../../../../src/views/commands/rows/forgottenRow';

describe('a click on a row that VS Code is just reading again', () => {
  const row = { kind: 'session', id: 'a' };

  it('is told from a click on a row that it knows, and from keys and the palette', () => {
    assert.equal(isForgottenRow(undefined, [undefined]), true);
    assert.equal(isForgottenRow(row, [[row, undefined]]), true, 'one of the selected rows');
    assert.equal(isForgottenRow(row, [undefined]), false);
    assert.equal(isForgottenRow(row, [[row]]), false);
    assert.equal(isForgottenRow(undefined, []), false);
    assert.equal(isForgottenRow({ kind: 'selection' }, []), false);
  });
});
