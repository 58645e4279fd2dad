import assert from 'node:assert/strict';
import { availableParallelism, hostname } from 'node:os';
import { describe, it } from 'mocha';
import { containerIdOf } from '../../../../src/supervisor/system/container';
import { describeIf } from '../../../support/skip';
import { TestHost } from '../hosts/hostFixture';

describeIf(process.platform !== 'win32', 'there is no sh', 'the program on another host', () => {
  it('tells of its host', async () => {
    const host = await TestHost.connect();
    try {
      const facts = await host.connection.probe('git');
      assert.deepEqual(
        [facts.platform, facts.hostName, facts.home, facts.cores, facts.node.path, facts.node.version],
        [
          process.platform,
          hostname(),
          host.path('home'),
          availableParallelism(),
          process.execPath,
          process.versions.node,
        ],
      );
      assert.match(facts.git?.version ?? '', /^git version 2\./);
      assert.ok(facts.disk.bytes > facts.disk.freeBytes && facts.disk.freeBytes > 0);
      assert.ok(facts.memoryBytes > facts.freeMemoryBytes && facts.freeMemoryBytes > 0);
      assert.ok(Math.abs(facts.clockMs - Date.now()) < 3_600_000);
      assert.ok(facts.agents.some(({ name }) => name === 'claude'));
      assert.equal(facts.environmentProblem, undefined);
      assert.ok(facts.machine.pidNamespace !== '' || process.platform !== 'linux');
    } finally {
      await host.close();
    }
  });

  it('makes files that others cannot read', async () => {
    const host = await TestHost.connect();
    try {
      const output = host.path('private');
      await host.connection.startDetached(['sleep', '1000'], { output });
      const { stdout } = await host.connection.run(['sh', '-c', 'umask; ls -l "$1"', 'sh', output]);
      assert.match(stdout.toString(), /^0?077\n-rw-------/);
    } finally {
      await host.close();
    }
  });
});

describe('a container', () => {
  it('is known by the files that its runtime mounts', () => {
    const id = 'a1'.repeat(32);
    const docker = `1 2 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`;
    const pod = '1 2 8:1 /pods/0a1b2c3d-0000-4000-8000-0123456789ab/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw';
    const host = `1 2 0:1 /docker/overlay2/${id}/merged /var/lib/docker/overlay2/${id}/merged rw - overlay overlay rw`;
    assert.equal(containerIdOf(`${host}\n${docker}`), id);
    assert.equal(containerIdOf(pod), '0a1b2c3d-0000-4000-8000-0123456789ab');
    assert.equal(containerIdOf(host), '');
  });
});
