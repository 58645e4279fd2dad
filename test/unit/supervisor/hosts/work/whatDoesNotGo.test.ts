import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { resolveCommit } from '../../../../../src/supervisor/git/repository';
import { sayWhatDoesNotGo, whatDoesNotGo } from '../../../../../src/supervisor/hosts/work/whatDoesNotGo';
import { GitFixture, write } from '../../git/gitFixture';

describe('what a host will miss of a commit', () => {
  let fixture: GitFixture;
  before(async () => (fixture = await GitFixture.create()));
  after(async () => fixture.remove());

  it('is nothing for ordinary files', async () => {
    const repository = await fixture.repository('plain', { 'a.txt': 'a\n', '.gitattributes': '*.txt text\n' });
    const found = await whatDoesNotGo(repository, await resolveCommit(repository, 'HEAD'));
    assert.deepEqual(found, { filters: [], submodules: [] });
    assert.equal(sayWhatDoesNotGo(found), '');
  });

  it('are files of filters and submodules, by the commit and not by the files that lie here', async () => {
    const inner = await fixture.repository('inner');
    const repository = await fixture.repository('outer', {
      'a.bin': 'a\n',
      'below/ü.bin': 'b\n',
      'below/secret.key': 'k\n',
      'plain.txt': 't\n',
      '.gitattributes': '*.bin filter=lfs\n*.txt -filter\n',
      'below/.gitattributes': '*.key filter=git-crypt\n',
    });
    const { mainWorktree } = repository;
    await fixture.user(mainWorktree, 'submodule', '--quiet', 'add', inner.mainWorktree, 'parts/inner');
    await fixture.user(mainWorktree, 'commit', '--quiet', '--message=submodule');
    const commit = await resolveCommit(repository, 'HEAD');
    // What a person has changed since, and settings of this clone alone, do not count.
    await rm(join(mainWorktree, 'below/.gitattributes'));
    await write(mainWorktree, { '.gitattributes': '* filter=other\n', '.git/info/attributes': '* filter=mine\n' });
    const found = await whatDoesNotGo(repository, commit);
    assert.deepEqual(found, {
      filters: [
        { filter: 'lfs', files: 2, example: 'a.bin' },
        { filter: 'git-crypt', files: 1, example: 'below/secret.key' },
      ],
      submodules: ['parts/inner'],
    });
    assert.equal(
      sayWhatDoesNotGo(found),
      'The content of 2 files is made by the filter “lfs” and is not there, such as a.bin. ' +
        'The content of below/secret.key is made by the filter “git-crypt” and is not there. ' +
        'Submodules are empty there: parts/inner.',
    );
  });
});
