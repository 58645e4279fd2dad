import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { parseHostSettings } from '../../../../../src/supervisor/hosts/hostSettings';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { CuttableHost } from '../../../../support/hosts/cuttableHost';
import { describeIf } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

describeIf(process.platform !== 'win32', 'there is no sh', 'a session that moves to a host', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote(async (made) => {
    ({ fixture, window } = made);
    await fixture.here.repository.commit('Ignore', { '.gitignore': 'kept/\n' });
  });

  async function sessionHere(prompt = 'edit notes.txt hello'): Promise<SessionSummary> {
    const { id } = await window.createSession({ repository: fixture.here.repository.path, agent: 'demo', prompt });
    return await untilOver(id, 1);
  }

  const untilOver = async (id: string, runs: number): Promise<SessionSummary> =>
    await until(window, id, (now) => now.runs.length === runs && now.status === 'Completed', `the end of run ${runs}`);

  /** Has the agent work by a script, which a message after a move would not be: that begins with the story so far. */
  async function work(id: string, prompt: string): Promise<SessionSummary> {
    const { runs } = await window.getSession(id);
    await window.handOver(id, { agent: 'demo', prompt });
    return await untilOver(id, runs.length + 1);
  }

  const changedPaths = async (id: string): Promise<string[]> =>
    (await (await window.worktree(id)).changes()).changes.map(({ path }) => path).sort();

  it('goes on there with its work and its story, comes back to its old worktree, and goes there again', async () => {
    const { id, worktreePath } = await sessionHere();
    await writeFile(join(worktreePath, 'by hand.txt'), 'mine\n');
    await mkdir(join(worktreePath, 'kept'));
    await writeFile(join(worktreePath, 'kept', 'modules'), 'large\n');
    assert.deepEqual(await window.moveToHost(id, 'far'), []);
    const moved = await window.getSession(id);
    assert.deepEqual([moved.host?.name, moved.worktreePath, moved.formerHost], ['far', '', undefined]);
    const there = await work(id, 'edit more.txt again; run cat notes.txt');
    assert.match(there.worktreeUri ?? '', /^corral-host:\/\/far\//);
    await fixture.assertSame(id, there.currentRunId ?? '');
    assert.deepEqual(await changedPaths(id), ['by hand.txt', 'more.txt', 'notes.txt']);
    assert.equal(await readFile(join(worktreePath, 'kept', 'modules'), 'utf8'), 'large\n');

    await window.continueHere(id);
    const here = await window.getSession(id);
    assert.deepEqual([here.host, here.worktreePath, here.formerHost?.name], [undefined, worktreePath, 'far']);
    assert.equal(await readFile(join(worktreePath, 'more.txt'), 'utf8'), 'again\n');
    assert.equal(await readFile(join(worktreePath, 'kept', 'modules'), 'utf8'), 'large\n');
    await work(id, 'edit third.txt here');

    await window.moveToHost(id, 'far');
    const again = await work(id, 'edit fourth.txt there');
    await fixture.assertSame(id, again.currentRunId ?? '');
    assert.deepEqual(await changedPaths(id), ['by hand.txt', 'fourth.txt', 'more.txt', 'notes.txt', 'third.txt']);
    await fixture.here.repository.git('fsck', '--strict');
    await fixture.here.repository.git('-C', await fixture.farRepository(), 'fsck', '--strict');
    await fixture.here.close(window);
    window = fixture.window();
    assert.deepEqual((await window.getSession(id)).host?.name, 'far');
  });

  it('leaves a worktree here that a person can remove and bring back, and does without it once it is removed', async () => {
    const { id, worktreePath } = await sessionHere();
    await window.moveToHost(id, 'far');
    await writeFile(join(worktreePath, 'late.txt'), 'late\n');
    const { repository } = fixture.here;
    const snapshots = await fixture.refsOf(id);

    const entry = await leftWorktree(id);
    assert.deepEqual([entry.sessionId, entry.path, entry.worksOn], [id, worktreePath, 'far']);
    const inventory = await window.inventory();
    const { kept, restore } = await inventory.removeUnused(entry);
    assert.deepEqual([kept, await kindsOf(id)], [[], []]);
    assert.equal((await readdir(dirname(worktreePath))).includes(basename(worktreePath)), false);
    assert.deepEqual(await fixture.refsOf(id), snapshots);
    assert.equal(await repository.git('show', `refs/corral/${entry.keptAs}:late.txt`), 'late');
    await assert.rejects(inventory.removeUnused(entry), { code: 'WORKTREE_MISSING' });
    await restore();
    assert.equal(await readFile(join(worktreePath, 'late.txt'), 'utf8'), 'late\n');

    await inventory.removeUnused(await leftWorktree(id));
    await window.continueHere(id);
    const here = await window.getSession(id);
    assert.deepEqual((await readdir(here.worktreePath)).sort(), ['.git', '.gitignore', 'README.md', 'notes.txt']);
    assert.deepEqual(await kindsOf(id), ['worktree']);
  });

  async function entriesOf(id: string) {
    return (await (await window.inventory()).list()).filter(({ sessionId }) => sessionId === id);
  }

  const kindsOf = async (id: string): Promise<string[]> => (await entriesOf(id)).map(({ kind }) => kind);

  async function leftWorktree(id: string) {
    const [entry, ...others] = await entriesOf(id);
    assert.ok(entry?.kind === 'left' && others.length === 0);
    return entry;
  }

  it('tells its agent there the story so far', async () => {
    const { id } = await sessionHere();
    await window.moveToHost(id, 'far');
    await window.sendMessage(id, 'Go on');
    assert.match(await fixture.eventWith(window, id, 'Go on'), /edit notes\.txt hello/);
    await window.kill(id);
  });

  it('leaves nothing on hosts where it was once its history is erased, also where they were away then', async () => {
    const { id } = await sessionHere();
    await window.moveToHost(id, 'far');
    await work(id, 'edit more.txt there');
    await window.continueHere(id);
    assert.notDeepEqual(await fixture.farTraces(id), []);
    await fixture.cut({ isDown: true });
    await window.deleteSession(id);
    await window.eraseHistory(id);
    assert.notDeepEqual(await fixture.farTraces(id), []);
    await fixture.comeBack();
    const far = await fixture.farRepository();
    await waitFor(async () => (await fixture.farTraces(id)).length === 0, { what: 'the end of all that was there' });
    await waitFor(async () => (await fixture.refsOf(id, far)).length === 0, { what: 'the end of its refs there' });
    await waitFor(async () => (await fixture.refsOf(id)).length === 0, { what: 'the end of its refs here' });
  });

  it('stays where it is while it runs, where its host is away, and where it is there already', async () => {
    const { id } = await sessionHere();
    await window.sendMessage(id, 'slow 3000 20ms');
    await until(window, id, ({ state }) => state === 'running', 'its second run');
    await assert.rejects(window.moveToHost(id, 'far'), { code: 'RUNNING' });
    await window.stop(id);
    await until(window, id, ({ state }) => state === 'stopped', 'its end');
    await assert.rejects(window.moveToHost(id, 'nowhere'), { code: 'HOST_UNKNOWN' });
    await fixture.cut({ isDown: true });
    await assert.rejects(window.moveToHost(id, 'far'), { code: 'HOST_UNREACHABLE' });
    await fixture.comeBack();
    assert.equal((await window.getSession(id)).host, undefined);
    await window.moveToHost(id, 'far');
    await assert.rejects(window.moveToHost(id, 'far'), { code: 'CONFLICT' });
  });

  it('is refused where work of it is there that is nowhere else', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    await untilOver(id, 1);
    await window.sendMessage(id, 'edit late.txt late; slow 3000 20ms');
    await until(window, id, ({ runs }) => (runs[1]?.eventCount ?? 0) > 20, 'its second run');
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.continueHere(id);
    await work(id, 'edit other.txt here');
    await fixture.comeBack();
    await until(window, id, ({ runs }) => runs[1]?.state === 'stopped', 'the end of what it left there');
    await assert.rejects(window.moveToHost(id, 'far'), { code: 'CONFLICT' });
    assert.deepEqual(await changedPaths(id), ['notes.txt', 'other.txt']);
    await work(id, 'edit more.txt here');
  });

  it('comes back at once, with what a person changed there, and leaves what is its own in the worktree here', async () => {
    const { id, worktreePath } = await sessionHere();
    await window.moveToHost(id, 'far');
    const far = decodeURIComponent(new URL((await window.getSession(id)).worktreeUri ?? '').pathname);
    await writeFile(join(far, 'by hand.txt'), 'there\n');
    await writeFile(join(worktreePath, 'left.txt'), 'here\n');
    await window.continueHere(id);
    assert.deepEqual(await changedPaths(id), ['by hand.txt', 'notes.txt']);
    assert.equal(await readFile(join(worktreePath, 'by hand.txt'), 'utf8'), 'there\n');
    const kept = await fixture.here.repository.git('log', '--format=', '--name-only', '-m', `refs/corral/${id}`);
    assert.match(kept, /^left\.txt$/m);
    await window.moveToHost(id, 'far');
    assert.deepEqual(await changedPaths(id), ['by hand.txt', 'notes.txt']);
  });

  it('shows how its new host is, and not how the one is that it left', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    await untilOver(id, 1);
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.continueHere(id);
    const other = await CuttableHost.create();
    await fixture.here.close(window);
    window = fixture.window({ hosts: parseHostSettings({ ...fixture.hosts, other: other.setting }) });
    await window.moveToHost(id, 'other');
    const { host } = await window.getSession(id);
    assert.deepEqual([host?.name, host?.state, host?.reason], ['other', 'connected', undefined]);
    await window.deleteSession(id);
    await fixture.comeBack();
    await fixture.here.close(window);
    window = fixture.window();
    await other.remove();
  });
});
