import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as v from 'valibot';
import type { SessionSummary } from '../../src/supervisor/api';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { ModelForPrograms } from '../support/agents/modelForPrograms';
import { PROFILES } from '../support/hosts/machineFiles';
import { noSshMachine, SshMachine } from '../support/hosts/sshMachine';
import { skip } from '../support/skip';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

/** From scripts/testHosts.mjs: those that it installed, and in which folder of its home each keeps its transcripts. */
const PROGRAMS = {
  claude: { program: process.env['CORRAL_REAL_CLAUDE_PROGRAM'] ?? '', transcripts: '.claude/projects' },
  codex: { program: process.env['CORRAL_REAL_CODEX_PROGRAM'] ?? '', transcripts: '.codex/sessions' },
};

const contentSchema = v.optional(v.union([v.string(), v.array(v.object({ text: v.optional(v.string(), '') }))]), '');
const messagesSchema = v.array(v.object({ role: v.optional(v.string(), ''), content: contentSchema }));
const requestSchema = v.union([
  v.pipe(
    v.object({ messages: messagesSchema }),
    v.transform(({ messages }) => messages),
  ),
  v.pipe(
    v.object({ input: messagesSchema }),
    v.transform(({ input }) => input),
  ),
]);

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describe('the transcript of a real agent', () => {
  const environment = { ...process.env };
  let home = '';
  let machine: SshMachine;
  let fixture: RemoteFixture;
  let window: Supervisor;
  let near: ModelForPrograms;
  let far: ModelForPrograms;
  let end = async (): Promise<void> => await Promise.resolve();
  before(async function () {
    const reason = await noSshMachine();
    if (reason !== undefined) skip(this, reason);
    const programs = Object.entries(PROGRAMS).filter(([, { program }]) => program !== '');
    machine = await SshMachine.start({
      programs: Object.fromEntries(programs.map(([name, { program }]) => [name, program])),
      files: { '.profile': `${PROFILES['.profile'] ?? ''}. ~/model\n`, '.codex/config.toml': '' },
      homeMiB: 500,
    });
    far = await ModelForPrograms.start(machine.enterNetwork);
    near = await ModelForPrograms.start();
    home = await mkdtemp(join(tmpdir(), 'corral-home-'));
    await mkdir(join(home, '.codex'));
    await writeFile(join(home, '.codex/config.toml'), near.codexSettings);
    await machine.writeFile('~/.codex/config.toml', far.codexSettings);
    const lines = Object.entries(far.variables).map(([name, value]) => `export ${name}=${value}\n`);
    await machine.writeFile('~/model', lines.join(''));
    await mkdir(join(home, 'bin'));
    for (const [name, { program }] of programs) await symlink(program, join(home, 'bin', name));
    Object.assign(process.env, near.variables, {
      CLAUDE_CONFIG_DIR: join(home, '.claude'),
      CODEX_HOME: join(home, '.codex'),
      PATH: [join(home, 'bin'), machine.path].join(delimiter),
    });
    fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
    end = async () => {
      await fixture.here.end();
      await near.end();
      await far.end();
      await machine.stop();
    };
    window = fixture.window();
  });
  after(async () => {
    for (const name of Object.keys(process.env)) if (!(name in environment)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
    await end();
    await rm(home, { recursive: true, force: true });
  });

  /** Sends the message, and waits for the end of the run that it makes. */
  async function say(id: string, text: string): Promise<SessionSummary> {
    const { runs } = await window.getSession(id);
    await window.sendMessage(id, text);
    return await until(window, id, (now) => isOver(now) && now.runs.length === runs.length + 1, `the end of “${text}”`);
  }

  /** The model was told each of the texts as a message of its own, in this order. */
  async function assertMessages(model: ModelForPrograms, texts: string[]): Promise<void> {
    const messages = v.parse(requestSchema, await model.lastRequestWith(texts.at(-1) ?? ''));
    const said = messages.flatMap(({ role, content }) => {
      if (role !== 'user' && role !== 'assistant') return [];
      return typeof content === 'string' ? [content] : content.map(({ text }) => text);
    });
    assert.deepEqual(
      said.filter((text) => texts.includes(text)),
      texts,
      JSON.stringify(said),
    );
  }

  for (const [agent, { program }] of Object.entries(PROGRAMS))
    it(`goes there and back, and to ${agent} nothing is told anew`, async function () {
      if (program === '') skip(this, `npm run test:hosts installs ${agent}`);
      const { path: repository } = fixture.here.repository;
      const HELLO = 'Hello from the model. There is nothing else to do.';
      const told = ['Write it [[write]]', 'I will make hello.txt.', 'hello.txt is there.'];
      const { id } = await window.createSession({
        ...{ repository, agent, permissionMode: 'edits' },
        prompt: told[0] ?? '',
      });
      await until(window, id, isOver, 'the first end');

      await window.moveToHost(id, 'far');
      told.push('How is it there? [[plain]]');
      const there = await say(id, told.at(-1) ?? '');
      assert.equal(there.status, 'Completed', there.failureReason);
      await assertMessages(far, told);

      await window.continueHere(id);
      told.push(HELLO, 'And how is it here? [[plain]]');
      const here = await say(id, told.at(-1) ?? '');
      assert.equal(here.status, 'Completed', here.failureReason);
      await assertMessages(near, told);

      await window.moveToHost(id, 'far');
      told.push(HELLO, 'And there again? [[plain]]');
      const again = await say(id, told.at(-1) ?? '');
      assert.equal(again.status, 'Completed', again.failureReason);
      await assertMessages(far, told);
      assert.equal(new Set([there, here, again].map((each) => each.nativeSessionId)).size, 1);
    });

  for (const [agent, { program, transcripts }] of Object.entries(PROGRAMS))
    it(`that goes there and is lost makes ${agent} fail once, which is told the story then`, async function () {
      if (program === '') skip(this, `npm run test:hosts installs ${agent}`);
      const { path: repository } = fixture.here.repository;
      const { id } = await window.createSession({ repository, agent, prompt: 'Say something [[plain]]' });
      await until(window, id, isOver, 'the first end');
      await window.moveToHost(id, 'far');
      await rm(machine.file(`~/${transcripts}`), { recursive: true });
      const failed = await say(id, 'Say more [[plain]]');
      assert.deepEqual([failed.status, failed.recoveryHint], ['Failed', 'restart'], failed.failureReason);
      const told = await say(id, 'Say it again [[plain]]');
      assert.equal(told.status, 'Completed', told.failureReason);
      assert.match(JSON.stringify(await far.lastRequestWith('Say it again')), /This was said so far/);
    });
});
