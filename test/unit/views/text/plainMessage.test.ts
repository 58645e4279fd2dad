import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { plainMessage } from '../../../../src/views/text/plainMessage';

/** What VS Code makes a link of in a message (its linkedText.ts). */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

describe('plainMessage', () => {
  it('leaves no link that somebody could follow, and other words as they are', () => {
    const titles = [
      'Run [the tests](command:workbench.action.quit) first',
      '[x](https://example.org "A title")',
      '[a](file:///b)[c](command:d)',
      'a](command:b [c](COMMAND:d)',
    ];
    for (const title of titles) {
      assert.match(title, LINK);
      assert.doesNotMatch(plainMessage(`“${title}” needs input: ${title}`), LINK);
    }
    const plain = 'Edit src/[id].ts (3 lines), run f(a[0]) and see https://example.org';
    assert.equal(plainMessage(plain), plain);
  });
});
