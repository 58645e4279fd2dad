import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { TestRepository } from '../../../support/repository';
import { StorePaths } from '../../../../src/storage/paths';
import type { WithheldCommand } from '../../../../src/supervisor/lifecycle/commandConsents';
import { ClaimFile } from '../../../../src/supervisor/runnerProtocol/claimFile';
import { PROTOCOL_VERSION } from '../../../../src/supervisor/runnerProtocol/protocol';
import {
  DEFAULT_WORKTREE_SETTINGS,
  type SupervisorSettings,
  type WorktreeSettings,
} from '../../../../src/supervisor/settings';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { identityOf } from '../../../../src/supervisor/system/identity';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a command that comes with the workspace', () => {
  let fixture: SupervisorFixture;
  let changes: Partial<WorktreeSettings>;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    changes = {};
  });
  afterEach(async () => {
    await fixture.end();
  });

  const script = (text: string): string[] => [process.execPath, '-e', text];
  const writes = (name: string): string[] => script(`require('fs').writeFileSync('${name}', '')`);
  const isThere = async (folder: string, name: string): Promise<boolean> =>
    await access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const open = (): { window: Supervisor; withheld: WithheldCommand[] } => {
    const window = fixture.window({ worktreeSettings: () => ({ ...DEFAULT_WORKTREE_SETTINGS, ...changes }) });
    const withheld: WithheldCommand[] = [];
    window.onDidWithholdCommand((each) => withheld.push(each));
    return { window, withheld };
  };
  const setupResult = async (window: Supervisor, id: string): Promise<unknown> => {
    const { events } = await window.listSessionHistory(id, { limit: 1_000, kinds: ['tool.result'] });
    return events.map(({ data }) => data).find((data) => 'callId' in data && data.callId === 'corral-setup');
  };

  it('does not run before a person allowed it: the session is made and says so (B6)', async () => {
    changes = { setupCommand: writes('set-up'), workspaceCommands: ['setup'] };
    const { window, withheld } = open();
    const session = await fixture.completedSession(window);
    assert.equal(await isThere(session.worktreePath, 'set-up'), false);
    const result = await setupResult(window, session.id);
    assert.ok(typeof result === 'object' && result !== null && 'status' in result);
    assert.equal(result.status, 'denied');
    const { sessionId, ...command } = withheld[0] ?? assert.fail('nobody was told');
    assert.equal(sessionId, session.id);
    assert.deepEqual(command, { repository: session.repository, use: 'setup', command: writes('set-up') });

    const consents = await window.consents();
    await consents.record(command, true);
    await window.sendMessage(session.id, 'talk');
    await until(window, session.id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the next run');
    assert.ok(await isThere(session.worktreePath, 'set-up'), 'the next run of the session sets its worktree up');
    const next = await fixture.completedSession(window);
    assert.ok(await isThere(next.worktreePath, 'set-up'), 'it is not asked again');
    assert.equal(withheld.length, 1);
  });

  it('is asked for again when it changes, for another use and in another repository (B6)', async () => {
    const { window, withheld } = open();
    const consents = await window.consents();
    const { path: repository } = fixture.repository;
    const command = writes('one');
    const one = { repository, use: 'setup', command } as const;
    await consents.record(one, true);
    const others = [
      { ...one, command: writes('two') },
      { ...one, command: [...command, ''] },
      { ...one, command: [`${command[0] ?? ''} -e`, ...command.slice(2)] },
      { ...one, use: 'teardown' as const },
      { ...one, repository: join(repository, 'other') },
    ];
    assert.equal(await consents.answer(one), true);
    for (const other of others) assert.equal(await consents.answer(other), undefined, JSON.stringify(other));
    changes = { setupCommand: writes('two'), workspaceCommands: ['setup'] };
    const session = await fixture.completedSession(window);
    assert.equal(await isThere(session.worktreePath, 'two'), false);
    assert.equal(withheld.length, 1);
    await consents.record({ ...one, command: writes('two') }, false);
    await fixture.completedSession(window);
    assert.equal(withheld.length, 1, 'an answer that forbids is kept too');
  });

  it('is asked for by no second start of a run that a runner has, of which no event came yet (B6)', async () => {
    const windowChanges: Partial<SupervisorSettings & WorktreeSettings> = { maxConcurrentRuns: 1 };
    const window = fixture.window({ changes: windowChanges });
    const withheld: string[] = [];
    window.onDidWithholdCommand(({ sessionId }) => withheld.push(sessionId));
    const create = async (prompt: string): Promise<string> =>
      (await window.createSession({ repository: fixture.repository.path, prompt, agent: 'demo' })).id;
    const blocker = await create('slow 4000 50ms');
    await until(window, blocker, ({ status }) => status === 'Running', 'its start');
    Object.assign(windowChanges, { setupCommand: writes('set-up'), workspaceCommands: ['setup'] });
    const [claimed, next] = [await create('talk claimed'), await create('talk next')];
    const { currentRunId = '' } = await until(window, claimed, ({ heldBy }) => heldBy !== undefined, 'its place');
    const { claim } = new StorePaths(fixture.storageDirectory).session(claimed).run(currentRunId);
    const silent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    const runner = (await identityOf(silent.pid ?? 0)) ?? assert.fail('it ended');
    await ClaimFile.publish(claim, {
      state: 'claimed',
      protocol: PROTOCOL_VERSION,
      runner,
      endpoint: `${claim}.socket`,
    });
    await window.kill(blocker);
    await until(window, next, ({ status }) => status === 'Completed', 'the end of the next');
    assert.deepEqual(withheld, [next]);
    await rm(claim);
    silent.kill();
    await until(window, claimed, ({ status }) => status === 'Completed', 'its turn after all');
    assert.deepEqual(withheld, [next, claimed]);
  });

  it('is judged when the run starts, whatever an older window wrote down for it (B6)', async () => {
    const { window } = open();
    changes = { setupCommand: writes('set-up') }; // the user's own
    const blocker = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
    });
    await until(window, blocker.id, ({ status }) => status === 'Completed', 'the end');
    const waiting = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk',
      agent: 'demo',
      dependsOn: [(await failedSession(window)).id],
    });
    const runs = join(fixture.storageDirectory, 'sessions', waiting.id, 'runs');
    const file = join(runs, (await readdir(runs))[0] ?? '', 'run.json');
    const text = await readFile(file, 'utf8');
    assert.match(text, /"isUsers":true/);
    await writeFile(file, text.replace(',"isUsers":true', ''));
    await window.startNow(waiting.id);
    const ended = await until(window, waiting.id, ({ status }) => status === 'Completed', 'the end');
    assert.equal(await isThere(ended.worktreePath, 'set-up'), false);
  });

  async function failedSession(window: Supervisor): Promise<{ id: string }> {
    const session = await window.createSession({ repository: fixture.repository.path, prompt: 'fail', agent: 'demo' });
    return await until(window, session.id, ({ status }) => status === 'Failed', 'the failure');
  }

  it('does not run before a worktree is removed either, and the removal goes on (B6)', async () => {
    const farewell = join(fixture.storageDirectory, 'farewell');
    const command = script(`require('fs').writeFileSync(${JSON.stringify(farewell)}, '')`);
    changes = { teardownCommand: command, workspaceCommands: ['teardown'] };
    const { window, withheld } = open();
    const session = await fixture.completedSession(window);
    await window.deleteSession(session.id);
    assert.equal(await isThere(fixture.storageDirectory, 'farewell'), false);
    assert.deepEqual(
      withheld.map(({ sessionId, use }) => [sessionId, use]),
      [[session.id, 'teardown']],
    );
    assert.equal((await window.getSession(session.id)).deleted, true);
    await window.undoDelete(session.id);
    await (await window.consents()).record({ repository: session.repository, use: 'teardown', command }, true);
    await window.deleteSession(session.id);
    assert.ok(await isThere(fixture.storageDirectory, 'farewell'));
  });

  it("is never that of another repository, and the user's own commands need no answer (B6)", async () => {
    const other = await TestRepository.create();
    try {
      const asked: string[] = [];
      const window = fixture.window({
        worktreeSettings: (repository) => {
          asked.push(repository);
          return repository === fixture.repository.path
            ? DEFAULT_WORKTREE_SETTINGS
            : {
                ...DEFAULT_WORKTREE_SETTINGS,
                setupCommand: writes('set-up'),
                teardownCommand: script('process.exit(0)'),
              };
        },
      });
      const session = await fixture.completedSession(window);
      assert.equal(await isThere(session.worktreePath, 'set-up'), false);
      await window.deleteSession(session.id);
      assert.deepEqual([...new Set(asked)], [fixture.repository.path]);
      const { events } = await window.listSessionHistory(session.id, { limit: 1_000, kinds: ['run.started'] });
      assert.equal(events.length, 1, 'nothing was torn down');
      const { id } = await window.createSession({ repository: other.path, prompt: 'talk', agent: 'demo' });
      const ended = await until(window, id, ({ status }) => status === 'Completed', 'the end');
      assert.ok(await isThere(ended.worktreePath, 'set-up'));
    } finally {
      await other.remove();
    }
  });

  it('has its answers in private files of the store, of which a damaged one is no answer (B6)', async () => {
    const { window } = open();
    const consents = await window.consents();
    const command = { repository: fixture.repository.path, use: 'setup', command: ['x'] } as const;
    await Promise.all(
      [true, false, true].map(async (answer) => await consents.record({ ...command, command: ['x'] }, answer)),
    );
    const folder = join(fixture.storageDirectory, 'consents');
    const [name = '', ...more] = await readdir(folder);
    assert.deepEqual(more, []);
    if (process.platform !== 'win32') assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
    assert.equal((await consents.list()).length, 1);
    const other = { ...command, command: ['y'] };
    await writeFile(join(folder, name), JSON.stringify({ ...other, isAllowed: true }));
    assert.equal(await consents.answer({ ...command, command: ['x'] }), undefined, "another command's answer");
    await writeFile(join(folder, name), '{');
    assert.equal(await consents.answer({ ...command, command: ['x'] }), undefined);
  });

  it('may be a filter of git: it is asked for once, and its files are erased with the history (A9)', async () => {
    const { path } = fixture.repository;
    const command = 'tr a-z n-za-m';
    await fixture.repository.git('config', 'filter.crypt.clean', command);
    await fixture.repository.git('config', 'filter.crypt.smudge', command);
    await fixture.repository.git('config', 'filter.unused.clean', 'unused');
    await fixture.repository.commit('Secrets', {
      '.gitattributes': 'secret/** filter=crypt\n',
      'secret/key': 'hello\n',
    });
    const { window } = open();
    const consents = await window.consents();
    const wanted = await consents.filtersFor(path);
    assert.deepEqual(wanted, [{ repository: path, use: 'filter', command: [command] }]);
    const session = await fixture.completedSession(window);
    assert.equal(await readFile(join(session.worktreePath, 'secret/key'), 'utf8'), 'uryyb\n');
    await writeFile(join(session.worktreePath, 'secret/new'), 'plainword\n');
    const control = await window.worktree(session.id);
    await assert.rejects(control.apply('staged'), { code: 'CONFLICT', message: /“crypt”.*secret\/new/ });
    await assert.rejects(control.makeBranch('secrets'), { code: 'CONFLICT', message: /“crypt”.*secret\/new/ });
    for (const each of wanted) await consents.record(each, true);
    await control.makeBranch('secrets');
    assert.equal(await fixture.repository.git('show', 'secrets:secret/new'), 'cynvajbeq');
    await window.deleteSession(session.id);
    const kept = join(fixture.storageDirectory, 'sessions', session.id, 'filtered');
    assert.deepEqual((await readdir(kept)).filter((name) => name !== 'made.json').length, 1);
    await window.eraseHistory(session.id);
    await assert.rejects(access(kept), { code: 'ENOENT' });
    const next = await fixture.completedSession(window);
    assert.equal(await readFile(join(next.worktreePath, 'secret/key'), 'utf8'), 'hello\n');
  });

  it('is neither asked for nor run where the workspace is not trusted (B6)', async () => {
    const window = fixture.window({ isTrusted: () => false });
    await assert.rejects(window.consents(), { code: 'UNTRUSTED' });
  });
});
