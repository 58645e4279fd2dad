import assert from 'node:assert/strict';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { SessionSummary } from '../../src/supervisor/api';
import { HostInstallation } from '../../src/supervisor/hosts/hostInstallation';
import { parseHostSettings } from '../../src/supervisor/hosts/hostSettings';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { listProcesses, sendSignal, type ProcessFacts } from '../support/processes';
import { projectRoot } from '../support/project';
import { skip } from '../support/skip';
import { waitFor } from '../support/wait';
import { WindowProcess } from '../torture/window/windowProcess';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

const path = process.env['PATH'];
/** For people, each of these is useful; bytes would not come through. */
const FOR_A_TERMINAL = [
  'RemoteCommand tmux new -A',
  'RequestTTY force',
  'StdinNull yes',
  'PermitLocalCommand yes',
  'LocalCommand echo local',
  'ForwardAgent yes',
  'LocalForward 127.0.0.1:1 localhost:1',
];

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';
const hasBegun = ({ runs }: SessionSummary): boolean => (runs[0]?.eventCount ?? 0) > 20;

describe('windows with sessions behind an ssh configuration that is made for terminals', () => {
  let machine: SshMachine;
  let fixture: RemoteFixture;
  let end = async (): Promise<void> => await Promise.resolve();
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    machine = await SshMachine.start({ sshOptions: FOR_A_TERMINAL });
    process.env['PATH'] = machine.path;
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    end = async () => {
      await fixture.here.end();
      await machine.stop();
    };
  });
  after(async () => {
    process.env['PATH'] = path;
    await end();
  });

  async function assertCompleted(window: Supervisor, id: string): Promise<SessionSummary> {
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.status, 'Completed', session.failureReason);
    for (const { runId } of session.runs) await fixture.assertSame(id, runId);
    return session;
  }

  it('have one of them together and others beside it', async () => {
    const [one, two] = [fixture.window(), fixture.window()];
    const { id } = await fixture.session(one, { prompt: 'slow 40 20ms; ask echo allowed; edit notes.txt hello' });
    const own = [
      await fixture.session(one, { prompt: 'slow 40 20ms; edit one.txt hello' }),
      await fixture.session(two, { prompt: 'slow 40 20ms; edit two.txt hello' }),
    ];
    const asking = await Promise.all(
      [one, two].map(async (window) => await until(window, id, ({ needsInput }) => needsInput, 'the question')),
    );
    const [question] = asking[1]?.pendingPermissions ?? [];
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined);
    // By the window that did not start it.
    await two.answerPermission(id, question.requestId, { optionId: allow.optionId });
    for (const window of [one, two])
      for (const each of [id, ...own.map((session) => session.id)]) await assertCompleted(window, each);
    const sent = await Promise.allSettled([
      one.sendMessage(id, 'edit from-one.txt hello'),
      two.sendMessage(id, 'edit from-two.txt hello'),
    ]);
    const names = ['from-one.txt', 'from-two.txt'].filter((_, index) => sent[index]?.status === 'fulfilled');
    assert.ok(names.length > 0, JSON.stringify(sent));
    const isDone = async (): Promise<boolean> => {
      const { changes } = await (await one.worktree(id)).changes();
      const paths = changes.map((change) => change.path);
      return isOver(await one.getSession(id)) && names.every((name) => paths.includes(name));
    };
    await waitFor(isDone, { what: `the work of ${names.join(', ')}`, limitMs: 60_000 });
    const session = await assertCompleted(two, id);
    const [here, there] = await Promise.all(
      [one, two].map(async (window) => await window.listSessionHistory(id, { limit: 1_000 })),
    );
    assert.deepEqual(here, there);
    const numbers = session.runs.map(({ runId }) =>
      here?.events.filter((event) => event.runId === runId).map(({ seq }) => seq),
    );
    for (const each of numbers)
      assert.deepEqual(
        each,
        each?.map((_, index) => index + 1),
      );
    await two.deleteSession(id);
    await until(one, id, ({ deleted }) => deleted, 'the end in the other window');
    await one.undoDelete(id);
    for (const window of [one, two]) await fixture.here.close(window);
  });

  it('work on with an older program there while another one installs a newer', async () => {
    const extension = await mkdtemp(join(tmpdir(), 'corral-newer-'));
    const bundles = join(extension, 'dist');
    await writeFile(join(extension, 'package.json'), JSON.stringify({ version: '99.0.0' }));
    await cp(join(projectRoot, 'dist'), bundles, { recursive: true, filter: (name) => !name.endsWith('.map') });
    await appendFile(join(bundles, 'corral-host.js'), '\n// newer');
    const changes = { hosts: parseHostSettings(fixture.hosts) };
    const older = fixture.window();
    try {
      const first = await fixture.session(older, { prompt: 'slow 400 20ms; edit notes.txt hello' });
      await until(older, first.id, hasBegun, 'its first lines');
      const [name = ''] = await readdir(machine.file('~/.corral-host/bin'));
      const newer = fixture.here.window({ bundles, changes });
      const second = await fixture.session(newer, { prompt: 'slow 20 20ms; edit notes.txt hello' });
      assert.equal((await readdir(machine.file('~/.corral-host/bin'))).length, 2);
      const setting = changes.hosts.get('far');
      assert.ok(setting !== undefined && !('mistake' in setting));
      const log = { info: () => undefined, warn: () => undefined, error: (message: string) => assert.fail(message) };
      const installation = new HostInstallation({ name: 'far', setting }, { bundles, log });
      assert.deepEqual(await installation.remove([name]), []);
      for (const window of [older, newer]) for (const { id } of [first, second]) await assertCompleted(window, id);
      assert.deepEqual(await installation.remove([name]), [], 'the older window works with it');
      await fixture.here.close(older);
      await waitFor(async () => (await installation.remove([name])).length === 1, { what: 'its removal' });
      await newer.sendMessage(first.id, 'edit more.txt again');
      const session = await until(newer, first.id, ({ runs }) => runs.length === 2, 'the next run');
      await assertCompleted(newer, session.id);
      await fixture.here.close(newer);
    } finally {
      await rm(extension, { recursive: true });
    }
  });

  it('are found whole by the next one after all that ran here was killed', async () => {
    const { storageDirectory, repository } = fixture.here;
    const killed = new WindowProcess({ storageDirectory, hosts: fixture.hosts }, () => undefined);
    await killed.recovered;
    const create = async (prompt: string): Promise<string> =>
      await killed.call({ method: 'createOn', host: 'far', repository: repository.path, prompt });
    const id = await create('slow 150 20ms; edit notes.txt hello');
    const isAtWork = async (): Promise<boolean> =>
      (await killed.call({ method: 'list' })).some((session) => session.id === id && session.eventCount > 20);
    await waitFor(isAtWork, { what: 'its first lines' });
    const creating = create('edit notes.txt hello').catch(() => undefined);
    const isPush = ({ command }: ProcessFacts): boolean => / push .*ext::/.test(command);
    const tree = await waitFor(
      async () => {
        const all = await treeOf(killed.pid);
        return all.some(isPush) && all;
      },
      { what: 'the push of another session' },
    );
    assert.ok(tree.some(({ command }) => command.includes('ssh')));
    for (const { pid } of tree) sendSignal(pid, 'SIGKILL');
    assert.equal(await creating, undefined);
    const journal = join((await fixture.runFolders(id, await runOf(id))).there, 'events.jsonl');
    const hasEnded = async (): Promise<boolean> => (await readFile(journal, 'utf8')).includes('"run.exited"');
    await waitFor(hasEnded, { what: 'its end there, of which nobody knows here', limitMs: 60_000 });
    const next = fixture.window();
    await next.whenRecovered();
    await assertCompleted(next, id);
    const isSettled = async (): Promise<boolean> =>
      (await next.listSessions()).every((session) => isOver(session) && !session.checking);
    await waitFor(isSettled, { what: 'the end of what was interrupted', limitMs: 60_000 });
    const sessions = await next.listSessions();
    const worktrees = await readdir(join(await fixture.farRepository(), '.corral', 'worktrees'));
    const [begun, others] = [true, false].map((isBegun) => sessions.filter(({ runs }) => runs.length > 0 === isBegun));
    assert.deepEqual(worktrees.map((name) => name.slice(-id.length)).sort(), begun?.map((each) => each.id).sort());
    for (const each of others ?? []) assert.ok(each.failureReason !== undefined, 'nobody says why it did not begin');
    const again = await fixture.completedSession(next);
    assert.notEqual(again.id, id);
    await machine.checkRepositories();
    await fixture.here.close(next);
  });

  async function runOf(id: string): Promise<string> {
    const [runId = ''] = await readdir(join(fixture.here.storageDirectory, 'sessions', id, 'runs'));
    return runId;
  }
});

/** A process with all that it started, as long as their parents live. */
async function treeOf(root: number): Promise<ProcessFacts[]> {
  const all = await listProcesses();
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parentPid }) => parentPid === pid));
  return tree;
}
