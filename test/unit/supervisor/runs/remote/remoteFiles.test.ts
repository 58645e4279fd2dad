import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { describeIf } from '../../../../support/skip';
import { write } from '../../git/gitFixture';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

describeIf(process.platform !== 'win32', 'there is no sh', 'files of a session on another host', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote((made) => {
    ({ fixture, window } = made);
  });

  const worktreeOf = async ({ id }: SessionSummary): Promise<string> => {
    const folder = join(await fixture.farRepository(), '.corral', 'worktrees');
    return join(folder, (await readdir(folder)).find((each) => each.endsWith(id)) ?? '');
  };
  const completed = async (id: string, runs = 1): Promise<SessionSummary> =>
    await until(window, id, (now) => now.status === 'Completed' && now.runs.length === runs, 'the end');
  const changesOf = async (id: string): Promise<string[]> =>
    (await (await window.worktree(id)).changes()).changes.map(({ kind, path }) => `${kind} ${path}`);

  it('go back to a snapshot', async () => {
    const session = await fixture.completedSession(window, 'edit notes.txt first');
    const { id, baseCommit } = session;
    await window.sendMessage(id, 'edit notes.txt second; edit more.txt new');
    await completed(id, 2);
    const control = await window.worktree(id);
    const snapshots = await control.snapshots();
    const first = snapshots.at(-1)?.commit ?? '';
    await control.restoreSnapshot(first);
    const worktree = await worktreeOf(session);
    assert.equal(await readFile(join(worktree, 'notes.txt'), 'utf8'), 'first\n');
    assert.deepEqual(await changesOf(id), ['added notes.txt']);
    const { before } = await control.restoreSnapshot(baseCommit);
    assert.deepEqual(await changesOf(id), []);
    await control.restoreSnapshot(before);
    assert.deepEqual(await changesOf(id), ['added notes.txt']);
    await assert.rejects(control.restoreSnapshot('0'.repeat(40)), { code: 'INVALID_ARGUMENT' });
    await writeFile(join(worktree, 'by hand.txt'), 'x\n');
    assert.equal((await control.takeSnapshot()).changed, true);
    assert.deepEqual(await changesOf(id), ['added by hand.txt', 'added notes.txt']);
  });

  it('go with a prompt, with a message to a run, and with one that starts the next run', async () => {
    const attach = (name: string): { name: string; bytes: Uint8Array } => ({ name, bytes: Buffer.from(`${name}\n`) });
    const { id } = await fixture.session(window, {
      prompt: 'run find .corral/attachments -name one.txt; ask echo go',
      permissionMode: 'all',
      attachments: [attach('one.txt')],
    });
    const session = await completed(id);
    await window.sendMessage(id, 'run find .corral/attachments -name two.txt; slow 200 20ms', {
      attachments: [attach('two.txt')],
    });
    await until(window, id, ({ state, runs }) => state === 'running' && runs.length === 2, 'the second run');
    await window.sendMessage(id, 'run find .corral/attachments -name three.txt', {
      attachments: [attach('three.txt')],
    });
    await completed(id, 2);
    const { events } = await window.listSessionHistory(id, { limit: 1_000, kinds: ['tool.result'] });
    const results = events.map(({ data }) => JSON.stringify(data)).join('\n');
    for (const name of ['one', 'two', 'three'])
      assert.match(results, new RegExp(`attachments/[a-z2-7]{12}/${name}\\.txt`));
    const folder = join(await worktreeOf(session), '.corral', 'attachments');
    const names = await readdir(folder, { recursive: true });
    assert.deepEqual(names.flatMap((name) => (name.endsWith('.txt') ? [name.slice(13)] : [])).sort(), [
      'one.txt',
      'three.txt',
      'two.txt',
    ]);
    assert.deepEqual(await changesOf(id), []);
  });

  it('have to go with a prompt that is too long for one request', async () => {
    const before = await window.listSessions();
    await assert.rejects(fixture.session(window, { prompt: 'x'.repeat(2 ** 21) }), {
      message: /^Host “far”: it takes no text that is so long\. Attach long texts as files\.$/,
    });
    assert.equal((await window.listSessions()).length, before.length);
  });

  it('are the uncommitted changes of the checkout, where those are wanted', async () => {
    const { repository } = fixture.here;
    await write(repository.path, { 'README.md': 'changed\n', 'new/file.txt': 'new\n' });
    const { id } = await fixture.session(window, { prompt: 'run git status --short', includeChanges: true });
    const session = await completed(id);
    const worktree = await worktreeOf(session);
    assert.equal(await readFile(join(worktree, 'README.md'), 'utf8'), 'changed\n');
    assert.deepEqual(await changesOf(id), ['modified README.md', 'added new/file.txt']);
    const { events } = await window.listSessionHistory(id, { limit: 100, kinds: ['tool.result'] });
    assert.match(JSON.stringify(events), / M README\.md\\n\?\? new\//);
    await rm(join(repository.path, 'new'), { recursive: true });
    await repository.git('checkout', '--', 'README.md');
    await repository.commit('Next', { 'next.txt': 'next\n' });
    const older = { prompt: 'talk', includeChanges: true, base: session.baseCommit };
    await assert.rejects(fixture.session(window, older), { code: 'INVALID_ARGUMENT' });
  });

  it('are ignored ones that each session is to have, once a person has allowed exactly these', async () => {
    const { repository } = fixture.here;
    await repository.commit('Ignore', { '.gitignore': '.env\nlocal/\n', '.worktreeinclude': '.env\nlocal/*.json\n' });
    await write(repository.path, { '.env': 'SECRET=1\n', 'local/a.json': '{}\n', 'local/b.txt': 'not wanted\n' });
    const withheld: unknown[] = [];
    const listening = window.onDidWithholdCommand(({ use, command }) => withheld.push([use, ...command]));
    const without = await completed((await fixture.session(window, { prompt: 'talk' })).id);
    listening.dispose();
    assert.deepEqual(withheld, [['include', 'far', '.env', 'local/a.json']]);
    assert.ok(!(await readdir(await worktreeOf(without))).includes('.env'));
    const { events } = await window.listSessionHistory(without.id, { limit: 100 });
    assert.match(JSON.stringify(events), /Not sent to the host “far”[^"]*: \.env, local\/a\.json/);
    const consents = await window.consents();
    const command = await consents.includedFor(repository.path, 'far');
    assert.ok(command !== undefined);
    await consents.record(command, true);
    const session = await completed((await fixture.session(window, { prompt: 'edit notes.txt hello' })).id);
    const worktree = await worktreeOf(session);
    assert.equal(await readFile(join(worktree, '.env'), 'utf8'), 'SECRET=1\n');
    assert.deepEqual(await readdir(join(worktree, 'local')), ['a.json']);
    assert.deepEqual(await changesOf(session.id), ['added notes.txt']);
    await window.deleteSession(session.id);
    await window.undoDelete(session.id);
    assert.equal(await readFile(join(worktree, '.env'), 'utf8'), 'SECRET=1\n');
    await rm(join(repository.path, '.env'));
    await rm(join(repository.path, 'local'), { recursive: true });
  });

  it('are those of a snapshot, of a session there or here, where it starts from that', async () => {
    const there = await fixture.completedSession(window, 'edit notes.txt far');
    const here = await fixture.here.completedSession(window, 'edit notes.txt near');
    for (const [origin, text] of [
      [there, 'far'],
      [here, 'near'],
    ] as const) {
      const [snapshot] = await (await window.worktree(origin.id)).snapshots();
      const { id } = await fixture.session(window, {
        prompt: 'edit more.txt again',
        base: snapshot?.commit ?? '',
      });
      const session = await completed(id);
      assert.equal(session.baseCommit, origin.baseCommit);
      assert.equal(await readFile(join(await worktreeOf(session), 'notes.txt'), 'utf8'), `${text}\n`);
      assert.deepEqual(await changesOf(id), ['added more.txt', 'added notes.txt']);
    }
    const [snapshot] = await (await window.worktree(there.id)).snapshots();
    const branched = await window.createSession({
      repository: fixture.here.repository.path,
      agent: 'demo',
      prompt: 'edit more.txt here',
      base: snapshot?.commit ?? '',
    });
    await completed(branched.id);
    assert.deepEqual(await changesOf(branched.id), ['added more.txt', 'added notes.txt']);
  });

  it('are as Git has them where a filter makes them, also on a host that has the filter, and on the way back', async () => {
    const lfs =
      '[filter "lfs"]\n\tprocess = git-lfs filter-process\n\tsmudge = git-lfs smudge -- %f\n\trequired = true\n';
    await writeFile(join(fixture.home, '.gitconfig'), lfs);
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 1\n`;
    await fixture.here.repository.commit('Large', { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': pointer });
    const session = await fixture.completedSession(window);
    const { id } = session;
    const worktree = await worktreeOf(session);
    const assertThere = async (): Promise<void> => {
      assert.equal(await readFile(join(worktree, 'a.bin'), 'utf8'), pointer);
      assert.deepEqual(await changesOf(id), ['added notes.txt']);
    };
    await assertThere();
    await window.deleteSession(id);
    await window.undoDelete(id);
    await assertThere();
    await rm(worktree, { recursive: true });
    await window.restoreWorktree(id);
    await assertThere();
  });

  it('come home with the snapshots that name them where a filter keeps them out of Git, and go along on a move', async () => {
    const { id } = await fixture.session(window, {
      prompt: 'x',
      agent: 'command',
      argv: ['sh', '-c', 'printf new > a.bin'],
    });
    await fixture.assertSame(id, (await completed(id)).currentRunId ?? '');
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.continueHere(id);
    const { worktreePath } = await window.getSession(id);
    assert.equal(await readFile(join(worktreePath, 'a.bin'), 'utf8'), 'new');
    await fixture.comeBack();
    await writeFile(join(worktreePath, 'a.bin'), 'newer');
    await window.moveToHost(id, 'far');
    const there = await worktreeOf(await window.getSession(id));
    assert.equal(await readFile(join(there, 'a.bin'), 'utf8'), 'newer');
  });
});
