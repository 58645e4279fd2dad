import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CorralError } from '../../../../src/storage/errors';
import {
  hostSettingOf,
  kindOfHost,
  parseHostSettings,
  sbatchOptions,
} from '../../../../src/supervisor/hosts/hostSettings';

/** What is wrong with the entry of this name; undefined where nothing is. */
function mistakeOf(name: string, entry: unknown): string | undefined {
  const setting = parseHostSettings({ [name]: entry }).get(name);
  return setting !== undefined && 'mistake' in setting ? setting.mistake : undefined;
}

describe('the setting corral.hosts', () => {
  it('names hosts by ssh or by a command that enters them', () => {
    const settings = parseHostSettings({
      'gpu-box': { ssh: 'dev@gpu-box', node: '~/node/bin/node', root: '/data/corral', maxConcurrentRuns: 2 },
      dev: { exec: ['docker', 'exec', '-i', 'dev'], git: '/opt/git/bin/git' },
    });
    const box = hostSettingOf('gpu-box', settings);
    assert.deepEqual('ssh' in box && [box.ssh, box.node, box.root, box.maxConcurrentRuns], [
      'dev@gpu-box',
      '~/node/bin/node',
      '/data/corral',
      2,
    ]);
    const dev = hostSettingOf('dev', settings);
    assert.deepEqual('exec' in dev && [...dev.exec, dev.git], ['docker', 'exec', '-i', 'dev', '/opt/git/bin/git']);
  });

  it('says by name what is wrong with an entry, and leaves the others usable', () => {
    const settings = parseHostSettings({ good: { ssh: 'box' }, bad: { ssh: 'box', port: 22 } });
    assert.ok('ssh' in hostSettingOf('good', settings));
    assert.throws(
      () => hostSettingOf('bad', settings),
      (error) =>
        error instanceof CorralError && error.code === 'HOST_SETTINGS_INVALID' && /bad\.port/.test(error.message),
    );
    assert.match(mistakeOf('both', { ssh: 'box', exec: ['sh'] }) ?? '', /“both”: Set either “ssh” or “exec”/);
    assert.match(mistakeOf('none', {}) ?? '', /Set either “ssh” or “exec”/);
    for (const program of ['ssh', '/usr/bin/ssh', 'C:\\\\OpenSSH\\\\ssh.exe'])
      assert.match(
        mistakeOf('box', { exec: [program, 'box'] }) ?? '',
        /“box\.exec”: Name a machine behind ssh by “ssh”/,
      );
    for (const argv of [
      ['docker', 'exec', 'dev'],
      ['/usr/bin/kubectl', '-n', 'x', 'exec', 'dev-0', '--'],
    ])
      assert.match(mistakeOf('box', { exec: argv }) ?? '', /“box\.exec”: Add “-i” behind “exec”/);
    for (const option of ['-i', '-ui', '--interactive', '--stdin=true'])
      assert.equal(mistakeOf('box', { exec: ['podman', 'exec', option, 'dev'] }), undefined);
    assert.match(mistakeOf('empty', { exec: [] }) ?? '', /“empty\.exec/);
    assert.match(mistakeOf('-x', { ssh: 'box' }) ?? '', /letters, digits/);
    assert.match(mistakeOf('far', { ssh: 'box', root: 'here/there' }) ?? '', /“far\.root”: Use an absolute path there/);
    assert.match(mistakeOf('many', { ssh: 'box', maxConcurrentRuns: 0 }) ?? '', /many\.maxConcurrentRuns/);
  });

  it('names a cluster by its login node, with options for its jobs', () => {
    const slurm = { partition: 'gpu', args: ['--gres=gpu:1', '--time=4:00:00'] };
    const settings = parseHostSettings({ cluster: { ssh: 'login', slurm }, plain: { exec: ['sh'], slurm: {} } });
    const cluster = hostSettingOf('cluster', settings);
    assert.equal(kindOfHost(cluster), 'slurm');
    assert.deepEqual(sbatchOptions(cluster), ['--partition=gpu', '--gres=gpu:1', '--time=4:00:00']);
    assert.deepEqual(sbatchOptions(hostSettingOf('plain', settings)), []);
    for (const word of ['--array=1-3', '-a1', '--arr=1', '--wrap=ls', '--wait', '-W'])
      assert.match(mistakeOf('box', { ssh: 'box', slurm: { args: [word] } }) ?? '', /A session is one job/, word);
    assert.equal(mistakeOf('box', { ssh: 'box', slurm: { args: ['--wait-all-nodes=1'] } }), undefined);
    assert.match(mistakeOf('box', { ssh: 'box', slurm: { args: ['--time', '1'] } }) ?? '', /as one word/);
  });

  it('takes no option of ssh for a name', () => {
    for (const ssh of ['-oProxyCommand=touch /tmp/x', '-l', '', 'a b', 'a\nb'])
      assert.match(
        mistakeOf('box', { ssh }) ?? '',
        /“box\.ssh”: Use a name of your ssh configuration/,
        JSON.stringify(ssh),
      );
  });

  it('says where there is no host of a name, or no entry at all', () => {
    assert.throws(() => hostSettingOf('gone', parseHostSettings({})), { code: 'HOST_UNKNOWN' });
    assert.throws(() => parseHostSettings('gpu-box'), { code: 'HOST_SETTINGS_INVALID' });
  });
});
