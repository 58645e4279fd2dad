import assert from 'node:assert/strict';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import type { SessionRequest, SessionSummary } from '../../../../src/supervisor/api';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { sessionRow } from '../../../../src/views/sessions/sessionRow';
import { sessionTooltip } from '../../../../src/views/sessions/sessionTooltip';
import { ClaudeHome, user } from '../imports/claudeHome';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('the place from which a session is started', () => {
  let fixture: SupervisorFixture;
  let window: Supervisor;
  let main: string;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    window = fixture.window();
    main = fixture.repository.path;
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function completed(request: Partial<SessionRequest>, supervisor = window): Promise<SessionSummary> {
    const whole = { repository: main, prompt: 'edit notes.txt hello', agent: 'demo', ...request };
    const { id } = await supervisor.createSession(whole);
    return await ended(id, 1, supervisor);
  }

  const ended = async (id: string, runs: number, supervisor = window): Promise<SessionSummary> =>
    await until(supervisor, id, (each) => each.status === 'Completed' && each.runs.length === runs, 'the end');

  const notices = async (id: string): Promise<string[]> =>
    (await window.listSessionHistory(id, { limit: 1_000, kinds: ['message'] })).events.flatMap((event) =>
      event.kind === 'message' && event.data.role === 'system' ? [event.data.text] : [],
    );

  const startedIn = async (id: string): Promise<string[]> =>
    (await window.listSessionHistory(id, { limit: 1_000, kinds: ['run.started'] })).events.flatMap((event) =>
      event.kind === 'run.started' ? [event.data.cwd] : [],
    );

  it('is a folder of a monorepo, in every run and in a terminal (F1)', async () => {
    await fixture.repository.commit('Packages', { 'packages/shop/index.js': 's\n', 'packages/other.js': 'o\n' });
    const repository = join(main, 'packages', 'shop');
    const program = "require('fs').writeFileSync('set-up.txt', process.cwd() + '\\n' + process.env.PWD)";
    const withSetup = fixture.window({ changes: { setupCommand: [process.execPath, '-e', program] } });
    const session = await completed({ repository }, withSetup);
    const { id, worktreePath } = session;
    const folder = join(worktreePath, 'packages', 'shop');
    assert.deepEqual([session.repository, session.subfolder, session.checkout], [main, 'packages/shop', undefined]);
    assert.equal(await readFile(join(folder, 'notes.txt'), 'utf8'), 'hello\n');
    // What is set up is the whole worktree.
    assert.match(await readFile(join(worktreePath, 'set-up.txt'), 'utf8'), new RegExp(`^${worktreePath}(\n|$)`));
    assert.equal(session.changes?.files, 2, 'snapshots hold all of the worktree');
    assert.equal(session.escape, undefined);
    const shown = new Map(sessionTooltip(session, sessionRow(session, Date.now())));
    assert.equal(shown.get('Folder'), 'packages/shop');

    await window.sendMessage(id, 'edit more.txt again');
    await ended(id, 2);
    assert.equal(await readFile(join(folder, 'more.txt'), 'utf8'), 'again\n');
    assert.deepEqual(await startedIn(id), [folder, folder]);
    assert.deepEqual(await notices(id), []);
    await window.deleteSession(id);
    await window.undoDelete(id);
    await window.resume(id, 'edit third.txt 3');
    await ended(id, 3);
    assert.equal(await readFile(join(folder, 'third.txt'), 'utf8'), '3\n');

    const fork = await completed({ repository, base: `refs/corral/${id}`, prompt: 'edit fork.txt f' });
    assert.equal(await readFile(join(fork.worktreePath, 'packages/shop/fork.txt'), 'utf8'), 'f\n');
  });

  it('is kept for a session that waits for another one (F1)', async () => {
    await fixture.repository.commit('Packages', { 'packages/shop/index.js': 's\n' });
    const repository = join(main, 'packages', 'shop');
    const first = await window.createSession({ repository, prompt: 'slow 3 50ms; edit one.txt 1', agent: 'demo' });
    const second = await completed({
      repository,
      base: `refs/corral/${first.id}`,
      dependsOn: [first.id],
      prompt: 'edit two.txt 2',
    });
    for (const name of ['one.txt', 'two.txt'])
      assert.match(await readFile(join(second.worktreePath, 'packages/shop', name), 'utf8'), /^[12]\n$/);
  });

  it('is the top where the base has no such folder, and that is said (F1)', async () => {
    const base = await fixture.repository.git('rev-parse', 'HEAD');
    await fixture.repository.commit('Packages', { 'packages/shop/index.js': 's\n' });
    const session = await completed({ repository: join(main, 'packages/shop'), base });
    assert.equal(await readFile(join(session.worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    assert.deepEqual(await notices(session.id), [
      'There is no folder packages/shop in this worktree, so the agent starts at its top.',
    ]);
  });

  it('is continued in a terminal in the same folder (F1)', async () => {
    await fixture.repository.commit('Packages', { 'packages/shop/index.js': 's\n' });
    const home = await ClaudeHome.create();
    try {
      const agents = parseAgentSettings({ mine: home.agent, claude: { path: join(home.path, 'missing') } });
      // A window without the agent would start the run as well, if it were quicker.
      await fixture.close(window);
      window = fixture.window({ changes: { agents } });
      const request = { repository: join(main, 'packages/shop'), agent: 'mine', prompt: 'talk' };
      const session = await completed(request);
      const { cwd } = await window.terminalCommand(session.id);
      assert.equal(cwd, join(session.worktreePath, 'packages', 'shop'));
    } finally {
      await home.remove();
    }
  });

  it('is a linked worktree, to which the work is applied (F2)', async () => {
    await fixture.repository.commit('Begin', { 'src/a.txt': 'a\n' });
    const staging = join(main, '..', 'staging');
    await fixture.repository.git('worktree', 'add', '--quiet', '-b', 'dev', staging);
    await writeFile(join(staging, 'draft.txt'), 'draft\n');
    await writeFile(join(main, 'not-this.txt'), 'main\n');
    const session = await completed({ repository: staging, includeChanges: true });
    assert.deepEqual([session.repository, session.checkout], [main, staging]);
    assert.equal(await readFile(join(session.worktreePath, 'draft.txt'), 'utf8'), 'draft\n');
    await assert.rejects(readFile(join(session.worktreePath, 'not-this.txt')), { code: 'ENOENT' });
    // From wherever a window looks at the repository, it is listed; from its own worktree, it alone.
    const other = await completed({ prompt: 'talk' });
    const listed = async (folder: string): Promise<string[]> =>
      (await window.listSessions({ repository: folder })).map(({ id }) => id).sort();
    const both = [session.id, other.id].sort();
    for (const folder of [main, staging, join(staging, 'src'), join(main, 'src')])
      assert.deepEqual(await listed(folder), both, folder);
    assert.deepEqual(await listed(session.worktreePath), [session.id]);
    assert.deepEqual(await listed(fixture.storageDirectory), []);

    await rm(join(staging, 'draft.txt'));
    for (const mode of ['staged', 'commits'] as const) {
      const worktree = await window.worktree(session.id);
      assert.deepEqual(await worktree.apply(mode), { conflicts: [] });
      assert.equal(await readFile(join(staging, 'notes.txt'), 'utf8'), 'hello\n', mode);
      assert.equal(await fixture.repository.git('status', '--porcelain', '--untracked-files=no'), '');
      await worktree.undoApply();
      await assert.rejects(readFile(join(staging, 'notes.txt')), { code: 'ENOENT' });
    }
    // Git is in the middle of something in that checkout alone.
    await fixture.repository.git('-C', staging, 'commit', '--quiet', '--allow-empty', '--message=x');
    await fixture.repository.git('-C', staging, 'revert', '--no-commit', 'HEAD').catch(() => undefined);
    await writeFile(
      await fixture.repository.git('-C', staging, 'rev-parse', '--git-path', 'REVERT_HEAD'),
      `${'0'.repeat(40)}\n`,
    );
    const refused = await window.worktree(session.id);
    await assert.rejects(refused.apply('staged'), { code: 'CONFLICT' });
    assert.deepEqual(await (await window.worktree(other.id)).apply('staged'), { conflicts: [] });
    await (await window.worktree(other.id)).undoApply();
  });

  it('is named where that worktree is gone, and the main checkout takes the work if a person says so (F2)', async () => {
    const staging = join(main, '..', 'staging');
    await fixture.repository.git('worktree', 'add', '--quiet', '-b', 'dev', staging);
    const session = await completed({ repository: staging });
    await fixture.repository.git('worktree', 'remove', '--force', staging);
    const worktree = await window.worktree(session.id);
    const isNamed = (error: Error & { code?: string }): boolean =>
      error.code === 'CHECKOUT_MISSING' && error.message.includes(staging);
    await assert.rejects(worktree.apply('staged'), isNamed);
    // Another repository at the same path is not taken for it.
    await mkdir(staging);
    await fixture.repository.git('-C', staging, 'init', '--quiet');
    await assert.rejects(worktree.apply('staged'), isNamed);
    assert.equal(await fixture.repository.git('status', '--porcelain'), '');
    assert.deepEqual(await worktree.apply('staged', 'mainWorktree'), { conflicts: [] });
    assert.equal(await readFile(join(main, 'notes.txt'), 'utf8'), 'hello\n');
    await worktree.undoApply();
    assert.equal(await fixture.repository.git('status', '--porcelain'), '');
  });

  it('is one of several worktrees of a bare repository, which can go (F3)', async () => {
    const project = join(main, '..', 'project');
    await mkdir(project);
    const bare = join(project, '.bare');
    await fixture.repository.git('clone', '--quiet', '--bare', main, bare);
    for (const name of ['first', 'second'])
      await fixture.repository.git('-C', bare, 'worktree', 'add', '--quiet', '-b', name, join(project, name));
    const session = await completed({ repository: join(project, 'first') });
    assert.deepEqual([session.repository, session.checkout], [join(project, 'first'), join(project, 'first')]);
    const other = await completed({ repository: join(project, 'second'), prompt: 'talk' });
    assert.deepEqual(
      (await window.listSessions({ repository: join(project, 'second') })).map(({ id }) => id).sort(),
      [session.id, other.id].sort(),
    );
    assert.deepEqual(await (await window.worktree(session.id)).apply('staged'), { conflicts: [] });
    assert.equal(await readFile(join(project, 'first', 'notes.txt'), 'utf8'), 'hello\n');
    await fixture.repository.git('-C', bare, 'worktree', 'remove', '--force', join(project, 'first'));
    await assert.rejects((await window.worktree(session.id)).apply('staged'), { code: 'CHECKOUT_MISSING' });
    await window.sendMessage(session.id, 'edit more.txt more');
    await ended(session.id, 2);
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.equal(await readFile(join(session.worktreePath, 'more.txt'), 'utf8'), 'more\n');
  });

  it('has repositories of its own, which are left out and named (F5)', async () => {
    for (const [name, hasCommit] of [
      ['vendor/empty', false],
      ['vendor/full', true],
    ] as const) {
      const nested = join(main, name);
      await mkdir(nested, { recursive: true });
      await fixture.repository.git('-C', nested, 'init', '--quiet');
      await writeFile(join(nested, 'file.txt'), 'nested\n');
      if (hasCommit) {
        await fixture.repository.git('-C', nested, 'add', '--all');
        await fixture.repository.git('-C', nested, 'commit', '--quiet', '--message=nested');
      }
    }
    await writeFile(join(main, 'draft.txt'), 'draft\n');
    const session = await completed({ includeChanges: true, prompt: 'talk' });
    const isTold = (text: string): boolean =>
      text.startsWith('Not copied') && /: vendor\/empty, vendor\/full$/.test(text);
    assert.equal(await readFile(join(session.worktreePath, 'draft.txt'), 'utf8'), 'draft\n');
    assert.deepEqual(session.notCopied, ['vendor/empty', 'vendor/full']);
    assert.ok((await notices(session.id)).some(isTold));
    await window.sendMessage(session.id, 'talk');
    await ended(session.id, 2);
    assert.equal((await notices(session.id)).filter(isTold).length, 1, 'it is told once');

    const home = await ClaudeHome.create();
    try {
      const agents = parseAgentSettings({ mine: home.agent, claude: { path: join(home.path, 'missing') } });
      const other = fixture.window({ changes: { agents } });
      await home.write(main, '0b2f7a52-2f8a-4a55-9d6e-3c1f0c9f6a10', [user(1, 'Write a greeting')]);
      const natives = await other.nativeSessions();
      const [native] = await natives.list(await realpath(main));
      assert.ok(native);
      const imported = await natives.import(main, native);
      assert.equal(await readFile(join(imported.worktreePath, 'draft.txt'), 'utf8'), 'draft\n');
      await until(window, imported.id, () => true, 'the import');
      assert.ok((await notices(imported.id)).some(isTold));
    } finally {
      await home.remove();
    }
  });
});
