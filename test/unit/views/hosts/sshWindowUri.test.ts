import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { sshWindowUri } from '../../../../src/views/hosts/sshWindowUri';

describe('the address of a window behind ssh', () => {
  it('names the host as ssh does, and the folder with all of its characters', () => {
    assert.equal(
      sshWindowUri('gpu-box', '/home/dev/a b#c/é'),
      'vscode-remote://ssh-remote+gpu-box/home/dev/a%20b%23c/%C3%A9',
    );
    assert.equal(sshWindowUri('dev@10.0.0.5', '/w'), 'vscode-remote://ssh-remote+dev@10.0.0.5/w');
  });

  it('keeps a name that an address would change', () => {
    const [, host = ''] = /^vscode-remote:\/\/ssh-remote\+([0-9a-f]+)\/w$/.exec(sshWindowUri('GPU/1', '/w')) ?? [];
    assert.deepEqual(JSON.parse(Buffer.from(host, 'hex').toString()), { hostName: 'GPU/1' });
  });
});
