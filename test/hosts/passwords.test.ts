import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'mocha';
import { testHost } from '../../src/supervisor/hosts/test/hostTest';
import { whileConnected } from '../../src/supervisor/hosts/whileConnected';
import type { AskPerson } from '../../src/supervisor/system/hostConnection';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { projectRoot } from '../support/project';
import { skip } from '../support/skip';

const PASSWORD = 'correct horse 7 battery';
const path = process.env['PATH'];

describe('a machine that lets in by a password', () => {
  let machine: SshMachine;
  let questions: string[];
  const answersFrom = (...answers: (string | undefined)[]): AskPerson => {
    const left = [...answers];
    return async (prompt) => {
      questions.push(prompt);
      return await Promise.resolve(left.shift());
    };
  };
  const options = {
    bundles: join(projectRoot, 'dist'),
    log: { info: () => undefined, warn: () => undefined, error: (message: string) => assert.fail(message) },
  };
  const far = () => ({ name: 'far', setting: { ssh: machine.alias } });
  const hostName = async (ask?: AskPerson): Promise<string> =>
    await whileConnected(far(), { ...options, ...(ask === undefined ? {} : { ask }) }, async (connection) => {
      await assertKeptNowhere();
      return (await connection.run(['hostname'])).stdout.toString().trim();
    });
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    machine = await SshMachine.start({ password: PASSWORD, sshOptions: ['StrictHostKeyChecking ask'] });
    process.env['PATH'] = machine.path;
  });
  beforeEach(() => (questions = []));
  after(async () => {
    await machine.stop();
    process.env['PATH'] = path;
  });

  it('asks a person, also after a wrong one, and no program or environment shows it', async () => {
    assert.equal(await hostName(answersFrom('wrong', PASSWORD)), machine.hostName);
    assert.equal(questions.length, 2);
    assert.match(questions[0] ?? '', /password: ?$/);
  });

  it('asks nobody where no person wanted the connection', async () => {
    await assert.rejects(hostName(), { code: 'HOST_PERMISSION_DENIED' });
  });

  it('is left alone where a person gives no answer, and asks once', async () => {
    await assert.rejects(hostName(answersFrom(undefined)), { code: 'CANCELLED' });
    assert.equal(questions.length, 1);
  });

  it('is tested with one question for its two connections', async () => {
    const report = await testHost(far(), { ...options, ask: answersFrom(PASSWORD) });
    assert.deepEqual([report.usable, questions.length], [true, 1], JSON.stringify(report.checks));
  });

  it('asks nobody whether its key is trusted', async () => {
    await machine.forgetKey();
    await assert.rejects(hostName(answersFrom('yes', 'yes')), { code: 'HOST_KEY_UNKNOWN' });
    assert.deepEqual(questions, []);
  });
});

/** Looks at what every process of this computer shows of itself. */
async function assertKeptNowhere(): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)))
    for (const name of ['cmdline', 'environ']) {
      const shown = await readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
      assert.ok(!shown.includes(PASSWORD), `${name} of ${pid}`);
    }
}
