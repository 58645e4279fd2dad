import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { access, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { SessionSummary } from '../../src/supervisor/api';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { MACHINE_ID, type MachineOptions } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

const path = process.env['PATH'];
/** A machine that has gone is missed soon. */
const IMPATIENT = ['ConnectTimeout 2', 'ServerAliveInterval 1', 'ServerAliveCountMax 2'];

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';
const isAway = ({ host }: SessionSummary): boolean => host?.state === 'unreachable';

describe('a session whose machine', () => {
  let machine: SshMachine;
  let fixture: RemoteFixture;
  let window: Supervisor;
  const cleanups: (() => Promise<void>)[] = [];
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
  });
  afterEach(async () => {
    for (const cleanUp of cleanups.splice(0).toReversed()) await cleanUp();
    process.env['PATH'] = path;
  });

  async function startMachine(options: MachineOptions = {}): Promise<SshMachine> {
    const started = await SshMachine.start({ sshOptions: IMPATIENT, ...options });
    cleanups.push(async () => await started.stop());
    return started;
  }

  /** The machine “far” and a window. */
  async function begin(options: MachineOptions = {}): Promise<void> {
    machine = await startMachine(options);
    process.env['PATH'] = machine.path;
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    cleanups.push(async () => await fixture.here.end());
    window = fixture.window();
  }

  /** A session whose first work is here, and which works on. */
  async function workingSession(prompt: string): Promise<string> {
    const { id } = await fixture.completedSession(window);
    await window.sendMessage(id, prompt);
    await until(window, id, ({ runs }) => (runs[1]?.eventCount ?? 0) > 20, 'its second run');
    return id;
  }

  it('is another one for a while: nothing is concluded, and nothing starts there', async function () {
    if (
      !(await access(MACHINE_ID).then(
        () => true,
        () => false,
      ))
    )
      skip(this, `there is no ${MACHINE_ID}`);
    await begin();
    const id = await workingSession('slow 250 20ms; edit late.txt late');
    const other = await startMachine();
    await machine.setCable(false);
    await until(window, id, isAway, 'the cut');
    await machine.leadTo(other);
    await fixture.here.close(window); // so that the other one is found at once
    window = fixture.window();
    const isTold = ({ unreachable, host }: SessionSummary): boolean =>
      unreachable !== undefined && host?.reason !== undefined;
    const told = await until(window, id, isTold, 'that it is not reachable');
    assert.deepEqual([told.state, told.host?.state], ['running', 'unreachable']);
    assert.match(told.host?.reason ?? '', /“far” leads to another machine now/);
    const elsewhere = { code: 'HOST_FAILED', message: /leads to another machine now/ };
    await assert.rejects(window.stop(id), elsewhere);
    await assert.rejects(window.deleteSession(id), elsewhere);
    const beside = await fixture.session(window, { prompt: 'edit beside.txt hello' });
    assert.equal((await until(window, beside.id, isOver, 'one that begins there')).status, 'Completed');
    const store = (await fixture.farStore()).replace(machine.file('~'), other.file('~'));
    assert.deepEqual(await readdir(join(store, 'sessions')), [beside.id]);
    await machine.leadTo(machine);
    await machine.setCable(true);
    await fixture.here.close(window);
    window = fixture.window();
    const session = await until(window, id, isOver, 'the end');
    assert.deepEqual([session.status, session.runs.length], ['Completed', 2]);
    for (const { runId } of session.runs) await fixture.assertSame(id, runId);
  });

  it('is started anew tells that its run was lost, keeps its work, and goes on', async () => {
    await begin({ keepsHome: true });
    const id = await workingSession('edit late.txt late; slow 3000 20ms');
    await machine.shutDown();
    await until(window, id, isAway, 'the end of the machine');
    assert.equal((await window.getSession(id)).state, 'running');
    await machine.boot();
    const session = await until(window, id, ({ restored }) => restored, 'what became of its run');
    assert.equal(session.recoveryHint, 'resume');
    for (const { runId } of session.runs) await fixture.assertSame(id, runId);
    const control = await window.worktree(id);
    const kept = (await control.changes()).changes.map((change) => change.path);
    assert.ok(kept.includes('notes.txt'), kept.join(', '));
    await window.resume(id, 'edit more.txt again');
    const done = await until(window, id, (now) => isOver(now) && now.runs.length === 3, 'the next end');
    assert.equal(done.status, 'Completed', done.failureReason);
    const { changes } = await control.changes();
    assert.deepEqual(changes.map((change) => change.path).sort(), ['late.txt', 'more.txt', 'notes.txt']);
    await machine.checkRepositories();
  });

  for (const moment of ['its base comes', 'its worktree is made'])
    it(`is started anew while ${moment} keeps nothing of it, and holds up no other`, async () => {
      await begin({ keepsHome: true });
      const { id } = await fixture.completedSession(window);
      const far = await fixture.farRepository();
      const worktrees = join(far, '.corral', 'worktrees');
      const watcher = watch(moment === 'its base comes' ? dirname(far) : worktrees); // its lock is taken first
      const changed = once(watcher, 'change');
      const creating = assert.rejects(fixture.session(window, { prompt: 'edit notes.txt hello' }));
      await changed;
      await machine.shutDown();
      watcher.close();
      await creating;
      await machine.boot();
      const again = await fixture.completedSession(window);
      const [left] = (await window.listSessions()).filter((session) => ![id, again.id].includes(session.id));
      assert.equal(left?.status, 'Failed');
      await window.deleteSession(left.id);
      assert.deepEqual(await fixture.farTraces(left.id), []);
      assert.equal((await readdir(worktrees)).length, 2);
      await machine.checkRepositories();
    });

  it('has gone for good says so, and goes on here', async () => {
    await begin();
    const id = await workingSession('edit late.txt late; slow 3000 20ms');
    await machine.shutDown();
    const away = await until(
      window,
      id,
      (now) => isAway(now) && now.unreachable !== undefined,
      'the end of the machine',
    );
    assert.deepEqual([away.state, away.host?.mirroredTo !== undefined], ['running', true]);
    await assert.rejects(window.sendMessage(id, 'talk'), { code: 'HOST_UNREACHABLE' });
    await window.continueHere(id);
    const here = await window.getSession(id);
    assert.equal(await readFile(join(here.worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    await window.handOver(id, { agent: 'demo', prompt: 'edit here.txt again' });
    const done = await until(window, id, (now) => isOver(now) && now.runs.length === 3, 'its end here');
    assert.deepEqual([done.status, done.host, done.formerHost?.name], ['Completed', undefined, 'far']);
    assert.equal(done.unreachable, undefined, 'its host is none of its business any more');
    const control = await window.worktree(id);
    await control.apply('staged');
    assert.match(await fixture.here.repository.git('status', '--porcelain'), /A {2}here\.txt/);
  });

  it('has a full disk waits for space, and loses nothing', async () => {
    await begin({ homeMiB: 100 });
    const id = await workingSession('slow 100 20ms; flood 2000; edit late.txt late');
    await machine.runAsRoot('sh', '-c', 'head -c 200000000 /dev/zero > /home/filler || true');
    const full = await until(window, id, ({ paused }) => paused !== undefined, 'the pause');
    assert.deepEqual([full.paused?.cause, full.state], ['diskFull', 'running']);
    await rm(machine.file('/home/filler'));
    const done = await until(window, id, isOver, 'the end');
    assert.deepEqual([done.status, done.paused], ['Completed', undefined]);
    for (const { runId } of done.runs) await fixture.assertSame(id, runId);
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(changes.map((change) => change.path).sort(), ['late.txt', 'notes.txt']);
    await machine.checkRepositories();
  });

  it('has too little space for a base, or for the files of its worktree, keeps nothing of them', async () => {
    await begin({ homeMiB: 160 });
    const { repository } = fixture.here;
    const { id } = await fixture.completedSession(window);
    await machine.runAsRoot('sh', '-c', 'head -c 100000000 /dev/zero > /home/filler');
    for (const megabytes of [65, 40]) {
      await writeFile(join(repository.path, 'large.bin'), randomBytes(megabytes << 20));
      await repository.git('add', 'large.bin');
      await repository.git('commit', '--quiet', '--message=large');
      await assert.rejects(fixture.session(window, { prompt: 'edit notes.txt hello' }), /“far”: .*disk is full/);
      assert.deepEqual(
        (await window.listSessions()).map((session) => session.id),
        [id],
      );
      const worktrees = await readdir(join(await fixture.farRepository(), '.corral', 'worktrees'));
      assert.equal(worktrees.length, 1);
      await repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    }
    await rm(machine.file('/home/filler'));
    await fixture.completedSession(window);
    await machine.checkRepositories();
  });

  after(() => {
    process.env['PATH'] = path;
  });
});
