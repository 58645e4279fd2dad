import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { SessionRequest, SessionSummary } from '../../src/supervisor/api';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { ModelForPrograms } from '../support/agents/modelForPrograms';
import { PROFILES } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

const path = process.env['PATH'];
/** From scripts/testHosts.mjs: the program that it installed. */
const claude = process.env['CORRAL_REAL_CLAUDE_PROGRAM'] ?? '';
/** In the environment of this computer, and nowhere on the other one. */
const KEY = 'key-of-this-computer';

interface Work {
  request: Partial<SessionRequest> & { prompt: string };
  followUp: string;
  /** All files that differ in the end, in order. */
  files: string[];
  asks: boolean;
}

const AGENTS: Record<string, Work> = {
  command: {
    request: { prompt: 'one', argv: ['sh', '-c', 'cat > said.txt; hostname; env'] },
    followUp: 'two',
    files: ['said.txt'],
    asks: false,
  },
  demo: {
    request: { prompt: 'run hostname; ask echo allowed; edit notes.txt hello' },
    followUp: 'edit more.txt again',
    files: ['more.txt', 'notes.txt'],
    asks: true,
  },
  claude: {
    request: { prompt: 'Do it [[permission]]', permissionMode: 'ask' },
    followUp: 'Say how it went [[plain]]',
    files: ['granted.txt'],
    asks: true,
  },
};

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describe('agents on a machine behind ssh', () => {
  let machine: SshMachine;
  let fixture: RemoteFixture;
  let window: Supervisor;
  let model: ModelForPrograms | undefined;
  let end = async (): Promise<void> => await Promise.resolve();
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    process.env['ANTHROPIC_API_KEY'] = KEY;
    machine = await SshMachine.start({
      ...(claude === '' ? {} : { programs: { claude } }),
      files: { '.profile': `${PROFILES['.profile'] ?? ''}. ~/model\n` },
    });
    process.env['PATH'] = machine.path;
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    end = async () => {
      await fixture.here.end();
      await model?.end();
      await machine.stop();
    };
    await serveModel();
    window = fixture.window();
  });
  after(async () => {
    delete process.env['ANTHROPIC_API_KEY'];
    process.env['PATH'] = path;
    await end();
  });

  /** A model on the machine's own loopback. Its address and a key stand in the start-up file of the login shell. */
  async function serveModel(): Promise<void> {
    model = await ModelForPrograms.start(machine.enterNetwork);
    const variables = { ...model.variables, ANTHROPIC_API_KEY: 'key-of-the-machine' };
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${value}\n`);
    await machine.writeFile('~/model', lines.join(''));
  }

  async function answer(id: string): Promise<void> {
    const asking = await until(window, id, (now) => now.needsInput || isOver(now), 'the question');
    const [question] = asking.pendingPermissions;
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined, JSON.stringify(asking));
    await window.answerPermission(id, question.requestId, { optionId: allow.optionId });
  }

  for (const [agent, { request, followUp, files, asks }] of Object.entries(AGENTS))
    it(`${agent} works there, and its work is reviewed, applied and taken back here`, async function () {
      if (agent === 'claude' && claude === '') skip(this, 'npm run test:hosts installs Claude Code');
      const { repository } = fixture.here;
      const { id } = await fixture.session(window, { agent, ...request });
      if (asks) await answer(id);
      await until(window, id, isOver, 'the end');
      await window.sendMessage(id, followUp);
      const session = await until(window, id, (now) => isOver(now) && now.runs.length === 2, 'the second end');
      assert.equal(session.status, 'Completed', session.failureReason);
      for (const { runId } of session.runs) await fixture.assertSame(id, runId);
      const control = await window.worktree(id);
      assert.deepEqual((await control.changes()).changes.map((change) => change.path).sort(), files);
      assert.deepEqual(await control.apply('staged'), { conflicts: [] });
      for (const file of files) await access(join(repository.path, file));
      assert.equal((await window.getSession(id)).applied, true);
      await control.undoApply();
      assert.equal(await repository.git('status', '--porcelain'), '');
      await repository.git('fsck', '--full', '--strict', '--no-dangling');
      await machine.checkRepositories();
      const { events } = await window.listSessionHistory(id, { limit: 1_000 });
      assert.doesNotMatch(JSON.stringify(events), new RegExp(KEY));
      if (agent !== 'claude') assert.match(JSON.stringify(events), new RegExp(machine.hostName));
    });
});
