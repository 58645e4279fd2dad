import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DEFAULT_MENDS, MENDS } from '../../../../src/views/text/errorMends';

describe('the mends of errors', () => {
  it('are each offered for some error', () => {
    const offered = [...new Set([...DEFAULT_MENDS, ...Object.values(MENDS).flat()])].sort();
    assert.deepEqual(offered, [
      'checkAgain',
      'connectHost',
      'continueHere',
      'editRequest',
      'initializeRepository',
      'installAgent',
      'locateRepository',
      'makeFirstCommit',
      'manageTrust',
      'markAsGone',
      'openAgentSettings',
      'openFolder',
      'openHostSettings',
      'putBackSetting',
      'restoreWorktree',
      'setAgentPath',
      'showLog',
      'signIn',
      'testHost',
      'tryDemo',
    ]);
  });

  it('are offered once, and the log comes last', () => {
    for (const [code, mends] of Object.entries(MENDS)) {
      assert.equal(new Set(mends).size, mends.length, code);
      assert.ok(!mends.includes('showLog') || mends.at(-1) === 'showLog', code);
    }
  });
});
