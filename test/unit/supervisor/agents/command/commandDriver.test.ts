import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { commandDriver } from '../../../../../src/supervisor/agents/command/commandDriver';
import type { Launch } from '../../../../../src/supervisor/agents/driver/driver';
import type { LinePattern } from '../../../../../src/supervisor/agents/driver/linePatterns';
import { conversationRequest, RecordingHost, runAgent } from '../../../../support/agents/agentHarness';
import { assertSurvives, FUZZ_LIMIT_MS, FUZZ_TITLE, realLines } from '../../../../support/agents/damagedLines';

const PRINT_INPUT =
  'process.stdin.on("data", (data) => process.stdout.write(data)); process.stdin.on("end", () => console.log("end"));';

describe('command', () => {
  let cwd = '';
  before(async () => (cwd = await realpath(await mkdtemp(join(tmpdir(), 'corral command ')))));
  after(() => rm(cwd, { recursive: true, force: true }));

  function launchOf(words: string[], prompt: string): Launch {
    const promptFile = join(cwd, 'prompt.txt');
    return commandDriver.launch({
      program: process.execPath,
      programArguments: words,
      prompt,
      promptFile,
      cwd,
      permissionMode: 'edits',
    });
  }

  function run(words: string[], prompt: string): ReturnType<typeof runAgent> {
    const launch = launchOf(words, prompt);
    return runAgent(
      commandDriver,
      launch.argv,
      { prompt, promptInArguments: launch.promptInArguments, cwd },
      { closesWhenIdle: false },
    );
  }

  it('sends the prompt by stdin and closes it', async () => {
    const { host, ended } = run(['-e', PRINT_INPUT], 'say "this" $HOME; ü');
    assert.equal((await ended).ending.outcome, 'completed');
    assert.deepEqual(host.of('message'), [{ role: 'user', text: 'say "this" $HOME; ü' }]);
    assert.equal(
      host
        .of('output')
        .map((output) => output.text)
        .join('\n'),
      'say "this" $HOME; ü\nend',
    );
    assert.deepEqual(host.of('turn.ended'), [{ turn: 1, stopReason: 'exited', failed: false }]);
  });

  it('puts the prompt in place of {prompt}, but never as an option', async () => {
    const words = [
      '-e',
      `console.log(JSON.stringify(process.argv.slice(1))); ${PRINT_INPUT}`,
      '--',
      '{prompt}',
      '--text={prompt}',
    ];
    const { host, ended } = run(words, '--help $& {prompt}');
    await ended;
    assert.equal(
      host
        .of('output')
        .map((output) => output.text)
        .join('\n'),
      `${JSON.stringify([' --help $& {prompt}', '--text=--help $& {prompt}'])}\nend`,
    );
  });

  it('puts the path of a file with the prompt in place of {promptFile}', async () => {
    const prompt = 'say {promptFile} and {prompt}';
    await writeFile(join(cwd, 'prompt.txt'), prompt);
    const words = [
      '-e',
      `console.log(require("fs").readFileSync(process.argv[1].slice(7), "utf8")); ${PRINT_INPUT}`,
      '--',
      '--file={promptFile}',
    ];
    const launch = launchOf(words, prompt);
    assert.equal(launch.usesPromptFile, true);
    const { host, ended } = run(words, prompt);
    await ended;
    assert.equal(
      host
        .of('output')
        .map((output) => output.text)
        .join('\n'),
      `${prompt}\nend`,
    );
  });

  it('makes events of the lines that fit a pattern, and keeps all others in their order', async () => {
    const linePatterns: LinePattern[] = [
      { match: '^agent> (?<text>.*)', event: 'message' },
      { match: '^wrote (?<path>\\S+)', event: 'file.change' },
      { match: '^PANIC', event: 'error' },
    ];
    const lines = [
      'building',
      'agent> Done.',
      'wrote src/a.ts in 3 ms',
      'PANIC at line 3',
      `agent> ${'x'.repeat(5_000)}`,
    ];
    const host = new RecordingHost();
    const conversation = commandDriver.createConversation(conversationRequest({ linePatterns }), host);
    for (const line of lines) conversation.readLine('stdout', line);
    await Promise.resolve();
    assert.deepEqual(
      host.events.map(({ kind, data }) => [kind, data]),
      [
        ['output', { stream: 'stdout', text: 'building' }],
        ['message', { role: 'assistant', text: 'Done.' }],
        ['file.change', { path: 'src/a.ts', change: 'modified' }],
        ['error', { message: 'PANIC at line 3' }],
        ['output', { stream: 'stdout', text: lines[4] }],
      ],
    );
  });

  it('fails with the exit code and the last line of stderr', async () => {
    const { host, ended } = run(
      ['-e', 'console.error("first"); console.error("no such \\u0007thing"); process.exitCode = 3'],
      'x',
    );
    assert.deepEqual((await ended).ending, {
      outcome: 'failed',
      reason: 'The command exited with code 3: no such thing',
    });
    assert.equal(host.of('turn.ended')[0]?.failed, true);
    assert.ok(host.of('output').every(({ stream }) => stream === 'stderr'));
    assert.equal(
      host
        .of('output')
        .map(({ text }) => text)
        .join('\n'),
      'first\nno such \u0007thing',
    );
  });

  it('makes few events of many lines, and loses none', async () => {
    const { host, ended } = run(
      // In one write: how many pieces many writes arrive in depends on the speed of both sides.
      ['-e', 'process.stdout.write(Array.from({ length: 20000 }, (_, i) => "line " + i + "\\n").join(""))'],
      'x',
    );
    await ended;
    const lines = host.of('output').flatMap((output) => output.text.split('\n'));
    assert.deepEqual(
      lines,
      Array.from({ length: 20_000 }, (_, index) => `line ${index}`),
    );
    assert.ok(host.of('output').length < 2_000, `${host.of('output').length} events`);
  });

  it('fails with the reason where the program cannot be started', async () => {
    const run = runAgent(commandDriver, [join(cwd, 'missing')], { prompt: 'x', cwd }, { closesWhenIdle: false });
    const { ending } = await run.ended;
    assert.equal(ending.outcome, 'failed');
    assert.match(ending.reason, /^Could not be started: /);
  });
});

describe('command, damaged', () => {
  it(FUZZ_TITLE, async () => {
    const host = new RecordingHost();
    const conversation = commandDriver.createConversation(conversationRequest(), host);
    conversation.start();
    await assertSurvives({ conversation, host, lines: await realLines(/plain/), mayBeQuiet: () => false });
  }).timeout(FUZZ_LIMIT_MS);
});
