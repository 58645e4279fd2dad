import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { IssueReference } from '../../../../src/storage/issueReference';
import { closingText, creationParameters } from '../../../../src/supervisor/forge/creation';
import { parseForgeAddress } from '../../../../src/supervisor/forge/forgeAddress';

describe('the address of a remote', () => {
  it('names a host and a repository, whichever way git writes it', () => {
    for (const [address, host, path] of [
      ['git@github.com:octo/shop.git', 'github.com', 'octo/shop'],
      ['https://github.com/octo/shop', 'github.com', 'octo/shop'],
      ['https://robin:secret@GitHub.com:443/octo/shop.git/', 'github.com', 'octo/shop'],
      ['ssh://git@ssh.github.com:443/octo/shop.git', 'github.com', 'octo/shop'],
      ['ssh://git@git.example.com:2222/octo/shop.git', 'git.example.com', 'octo/shop'],
      ['https://git.example.com:8443/octo/shop.git', 'git.example.com:8443', 'octo/shop'],
      ['git@gitlab.com:group/sub.group/name.git', 'gitlab.com', 'group/sub.group/name'],
      ['work:octo/shop.git', 'work', 'octo/shop'],
    ] as const)
      assert.deepEqual(parseForgeAddress(address), { host, path }, address);
  });

  it('is none where it leads to a folder, or to what no forge has', () => {
    for (const address of [
      '',
      '/srv/git/shop.git',
      '../shop',
      'C:/git/shop.git',
      'file:///srv/git/octo/shop.git',
      'https://git.heroku.com/shop.git',
      'ext::sh -c id octo/shop',
      'https://github.com/octo/shop?x=1',
      'https://-oProxyCommand=id/octo/shop',
      '-oProxyCommand=id:octo/shop',
    ])
      assert.equal(parseForgeAddress(address), undefined, address);
  });
});

describe('a pull request for an issue', () => {
  const issue: IssueReference = {
    forge: 'github',
    kind: 'issue',
    number: 12,
    title: 'Greet',
    repository: 'octo/shop',
    url: 'https://github.com/octo/shop/issues/12',
  };

  it('closes it, by its whole name from another repository', () => {
    assert.equal(closingText(issue, 'git@github.com:Octo/Shop.git'), 'Closes #12');
    assert.equal(closingText(issue, 'git@github.com:robin/shop.git'), 'Closes octo/shop#12');
    assert.equal(closingText({ ...issue, kind: 'pullRequest' }, 'git@github.com:octo/shop.git'), undefined);
    assert.equal(closingText(undefined, 'git@github.com:octo/shop.git'), undefined);
  });

  it('is opened by the program of its forge, which asks for the rest', () => {
    assert.deepEqual(creationParameters('github', 'greet', 'Closes #12'), [
      'pr',
      'create',
      '--head=greet',
      '--body=Closes #12',
    ]);
    assert.deepEqual(creationParameters('github', 'greet', undefined), ['pr', 'create', '--head=greet']);
    assert.deepEqual(creationParameters('gitlab', 'greet', 'Closes #12'), [
      'mr',
      'create',
      '--source-branch=greet',
      '--description=Closes #12',
    ]);
  });
});
