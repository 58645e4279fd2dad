import assert from 'node:assert/strict';
import { deletionDetail } from '../../../../src/views/text/worktreeLabels';

describe('what a person reads before a session is deleted', () => {
  const none = { changedFiles: 0, untrackedFiles: 0, commits: 0, replaceable: [] };

  it('names what goes, what is kept and what is not', () => {
    assert.equal(deletionDetail(none, false), 'Its worktree holds no work of its own. Its history stays.');
    assert.equal(
      deletionDetail(
        { changedFiles: 1, untrackedFiles: 2, commits: 1, replaceable: ['node_modules/', 'a', 'b', 'c', 'd'] },
        true,
      ),
      'The session is running and will be stopped. Its worktree holds 1 changed file, 2 new files and 1 commit on no branch. All of it is kept in a snapshot; “Undo Delete” brings it back. ' +
        'Not kept, because tools can make it again: node_modules, a, b and 2 more. Its history stays.',
    );
  });

  it('says so where nothing could be counted, or there is nothing', () => {
    assert.match(deletionDetail('unknown', false), /could not be counted/);
    assert.match(deletionDetail(undefined, false), /is missing/);
  });
});
