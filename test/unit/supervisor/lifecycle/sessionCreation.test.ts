import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import type { SessionRequest } from '../../../../src/supervisor/api';
import type { SupervisorSettings, WorktreeSettings } from '../../../../src/supervisor/settings';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { skip } from '../../../support/skip';
import { canMount } from '../../../torture/fullDisk';
import { SupervisorFixture } from '../supervisorFixture';

const run = promisify(execFile);

describe('making a session', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  const list = async (folder: string): Promise<string[]> => await readdir(folder).catch(() => []);

  /** All that a session leaves: its row, its folder, its ref, its worktree and git's entry for it. */
  async function traces(window: Supervisor): Promise<unknown> {
    const { path } = fixture.repository;
    return {
      rows: (await window.listSessions()).length,
      folders: await list(join(fixture.storageDirectory, 'sessions')),
      refs: await fixture.repository.git('for-each-ref', 'refs/corral'),
      worktrees: await list(join(path, '.corral/worktrees')),
      entries: await list(join(path, '.git/worktrees')),
    };
  }

  async function isRefused(
    code: string,
    request: Partial<SessionRequest>,
    changes: Partial<SupervisorSettings & WorktreeSettings> = {},
    storageDirectory = fixture.storageDirectory,
  ): Promise<void> {
    const window = fixture.window({ changes, storageDirectory });
    await window.whenRecovered();
    const before = await traces(window);
    const whole = { repository: fixture.repository.path, prompt: 'talk', agent: 'demo', ...request };
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(window.createSession(whole), (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        return true;
      });
    assert.deepEqual(await traces(window), before);
    await fixture.close(window);
    const late = fixture.window({ storageDirectory });
    await late.whenRecovered();
    assert.deepEqual(await traces(late), before);
    await fixture.close(late);
  }

  it('tells of a session what another one like it needs', async () => {
    const window = fixture.window();
    const argv = [process.execPath, '-e', '', '{prompt}'];
    const request = { repository: fixture.repository.path, prompt: 'Do it', agent: 'command', argv, title: 'It' };
    const { id } = await window.createSession(request);
    const { repository, prompt, agent, title, argv: told = [] } = await window.getSession(id);
    assert.deepEqual({ repository, prompt, agent, title, argv: told }, request);
    await window.createSession({ repository, prompt, agent, title, argv: told });
  });

  it('keeps for which issue a session works, whose page opens in the browser alone', async () => {
    const issue = {
      forge: 'github',
      kind: 'issue',
      number: 12,
      title: 'Greet] everyone](command:x)',
      repository: 'octo/shop',
      url: 'https://github.com/octo/shop/issues/12',
    } as const;
    const window = fixture.window();
    const request = { repository: fixture.repository.path, prompt: 'talk', agent: 'demo', issue };
    const { id } = await window.createSession(request);
    await fixture.close(window);
    assert.deepEqual((await fixture.window().getSession(id)).issue, issue);
    for (const url of ['command:x', 'http://a.example/1', 'https://a.example/1)](command:x', 'https://a.example/<b>'])
      await isRefused('INVALID_ARGUMENT', { issue: { ...issue, url } });
  });

  it('leaves nothing where what was asked for is not there (F7)', async () => {
    await isRefused('BASE_NOT_FOUND', { base: 'nope' });
    await isRefused('SESSION_NOT_FOUND', { dependsOn: ['aaaaaaaaaaaa'] });
    await isRefused('AGENT_UNKNOWN', { agent: 'nobody' });
    await isRefused(
      'AGENT_NOT_FOUND',
      { agent: 'mine' },
      { agents: parseAgentSettings({ mine: { driver: 'claude', path: '/no/such' } }) },
    );
    await isRefused('NO_FOLDER', { repository: join(fixture.repository.path, 'nowhere') });
    const empty = join(fixture.repository.path, 'empty');
    await mkdir(empty);
    await run('git', ['init', '--quiet'], { cwd: empty });
    await isRefused('NO_COMMIT', { repository: empty });
  });

  it('leaves nothing where the worktree has no place (F7)', async () => {
    const { path } = fixture.repository;
    await writeFile(join(path, '.corral'), 'a file\n');
    await isRefused('WORKTREE_NOT_OURS', {});
    await rm(join(path, '.corral'));
    await mkdir(join(path, 'elsewhere'));
    await mkdir(join(path, '.corral'));
    await symlink(join(path, 'elsewhere'), join(path, '.corral/worktrees'), 'junction');
    await isRefused('WORKTREE_NOT_OURS', {});
    assert.deepEqual(await list(join(path, 'elsewhere')), []);
    await isRefused('INVALID_ARGUMENT', {}, { worktreesLocation: '.git/corral' });
  });

  it('leaves nothing where git refuses half-way (F7)', async () => {
    const { path } = fixture.repository;
    await fixture.repository.commit('Lose', { 'lost.txt': 'an object that gets lost\n' });
    const blob = await fixture.repository.git('rev-parse', 'HEAD:lost.txt');
    await rm(join(path, '.git/objects', blob.slice(0, 2), blob.slice(2)));
    await isRefused('GIT_FAILED', {});
  });

  it('leaves nothing where the background process cannot be started (F7)', async () => {
    await isRefused('RUNNER_START_FAILED', {}, { runnerNode: join(fixture.repository.path, 'no node') });
  });

  it('leaves nothing on a full disk (F7)', async function () {
    if (!canMount()) skip(this, 'only root on Linux may mount a small disk');
    const disk = await realpath(await mkdtemp(join(tmpdir(), 'corral-full-')));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk]);
    // One that is open would go on writing into the folder when its disk is gone.
    const inWindow = async (work: (window: Supervisor) => Promise<void>): Promise<void> => {
      const window = fixture.window({ storageDirectory: disk });
      await window.whenRecovered();
      await work(window).finally(async () => await fixture.close(window));
    };
    try {
      await inWindow(async () => await Promise.resolve());
      const ballast = join(disk, 'ballast');
      for (const leftBytes of [0, 4096, 8192, 16384]) {
        await rm(ballast, { force: true });
        const { bavail, bsize } = await statfs(disk);
        await writeFile(ballast, Buffer.alloc(bavail * bsize - leftBytes));
        await inWindow(async (full) => {
          await assert.rejects(
            full.createSession({ repository: fixture.repository.path, prompt: 'x'.repeat(20_000), agent: 'demo' }),
            /ENOSPC/,
          );
          await rm(ballast);
          assert.deepEqual(await list(join(disk, 'sessions')), [], String(leftBytes));
          assert.deepEqual(await full.listSessions(), []);
          assert.equal(await fixture.repository.git('for-each-ref', 'refs/corral'), '');
          assert.deepEqual(await list(join(fixture.repository.path, '.corral/worktrees')), []);
        });
      }
    } finally {
      await run('umount', [disk]);
      await rm(disk, { recursive: true });
    }
  });
});
