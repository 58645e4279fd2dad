import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { isWorktreeName, worktreeName } from '../../../../src/supervisor/git/worktreeName';

const ID = 'abcdefgh2345';

describe('the name of a worktree', () => {
  it('is a short form of the title and the id (17)', () => {
    const names: [title: string, name: string][] = [
      ['Greet everyone', `greet-everyone-${ID}`],
      ['Fix the flaky test of the parser', `fix-the-flaky-test-${ID}`],
      ['Grüße — für alle!', `gru-e-fur-alle-${ID}`],
      ['Internationalization of everything', `internationalization-${ID}`],
      ['../../etc/passwd', `etc-passwd-${ID}`],
      ['日本語', ID],
      ['', ID],
    ];
    for (const [title, name] of names) {
      assert.equal(worktreeName(title, ID), name);
      assert.ok(name.length <= 20 + 1 + ID.length, name);
    }
  });

  it('is known again, as is that of earlier versions, and no other', () => {
    for (const title of ['Greet everyone', 'a', 'a b c d e f g h i j k l m', '', '2 - 3'])
      assert.ok(isWorktreeName(worktreeName(title, newId())), title);
    for (const name of [`-${ID}`, `a--${ID}x`, `../${ID}`, `A-${ID}`, 'greet-everyone', `${ID}.partial`, `a-${ID}.123`])
      assert.ok(!isWorktreeName(name), name);
  });
});
