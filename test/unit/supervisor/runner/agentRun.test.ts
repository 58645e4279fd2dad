import assert from 'node:assert/strict';
import { access, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { runWithNode } from '../../../../src/common/processes/nodeProcess';
import { connectRunner } from '../../../../src/supervisor/runs/runnerClient';
import * as v from 'valibot';
import { goldenText } from '../../../support/goldenText';
import { LIMIT_MS, RunnerFixture, demoAgent, fixturePath, runnerPath, script } from './runnerFixture';
import type { TestRun } from './runnerFixture';
import { readOutputFrames } from '../../../support/outputFrames';
import { waitFor } from '../../../support/wait';
import { skip } from '../../../support/skip';

describe('runner', () => {
  let fixture: RunnerFixture;
  /** A run whose agent rests for half a minute, which passes while the other tests run. */
  let resting: TestRun;
  let restingFixture: RunnerFixture;

  before(async () => {
    restingFixture = await RunnerFixture.create();
    resting = await restingFixture.run([process.execPath, fixturePath('restingAgent.mjs')], { driver: 'claude' });
    await resting.launch();
  });

  after(async () => {
    await restingFixture.dispose();
  });

  beforeEach(async () => {
    fixture = await RunnerFixture.create();
  });

  afterEach(async () => {
    await fixture.dispose();
  });

  async function launched(argv: string[], changes: Parameters<RunnerFixture['run']>[1] = {}): Promise<TestRun> {
    const run = await fixture.run(argv, changes);
    await run.launch();
    return run;
  }

  it('records the start and the end of a command that exits at once', async () => {
    const run = await launched(script(''));
    assert.deepEqual(await run.end(), { outcome: 'completed', exitCode: 0, signal: null, reason: 'Completed' });
    const events = await run.events();
    assert.equal(events[0]?.kind, 'run.started');
    assert.deepEqual(events[0].data, {
      ordinal: 1,
      agent: 'test',
      driver: 'command',
      argv: run.bootstrap.argv,
      cwd: fixture.cwd,
      environment: [],
    });
    assert.match(await readFile(fixture.store.changesLog, 'utf8'), new RegExp(`^(${run.bootstrap.sessionId}\n)+$`));
  });

  it('records the end of a program that cannot be started, and says why', async () => {
    const missing = await launched(['/no/such/program']);
    assert.deepEqual(await missing.end(), {
      outcome: 'failed',
      exitCode: null,
      signal: null,
      reason: 'Could not be started: there is no program /no/such/program',
    });
    const homeless = await launched(script(''), { cwd: '/no/such/folder' });
    assert.match((await homeless.end()).reason, /its folder \/no\/such\/folder is not there/);
    await writeFile(`${fixture.root}/no program`, '', { mode: 0o600 });
    const forbidden = await launched([`${fixture.root}/no program`]);
    assert.match((await forbidden.end()).reason, /may not be run/);
    assert.deepEqual(
      (await missing.events()).map(({ kind }) => kind).filter((kind) => kind.startsWith('run.')),
      ['run.started', 'run.exited'],
    );
  });

  it('tells a failure by its exit code and the last words', async () => {
    const run = await launched(script('console.error("No such luck"); process.exitCode = 3'));
    assert.deepEqual(await run.end(), {
      outcome: 'failed',
      exitCode: 3,
      signal: null,
      reason: 'The command exited with code 3: No such luck',
    });
  });

  it('keeps all output: text that is no UTF-8, a last line without an end, and every byte in output.log', async () => {
    const bytes = Buffer.concat([
      Buffer.from('grün\r\n'),
      Buffer.from([0x66, 0xff, 0xfe, 0x0a, 0x0a]),
      Buffer.from('no end'),
    ]);
    const run = await launched(
      script(`process.stdout.write(Buffer.from('${bytes.toString('hex')}', 'hex')); console.error('beside')`),
    );
    await run.end();
    assert.equal(await run.output(), 'grün\nf��\n\nno end');
    assert.equal(await run.output('stderr'), 'beside');
    await assert.rejects(access(run.paths.output), { code: 'ENOENT' });
    const frames = [];
    for await (const frame of readOutputFrames(run.paths.output)) frames.push(frame);
    assert.deepEqual(
      Buffer.concat(frames.filter(({ stream }) => stream === 'stdout').map((frame) => frame.bytes)),
      bytes,
    );
    assert.ok(frames.every(({ timeMs }) => timeMs <= Date.now()));
  });

  it('takes a line of 12 MB', async () => {
    const run = await launched(script(`process.stdout.write('x'.repeat(12e6) + '\\nafter\\n')`));
    await run.end();
    const outputs = await run.of('output');
    const large = outputs.find(({ blobs }) => blobs !== undefined);
    const blob = large?.blobs?.['/text'];
    assert.ok(blob !== undefined && blob.bytes >= 12e6);
    const content = await readFile(run.paths.blob(blob.sha256), 'utf8');
    assert.equal(content.slice(0, 12e6), 'x'.repeat(12e6));
    assert.match(`${content}\n${await run.output()}`, /\nafter/);
  });

  it('gives the agent its input and the environment without what is not its business', async function () {
    if (process.platform === 'win32') skip(this, 'Windows adds variables of its own');
    const run = await fixture.run(
      script('console.log(JSON.stringify(process.env)); process.stdin.pipe(process.stdout)'),
      {
        environment: ['GIT_AUTHOR_NAME', 'OPENAI_API_KEY'],
        port: 4100,
      },
    );
    await run.launch({
      HOME: '/home/somebody',
      LANG: 'de_DE.UTF-8',
      PATH: '/usr/bin:/bin',
      SHELL: '/bin/zsh',
      // Given to this agent in its settings, so they reach it whatever their names are.
      GIT_AUTHOR_NAME: 'Somebody',
      OPENAI_API_KEY: 'secret',
      // Of the editor, of git's hooks, or of an agent or a run around the editor.
      NODE_OPTIONS: '--no-warnings',
      ELECTRON_NO_ASAR: '1',
      VSCODE_PID: '1',
      VSCODE_IPC_HOOK: '/run/x.sock',
      GIT_DIR: '/x',
      GIT_INDEX_FILE: '/x/index',
      CLAUDECODE: '1',
      CORRAL_RUN_ID: 'outer',
      CORRAL_SESSION_ID: 'outer',
      CORRAL_PORT: '1',
    });
    await run.end();
    const [line = '', ...input] = (await run.output()).split('\n');
    const known: Record<string, string> = {
      [run.bootstrap.runId]: '<run>',
      [run.bootstrap.sessionId]: '<session>',
      [run.bootstrap.cwd]: '<worktree>',
      [`/usr/bin:/bin:${dirname(process.execPath)}`]: '/usr/bin:/bin:<folder of the program>',
    };
    const environment = v.parse(v.record(v.string(), v.string()), JSON.parse(line));
    const lines = Object.entries(environment).map(([name, value]) => `${name}=${known[value] ?? value}\n`);
    const ofMac = (each: string): boolean => each.startsWith('__CF_');
    await goldenText(
      fixturePath('environment.txt'),
      lines
        .filter((each) => !ofMac(each))
        .sort()
        .join(''),
    );
    assert.deepEqual(input, ['Hello']);
  });

  it('does not wait for what the agent left running with its output open', async () => {
    const run = await launched(
      script(
        `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'inherit' }).unref(); process.exit(0)`,
      ),
    );
    assert.equal((await run.end()).outcome, 'completed');
  });

  it('keeps its files private', async () => {
    const run = await launched(script('console.log(1)'));
    await run.end();
    for (const path of [run.paths.bootstrap, run.paths.claim, run.paths.events, `${run.paths.output}.gz`])
      assert.equal((await stat(path)).mode & 0o077, 0, path);
  });

  it('leaves no trace where the run is claimed already', async () => {
    const run = await launched(script(''));
    await run.end();
    const before = await readFile(run.paths.events);
    const claim = await run.launch();
    assert.deepEqual(claim, await run.claim());
    const assignment = JSON.stringify({ runFolder: run.paths.root, environment: process.env });
    const { exitCode } = await runWithNode([process.execPath, runnerPath], { input: assignment });
    assert.equal(exitCode, 75);
    assert.deepEqual(await readFile(run.paths.events), before);
  });

  it('answers where it is, to several clients, and announces what is in the journal', async () => {
    const run = await launched(
      script('process.stdin.resume(); console.log("one"); setInterval(() => console.log("more"), 50)'),
    );
    const agent = await run.agent();
    const [first, second] = [await run.connect(), await run.connect()];
    const announced = await new Promise<{ bytes: number; seq: number }>((fulfil) => second.onJournal(fulfil));
    assert.ok((await stat(run.paths.events)).size >= announced.bytes);
    assert.ok((await run.events()).length >= announced.seq);
    const status = await first.request('ping', {}, LIMIT_MS);
    assert.deepEqual(status.runner, (await run.claim()).runner);
    assert.deepEqual(status.agent, agent);
    first.close();
    await second.request('kill', {}, LIMIT_MS);
    await new Promise<void>((fulfil) => second.onClosed(fulfil));
    assert.equal((await run.end()).outcome, 'killed');
  });

  it('is not heard by who does not know the nonce, and hears nobody else', async () => {
    const run = await launched(script('setInterval(() => 0, 1e6)'));
    const { endpoint } = await run.claim();
    await assert.rejects(connectRunner({ endpoint, nonce: 'another', timeoutMs: LIMIT_MS }), {
      code: 'RUNNER_REFUSED',
    });
    await assert.rejects(connectRunner({ endpoint: `${endpoint}x`, nonce: run.bootstrap.nonce, timeoutMs: LIMIT_MS }), {
      code: 'RUNNER_UNREACHABLE',
    });
    const client = await run.connect();
    await assert.rejects(client.request('interrupt', {}, LIMIT_MS), { code: 'RUNNER_REFUSED' });
    await assert.rejects(client.request('send', { text: 'More' }, LIMIT_MS), { code: 'NOT_RUNNING' });
    await assert.rejects(client.request('answerPermission', { requestId: 'x', optionId: 'y' }, LIMIT_MS), {
      code: 'PERMISSION_NOT_FOUND',
    });
  });

  it('lets the first of several answers to a question count', async () => {
    const prompt = `ask "${process.execPath}" -e "require('fs').writeFileSync('made','')"`;
    const run = await launched([process.execPath, demoAgent, '--demo-speed=100'], { driver: 'claude', prompt });
    const [first, second] = [await run.connect(), await run.connect()];
    const [request] = await waitFor(
      async () => (await run.of('permission.request')).length > 0 && (await run.of('permission.request')),
      {
        what: 'the question',
      },
    );
    assert.ok(request !== undefined);
    const answers = { requestId: request.requestId };
    await assert.rejects(first.request('answerPermission', { ...answers, optionId: 'maybe' }, LIMIT_MS), {
      code: 'INVALID_ARGUMENT',
    });
    const results = await Promise.allSettled([
      first.request('answerPermission', { ...answers, optionId: 'allow_once' }, LIMIT_MS),
      second.request('answerPermission', { ...answers, optionId: 'reject_once' }, LIMIT_MS),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await run.end()).outcome, 'completed');
    const given = await run.of('permission.answer');
    assert.equal(given.length, 1);
    assert.equal(given[0]?.outcome === 'allowed', results[0].status === 'fulfilled');
    await (given[0]?.outcome === 'allowed'
      ? access(`${fixture.cwd}/made`)
      : assert.rejects(access(`${fixture.cwd}/made`)));
  });

  it('takes a follow-up while the agent works, and then lets it go', async () => {
    const run = await launched([process.execPath, demoAgent], { driver: 'claude', prompt: 'ask git --version' });
    const client = await run.connect();
    // A turn that waits for an answer lasts as long as a slow machine needs.
    const { requestId } = await waitFor(async () => (await run.of('permission.request'))[0], {
      what: 'the question of the first turn',
    });
    await client.request('send', { text: 'talk' }, LIMIT_MS);
    await client.request('answerPermission', { requestId, optionId: 'allow_once' }, LIMIT_MS);
    assert.equal((await run.end()).outcome, 'completed');
    assert.equal((await run.of('turn.ended')).length, 2);
  });

  it('says why a runner cannot start, and no late runner takes the run', async () => {
    const run = await fixture.run(script(''), { protocol: 99 });
    await assert.rejects(run.launch(), { code: 'RUNNER_START_FAILED', message: /run\.json has protocol 99/ });
    await assert.rejects(access(run.paths.events), { code: 'ENOENT' });
    await assert.rejects(run.claim());
  });

  it('ends an agent as completed that rests but does not go', async () => {
    const end = await resting.end();
    assert.deepEqual([end.outcome, end.signal], ['completed', 'SIGTERM']);
  });
});
