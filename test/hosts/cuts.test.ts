import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { USER } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { listProcesses, sendSignal } from '../support/processes';
import { Random } from '../support/random';
import { skip } from '../support/skip';
import { waitFor } from '../support/wait';
import { WindowProcess } from '../torture/window/windowProcess';
import type { WindowSession } from '../torture/window/windowProtocol';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';

const run = promisify(execFile);
const path = process.env['PATH'];

const ROUNDS = Number(process.env['CORRAL_CUTS'] ?? 100);
const LONG_CUT_MS = 60_000;
const SHORTEST_CUT_MS = 2_000;
const LONGEST_CUT_MS = 10_000;
const SESSIONS = 2;
const KINDS = ['the cable', 'sshd', 'the window', "the window's machine"] as const;
const LIMIT_MS = 180_000;

describe('sessions on a machine behind ssh that is cut off', () => {
  let machine: SshMachine;
  let fixture: RemoteFixture;
  let window: WindowProcess;
  let end = async (): Promise<void> => await Promise.resolve();
  const ids: string[] = [];
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    machine = await SshMachine.start({ sshOptions: ['ServerAliveInterval 2', 'ServerAliveCountMax 2'] });
    process.env['PATH'] = machine.path;
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    window = await openWindow();
    end = async () => {
      await window.kill();
      await fixture.here.end();
      await machine.stop();
    };
  });
  after(async () => {
    await end();
    process.env['PATH'] = path;
  });

  async function openWindow(): Promise<WindowProcess> {
    const { storageDirectory } = fixture.here;
    const hosts = { far: { ssh: machine.alias } };
    const opened = new WindowProcess({ storageDirectory, hosts }, () => undefined);
    await opened.recovered;
    return opened;
  }

  /** Those that were started. One that a cut kept from that stays as failed. */
  async function list(): Promise<WindowSession[]> {
    const all: WindowSession[] = await window.call({ method: 'list' });
    for (const { id, state } of all)
      assert.ok(ids.includes(id) || state === 'failed', `${id}, not started, is ${state}`);
    return all.filter(({ id }) => ids.includes(id));
  }

  async function start(prompt: string): Promise<string> {
    const repository = fixture.here.repository.path;
    return await waitFor(
      async () => {
        const id = await window.call({ method: 'createOn', host: 'far', repository, prompt });
        ids.push(id);
        return id;
      },
      // The connection may end of a cut that is over, and is made anew by itself.
      { what: 'a session', limitMs: LIMIT_MS },
    );
  }

  /** Nothing may be told of a run but that it works, until it is over and all of it is here. */
  async function assertTrue(): Promise<void> {
    for (const { id, state, restored } of await list())
      assert.ok(!restored && ['queued', 'starting', 'running', 'completed'].includes(state), `${id} is ${state}`);
  }

  async function untilOver(): Promise<void> {
    await waitFor(async () => (await list()).every(({ state }) => state === 'completed'), {
      what: 'the ends of all sessions',
      limitMs: LIMIT_MS,
    });
  }

  /** All that was recorded is here once, both repositories are sound, and no process is left there. */
  async function checkAll(): Promise<void> {
    await untilOver();
    // Where a cut came after the end of all runs, the next try to connect may be a minute away.
    const isAway = ({ hostState }: WindowSession): boolean => hostState === 'unreachable' || hostState === 'connecting';
    await waitFor(async () => !(await list()).some(isAway), { what: 'the host', limitMs: LIMIT_MS });
    for (const { id, currentRunId = '', eventCount } of await list()) {
      await fixture.assertSame(id, currentRunId);
      const events = await window.call({ method: 'history', sessionId: id });
      assert.deepEqual(
        events.map(({ seq }) => seq),
        Array.from({ length: eventCount }, (_, index) => index + 1),
      );
    }
    await run('git', ['-C', fixture.here.repository.path, 'fsck', '--full', '--strict', '--no-dangling']);
    await machine.checkRepositories();
    await window.close();
    await waitFor(async () => (await processesThere()).length === 0, { what: 'the end of all processes there' });
    window = await openWindow();
  }

  async function processesThere(): Promise<string[]> {
    const out = await machine.runAsRoot('sh', '-c', `ps -o args= -u ${USER} || true`);
    return out.split('\n').filter((line) => line !== '' && !line.startsWith('sshd:'));
  }

  async function childrenOfWindow() {
    return (await listProcesses()).filter(({ parentPid }) => parentPid === window.pid);
  }

  async function cut(kind: (typeof KINDS)[number], lengthMs: number): Promise<void> {
    if (kind === 'the cable') {
      await machine.setCable(false);
      await delay(lengthMs); // the length is what is tested
      await machine.setCable(true);
    } else if (kind === 'sshd') {
      const links = (await childrenOfWindow()).filter(({ command }) => command.includes(machine.alias));
      await machine.runAsRoot('sh', '-c', `pkill -KILL -u ${USER} sshd || true`);
      // A session that is begun before that would rightly fail.
      const isOver = async (): Promise<boolean> =>
        !(await childrenOfWindow()).some(({ pid }) => links.some((link) => link.pid === pid));
      await waitFor(isOver, { what: 'the end of ssh' });
    } else {
      const children = await childrenOfWindow();
      await window.kill();
      if (kind === "the window's machine") for (const { pid } of children) sendSignal(pid, 'SIGKILL');
      await delay(lengthMs);
      window = await openWindow();
    }
  }

  it('for a minute say so, and lose nothing', async () => {
    const id = await start('slow 2000 40ms; edit notes.txt hello');
    await waitFor(async () => ((await list())[0]?.eventCount ?? 0) > 20, { what: 'its first lines' });
    await machine.setCable(false);
    const end = delay(LONG_CUT_MS);
    await waitFor(async () => (await list())[0]?.hostState === 'unreachable', { what: 'the cut' });
    await assertTrue();
    await end;
    await assertTrue();
    await machine.setCable(true);
    await waitFor(async () => (await list())[0]?.hostState === 'connected', { what: 'it again', limitMs: LIMIT_MS });
    await untilOver();
    assert.equal((await list())[0]?.id, id);
    await checkAll();
  });

  it(`lose and double nothing in ${String(ROUNDS)} cuts`, async function () {
    this.timeout((ROUNDS + 1) * LIMIT_MS);
    const seed = Number(process.env['CORRAL_SEED'] ?? Date.now() % 1_000_000);
    const random = new Random(seed);
    const counts = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round++) {
      const open = (await list()).filter(({ state }) => state !== 'completed');
      for (let missing = SESSIONS - open.length; missing > 0; missing--)
        await start(`slow 300 20ms; flood 500; edit file${String(round)}-${String(missing)}.txt new; slow 200 20ms`);
      await delay(random.below(2_000)); // the random moment is what is tested
      const kind = random.pick(KINDS);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      await cut(kind, SHORTEST_CUT_MS + random.below(LONGEST_CUT_MS - SHORTEST_CUT_MS));
      await assertTrue();
      const isBack = ({ state, hostState }: WindowSession): boolean =>
        state === 'completed' || hostState === 'connected';
      await waitFor(async () => (await list()).every(isBack), {
        what: `the host again after round ${String(round)} of seed ${String(seed)} (${kind})`,
        limitMs: LIMIT_MS,
      });
    }
    await checkAll();
    const told = [...counts].map(([kind, count]) => `${String(count)} of ${kind}`).join(', ');
    process.stdout.write(
      `      ${String(ROUNDS)} cuts, seed ${String(seed)}: ${told}; ${String(ids.length)} sessions\n`,
    );
  });
});
