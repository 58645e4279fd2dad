import assert from 'node:assert/strict';
import { chown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { SessionSummary } from '../../src/supervisor/api';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';
import { WindowProcess } from '../torture/window/windowProcess';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

const path = process.env['PATH'];
const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describe('a session on a machine behind ssh', () => {
  let machine: SshMachine | undefined;
  let fixture: RemoteFixture | undefined;
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    machine = await SshMachine.start();
    process.env['PATH'] = machine.path;
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
  });
  after(async () => {
    await fixture?.here.end();
    await machine?.stop();
    process.env['PATH'] = path;
  });

  it('is made at once with nine others, from two windows, where there is no repository yet', async () => {
    assert.ok(machine !== undefined);
    const own = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    const { storageDirectory, repository } = own.here;
    const open = (): WindowProcess => new WindowProcess({ storageDirectory, hosts: own.hosts }, () => undefined);
    const windows = [open(), open()];
    try {
      await Promise.all(windows.map(async ({ recovered }) => await recovered));
      const creating = windows.flatMap((window) =>
        ['1', '2', '3', '4', '5'].map(async (name) => {
          const prompt = `edit ${name}.txt ${name}`;
          return await window.call({ method: 'createOn', host: 'far', repository: repository.path, prompt });
        }),
      );
      const ids = await Promise.all(creating);
      const last = own.window();
      for (const id of ids) {
        const session = await until(last, id, isOver, 'the end');
        assert.equal(session.status, 'Completed', session.failureReason);
        assert.equal(session.changes?.files, 1);
        await own.assertSame(id, session.currentRunId ?? '');
      }
      const far = await own.farRepository();
      assert.equal((await readdir(join(far, '.corral', 'worktrees'))).length, ids.length);
      await machine.checkRepositories();
    } finally {
      for (const window of windows) await window.close();
      await own.here.end();
    }
  });

  it('is deleted and restored there, and refused while the cable is out', async () => {
    assert.ok(machine !== undefined && fixture !== undefined);
    const window = fixture.window();
    const { id } = await fixture.completedSession(window, 'edit notes.txt precious');
    const worktree = join(await fixture.farRepository(), '.corral', 'worktrees');
    const [name = ''] = await readdir(worktree);
    await writeFile(join(worktree, name, 'later.txt'), 'by hand\n');
    const { uid, gid } = await stat(worktree);
    await chown(join(worktree, name, 'later.txt'), uid, gid);
    await machine.setCable(false);
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await assert.rejects(window.deleteSession(id), { code: 'HOST_UNREACHABLE' });
    assert.equal((await window.getSession(id)).deleted, false);
    await machine.setCable(true);
    await window.deleteSession(id);
    assert.deepEqual(await readdir(worktree), []);
    const changes = await (await window.worktree(id)).changes();
    assert.deepEqual(
      changes.changes.map((change) => change.path),
      ['later.txt', 'notes.txt'],
    );
    await window.undoDelete(id);
    assert.equal(await readFile(join(worktree, name, 'later.txt'), 'utf8'), 'by hand\n');
    await window.sendMessage(id, 'run find .corral/attachments -name one.txt', {
      attachments: [{ name: 'one.txt', bytes: Buffer.from('from here\n') }],
    });
    const session = await until(window, id, (now) => isOver(now) && now.runs.length === 2, 'the second end');
    await fixture.assertSame(id, session.currentRunId ?? '');
    const { events } = await window.listSessionHistory(id, { limit: 100, kinds: ['tool.result'] });
    assert.match(JSON.stringify(events), /attachments\/[a-z2-7]{12}\/one\.txt/);
    await window.deleteSession(id);
    await window.eraseHistory(id);
    assert.deepEqual(await fixture.farTraces(id), []);
    await fixture.here.close(window);
  });

  it('works while the cable is out, and all of it comes home', async () => {
    assert.ok(machine !== undefined && fixture !== undefined);
    const window = fixture.window();
    const prompt = 'run hostname; ask echo allowed; slow 400 20ms; edit notes.txt hello';
    const { id } = await fixture.session(window, { prompt });
    const [question] = (await until(window, id, ({ needsInput }) => needsInput, 'the question')).pendingPermissions;
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined);
    await window.answerPermission(id, question.requestId, { optionId: allow.optionId });
    await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 40, 'its first lines');
    await machine.setCable(false);
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await machine.setCable(true);
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.status, 'Completed');
    assert.equal(session.host?.kind, 'ssh');
    await fixture.assertSame(id, session.currentRunId ?? '');
    const { events } = await window.listSessionHistory(id, { limit: 20 });
    assert.ok(events.some(({ kind, data }) => kind === 'tool.result' && JSON.stringify(data).includes(far(machine))));
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(
      changes.map((change) => change.path),
      ['notes.txt'],
    );
  });
});

function far(machine: SshMachine | undefined): string {
  return machine?.hostName ?? '';
}
