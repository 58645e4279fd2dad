import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { HostSummary, SessionSummary } from '../../../../src/supervisor/api';
import { conditionText } from '../../../../src/views/hosts/hostTexts';
import { leastBusyHost, placeDetail, readyHosts, requireHost } from '../../../../src/views/hosts/place';
import { SITUATIONS } from '../sessions/situations';
import { hostOf, NO_GIT } from './hosts';

/** Sessions that run on these hosts. */
function running(...names: string[]): SessionSummary[] {
  const session = SITUATIONS.find(({ name }) => name === 'running')?.session;
  assert.ok(session);
  return names.map((name) => ({ ...session, host: { name, kind: 'ssh', state: 'connected' } }));
}

describe('the place of a session', () => {
  const away: HostSummary = { ...hostOf('away'), failure: { reason: 'It is off.', at: '2026-01-05T10:00:00.000Z' } };
  const untested: HostSummary = { name: 'new', kind: 'ssh', enteredBy: 'ssh', target: 'new' };
  const wrong: HostSummary = { name: 'bad', problem: 'Set either “ssh” or “exec”.' };

  it('is the host with the fewest sessions for its cores, of those whose last test found the agent', () => {
    const hosts = [
      hostOf('small', { cores: 2 }),
      hostOf('large', { cores: 16 }),
      hostOf('other', { cores: 64, agents: [{ name: 'codex' }] }),
      hostOf('broken', { cores: 64, usable: false, checks: [NO_GIT] }),
      away,
      untested,
      wrong,
    ];
    assert.deepEqual(readyHosts(hosts, [], 'claude'), ['large', 'small']);
    assert.deepEqual(readyHosts(hosts, running('large', 'large'), 'claude'), ['small', 'large']);
    assert.deepEqual(readyHosts(hosts, running('large', 'large', 'small'), 'claude'), ['large', 'small']);
    assert.equal(leastBusyHost(hosts, running('other'), 'codex'), 'other');
    assert.equal(leastBusyHost(hosts, running('other'), 'demo'), 'large', 'the demo is everywhere');
    assert.throws(() => leastBusyHost(hosts, [], 'goose'), { code: 'HOST_UNKNOWN', message: /“goose”/ });
  });

  it('no longer counts sessions that have ended', () => {
    const ended = running('large').map((session) => ({ ...session, status: 'Completed' as const }));
    assert.deepEqual(readyHosts([hostOf('large'), hostOf('small', { cores: 2 })], ended, 'claude'), ['large', 'small']);
  });

  it('says at once what is known to keep a session from working there', () => {
    const hosts = [hostOf('box'), hostOf('broken', { usable: false, checks: [NO_GIT] }), away, untested, wrong];
    requireHost('box', hosts, 'claude');
    requireHost('box', hosts, 'of my settings');
    requireHost('new', hosts, 'claude');
    assert.throws(() => requireHost('box', hosts, 'codex'), { code: 'HOST_FAILED', message: /did not find.*“codex”/ });
    assert.throws(() => requireHost('broken', hosts, 'claude'), {
      code: 'HOST_GIT_MISSING',
      message: /Git: not found\. Install it\.$/,
    });
    assert.throws(() => requireHost('away', hosts, 'claude'), { code: 'HOST_UNREACHABLE', message: 'It is off.' });
    assert.throws(() => requireHost('bad', hosts, 'claude'), { code: 'HOST_SETTINGS_INVALID', message: /either/ });
    assert.throws(() => requireHost('gone', hosts, 'claude'), { code: 'HOST_UNKNOWN' });
  });

  it('is shown with the condition of its host', () => {
    assert.equal(placeDetail({ kind: 'host', name: 'box' }, [hostOf('box')]), 'box: reachable, with claude');
    assert.deepEqual(
      [untested, away, wrong, hostOf('b', { agents: [] }), hostOf('b', { usable: false, checks: [NO_GIT] })].map(
        conditionText,
      ),
      [
        'not tested',
        'not reachable: It is off.',
        'Set either “ssh” or “exec”.',
        'reachable, no agent found',
        'unusable: Git (not found)',
      ],
    );
  });
});
