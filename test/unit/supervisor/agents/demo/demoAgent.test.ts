import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import type { PermissionMode } from '../../../../../src/storage/sessionRecords';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import { parseCommand, parseScript } from '../../../../../src/supervisor/agents/demo/demoScript';
import type { AgentRun } from '../../../../support/agents/agentHarness';
import { runAgent } from '../../../../support/agents/agentHarness';
import { skip } from '../../../../support/skip';

const DEMO = join(process.cwd(), 'dist/demoAgent.js');

describe('the demo agent, through the driver claude', () => {
  let cwd = '';
  const runs: AgentRun[] = [];

  beforeEach(async () => {
    cwd = await realpath(await mkdtemp(join(tmpdir(), 'corral demo ')));
    execFileSync('git', ['init', '-q'], { cwd });
    await writeFile(join(cwd, 'README.md'), '# Here\n\nRead me.');
  });
  afterEach(async () => {
    for (const run of runs.splice(0)) {
      run.signal('SIGKILL');
      await run.ended;
    }
    await rm(cwd, { recursive: true, force: true });
  });

  function start(
    prompt: string,
    options: { mode?: PermissionMode; resumes?: string; speed?: number; closesWhenIdle?: boolean; asked?: 'stop' } = {},
  ): AgentRun {
    const resumed = options.resumes === undefined ? {} : { resumes: options.resumes };
    const launch = claudeDriver.launch({
      program: process.execPath,
      programArguments: [DEMO, `--demo-speed=${options.speed ?? 100}`],
      prompt,
      promptFile: '/store/prompt.txt',
      cwd,
      permissionMode: options.mode ?? 'edits',
      ...resumed,
    });
    const run = runAgent(
      claudeDriver,
      launch.argv,
      { prompt, cwd, ...resumed },
      {
        closesWhenIdle: options.closesWhenIdle ?? true,
        ...(options.asked === undefined ? {} : { asked: options.asked }),
      },
    );
    runs.push(run);
    return run;
  }

  async function answer(run: AgentRun, optionId: string, message?: string): Promise<void> {
    const event = await run.event((each) => each.kind === 'permission.request');
    if (event.kind === 'permission.request')
      run.conversation.answerPermission(event.data.requestId, optionId, { message });
  }

  const says =
    (text: string) =>
    (event: DraftEvent): boolean =>
      event.kind === 'message' && event.data.role === 'assistant' && event.data.text === text;
  const kinds = (run: AgentRun): Set<string> => new Set(run.host.events.map((event) => event.kind));

  it('plays a story for a prompt without a script', async () => {
    const run = start('Please tidy up; thanks');
    await answer(run, 'allow_once');
    const { ending } = await run.ended;
    assert.deepEqual(ending, { outcome: 'completed', reason: 'Completed' });
    for (const kind of [
      'agent.session',
      'turn.started',
      'message',
      'reasoning',
      'plan',
      'tool.call',
      'tool.result',
      'file.change',
      'permission.request',
      'usage',
      'turn.ended',
    ])
      assert.ok(kinds(run).has(kind), kind);
    assert.deepEqual(run.host.of('output'), []);
    assert.match(await readFile(join(cwd, 'DEMO.md'), 'utf8'), /^- Please tidy up, thanks\n- Looked around/);
    const [added, modified] = run.host.of('file.change');
    assert.deepEqual(
      [added?.path, added?.change, modified?.change, modified?.addedLines, modified?.removedLines],
      ['DEMO.md', 'added', 'modified', 1, 0],
    );
    const diff = run.host.of('tool.call').find((call) => call.title === 'git diff --cached --stat');
    const output = run.host.of('tool.result').find((result) => result.callId === diff?.callId)?.output ?? '';
    assert.match(output, /DEMO\.md \| 2 \+\+/);
    assert.ok((run.host.of('usage')[0]?.costUsd ?? 0) > 0);
  });

  it('runs what was allowed and not what was denied', async () => {
    const denied = start(`ask "${process.execPath}" -e "require('fs').writeFileSync('made','')"`);
    await answer(denied, 'reject_once', 'Not now');
    assert.equal((await denied.ended).ending.outcome, 'completed');
    assert.deepEqual(
      denied.host.of('tool.result').map(({ status, output }) => ({ status, output })),
      [{ status: 'denied', output: 'Not now' }],
    );
    await assert.rejects(readFile(join(cwd, 'made')), { code: 'ENOENT' });

    const allowed = start(`ask "${process.execPath}" -e "require('fs').writeFileSync('made','')"`);
    await answer(allowed, 'allow_once');
    await allowed.ended;
    assert.deepEqual(
      allowed.host.of('tool.result').map(({ status }) => status),
      ['ok'],
    );
    await readFile(join(cwd, 'made'));
  });

  it('asks once where it is always allowed, and never in the mode all', async () => {
    const run = start('ask git status\nask git status');
    await answer(run, 'allow_always');
    await run.ended;
    assert.equal(run.host.of('permission.request').length, 1);
    const all = start('ask git status; edit x', { mode: 'all' });
    await all.ended;
    assert.equal(all.host.of('permission.request').length, 0);
    assert.deepEqual(
      all.host.of('tool.result').map(({ status }) => status),
      ['ok', 'ok'],
    );
  });

  it('asks for edits in the mode ask, and writes nothing outside its folder', async () => {
    const run = start('edit notes.txt hello; edit ../outside.txt', { mode: 'ask' });
    await answer(run, 'reject_once');
    await run.ended;
    assert.deepEqual(
      run.host.of('tool.result').map(({ status }) => status),
      ['denied', 'failed'],
    );
    await assert.rejects(readFile(join(cwd, 'notes.txt')), { code: 'ENOENT' });
    await assert.rejects(readFile(join(cwd, '../outside.txt')), { code: 'ENOENT' });
  });

  it('accepts follow-ups, also during a turn', async () => {
    const run = start('slow 20 20ms', { closesWhenIdle: false });
    await run.event(says('event 3 of 20'));
    run.conversation.send('talk second');
    assert.equal(run.conversation.hasQueued(), true);
    await run.event(says('second'));
    run.conversation.send('talk third');
    await run.event((event) => event.kind === 'turn.ended' && event.data.turn === 3);
    assert.equal(run.conversation.hasQueued(), false);
    run.closeInput();
    assert.equal((await run.ended).ending.outcome, 'completed');
    assert.deepEqual(
      run.host
        .of('message')
        .filter((message) => message.role === 'user')
        .map((message) => message.text),
      ['slow 20 20ms', 'talk second', 'talk third'],
    );
    assert.equal(run.host.of('agent.session').length, 1);
  });

  it('resumes any session but an unknown one, which it refuses as Claude does', async () => {
    const first = start('talk one');
    await first.ended;
    const id = first.host.of('agent.session')[0]?.nativeSessionId ?? '';
    const second = start('talk two', { resumes: id });
    assert.equal((await second.ended).ending.outcome, 'completed');
    assert.equal(second.host.of('agent.session')[0]?.nativeSessionId, id);
    const unknown = start('talk three', { resumes: 'unknown-id' });
    assert.deepEqual((await unknown.ended).ending, {
      outcome: 'failed',
      reason: 'No conversation found with session ID: unknown-id',
    });
  });

  it('is interrupted in the middle of a turn, and continues with the next', async () => {
    const run = start('talk working; wait', { closesWhenIdle: false });
    await run.event(says('working'));
    assert.equal(run.conversation.interrupt(), true);
    await run.event((event) => event.kind === 'turn.ended' && event.data.stopReason === 'interrupted');
    run.conversation.send('talk again');
    await run.event(says('again'));
    await run.event((event) => event.kind === 'turn.ended' && event.data.turn === 2);
    run.closeInput();
    assert.deepEqual((await run.ended).ending, { outcome: 'completed', reason: 'Completed' });
  });

  it('withdraws a question when it is interrupted', async () => {
    const run = start('ask git status');
    await run.event((event) => event.kind === 'permission.request');
    run.conversation.interrupt();
    assert.equal((await run.ended).ending.outcome, 'interrupted');
    assert.deepEqual(
      run.host.of('permission.answer').map(({ outcome }) => outcome),
      ['withdrawn'],
    );
  });

  it('fails and crashes when it is told to', async () => {
    const failing = start('talk x; fail API Error: 500 broken; talk never');
    assert.deepEqual((await failing.ended).ending, { outcome: 'failed', reason: 'API Error: 500 broken' });
    assert.equal(failing.host.of('error')[0]?.code, 'server_error');
    const crashing = start('talk x; crash 7');
    assert.deepEqual((await crashing.ended).ending, {
      outcome: 'failed',
      reason: 'The agent ended in the middle of a turn: it exited with code 7',
    });
    assert.equal(crashing.host.of('turn.ended')[0]?.stopReason, 'process_ended');
  });

  it('exits when its input is closed, but only after the turn', async () => {
    const idle = start('talk x', { closesWhenIdle: false });
    await idle.event((event) => event.kind === 'turn.ended');
    idle.closeInput();
    assert.equal((await idle.ended).exit.exitCode, 0);
    const busy = start('talk x; slow 5 20ms; ask git status; talk done', { closesWhenIdle: false });
    await busy.event(says('x'));
    busy.closeInput();
    assert.equal((await busy.ended).ending.outcome, 'completed');
    assert.deepEqual(
      busy.host.of('tool.result').map(({ status }) => status),
      ['denied'],
    );
    assert.deepEqual(
      busy.host.of('permission.answer').map(({ outcome }) => outcome),
      ['withdrawn'],
    );
  });

  it('loses nothing in a flood', async () => {
    const run = start('flood 5000');
    assert.equal((await run.ended).ending.outcome, 'completed');
    assert.deepEqual(
      run.host
        .of('message')
        .filter((message) => message.role === 'assistant')
        .map((message) => message.text),
      Array.from({ length: 5_000 }, (_, index) => `event ${index + 1} of 5000`),
    );
  });

  it('can ignore signals', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no signals');
    const run = start('ignore-signals; talk deaf; slow 10 20ms', { speed: 1 });
    await run.event(says('deaf'));
    run.signal('SIGTERM');
    run.signal('SIGINT');
    assert.equal((await run.ended).ending.outcome, 'completed');
    const stopped = start('talk x; wait', { asked: 'stop' });
    await stopped.event(says('x'));
    stopped.signal('SIGTERM');
    const { exit, ending } = await stopped.ended;
    assert.equal(exit.exitCode, 143);
    assert.equal(ending.outcome, 'stopped');
  });

  it('finds the steps of a script, and none in plain words', () => {
    assert.deepEqual(parseScript('talk a\nslow 3 5ms; flood 2;wait; wait 7ms\n\nwhatever'), [
      { verb: 'talk', text: 'a' },
      { verb: 'slow', count: 3, everyMs: 5 },
      { verb: 'slow', count: 2, everyMs: 0 },
      { verb: 'wait', durationMs: undefined },
      { verb: 'wait', durationMs: 7 },
      { verb: 'talk', text: 'whatever' },
    ]);
    for (const prompt of ['', 'Read the file', 'slow down, please', 'wait for me'])
      assert.equal(parseScript(prompt), undefined, prompt);
    assert.deepEqual(parseCommand('git commit -m "two words" ""'), ['git', 'commit', '-m', 'two words', '']);
  });
});
