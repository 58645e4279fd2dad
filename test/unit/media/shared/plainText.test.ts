import assert from 'node:assert/strict';
import { joinParts, oneLine } from '../../../../media/shared/plainText';

describe('oneLine', () => {
  it('puts a text on one line of limited length', () => {
    assert.equal(oneLine('  a\n\tb  c '), 'a b c');
    assert.equal(oneLine('x'.repeat(12_000_000), 5), 'xxxxx…');
  });
});

describe('joinParts', () => {
  it('joins the parts that there are', () => {
    assert.equal(joinParts(['a\nb', undefined, '', 'long'], 3), 'a b · lon…');
    assert.equal(joinParts([undefined, '']), '');
  });
});
