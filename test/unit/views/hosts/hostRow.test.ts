import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { hostRow } from '../../../../src/views/hosts/hostRow';
import { hostOf, NO_GIT } from './hosts';

describe('the row of a host', () => {
  it('shows what its last test found and how many sessions work there', () => {
    const { description, tooltip, accessibleLabel, flags } = hostRow(hostOf('box'), 2);
    assert.equal(description, '2 running · claude · 2 ms · 4 cores · 8.0 GB memory · 512 GB disk');
    assert.equal(
      accessibleLabel,
      'box, reachable, with claude, 2 running, claude, 2 ms, 4 cores, 8.0 GB memory, 512 GB disk',
    );
    assert.deepEqual(flags, ['host', 'ssh']);
    const cluster = { ...hostOf('login'), kind: 'slurm' } as const;
    assert.deepEqual(hostRow(cluster, 0).flags, ['host', 'ssh'], 'a cluster has the same menu');
    const lines = tooltip.map((line) => line.join(': '));
    for (const line of [
      'Entered by: box',
      'Agents: claude 2.0.1',
      'Lag: 2 ms',
      'Cores: 4',
      'Memory: 8.0 GB of 16.0 GB free',
    ])
      assert.ok(lines.includes(line), `${line} in ${lines.join('; ')}`);
  });

  it('says in a few words what is wrong, and in its tooltip why', () => {
    const at = '2026-01-05T10:00:00.000Z';
    const rows = [
      { name: 'new', kind: 'ssh', enteredBy: 'ssh', target: 'new' } as const,
      { name: 'bad', problem: 'Set either “ssh” or “exec”.' },
      { ...hostOf('away'), failure: { reason: 'It is off.', at } },
      { ...hostOf('cut'), connection: { state: 'unreachable', since: at, reason: 'Reset by peer.' } as const },
      {
        ...hostOf('back'),
        failure: { reason: 'It was off.', at },
        connection: { state: 'connected', since: at } as const,
      },
      hostOf('old', { usable: false, checks: [NO_GIT] }),
    ].map((host) => hostRow(host, 0));
    assert.deepEqual(
      rows.map(({ description }) => description.split(' · ')[0]),
      ['not tested', 'wrong settings', 'not reachable', 'not reachable', 'claude', 'unusable: Git (not found)'],
    );
    assert.deepEqual(
      rows.map(({ tooltip }) => tooltip[0]?.[1]),
      [
        'not tested',
        'Set either “ssh” or “exec”.',
        'not reachable: It is off.',
        'not reachable: Reset by peer.',
        'reachable, with claude',
        'unusable: Git (not found)',
      ],
    );
    assert.deepEqual(rows[1]?.flags, ['host']);
  });
});
