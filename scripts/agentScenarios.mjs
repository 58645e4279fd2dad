/** The scenarios that each agent must pass, through the whole of Corral. Each scenario gets a new session. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const LIMIT_MS = 40_000;
/** Two more sessions start and end in it. */
const HANDING_OUT_LIMIT_MS = 120_000;
/** How long to watch an agent that tries again for minutes. */
const RETRY_WATCH_MS = 8_000;
const POLL_MS = 50;
const KEY_AGAIN_MS = 2_000;
/** Long enough for the programs to meet the limit, and for all to be killed, before it is over. */
const LIMIT_SECONDS = 40;
/** For programs that can be signed in with two accounts. */
export const LIMIT = 'usage limit, and a second account';
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const exists = async (path) =>
  await access(path).then(
    () => true,
    () => false,
  );

export const isOver = (session) => session.status === 'Completed' || session.status === 'Failed';

/** Resolves with the session once it `fits`. */
async function until(supervisor, id, what, fits, limitMs = LIMIT_MS) {
  const end = performance.now() + limitMs;
  for (;;) {
    const session = await supervisor.getSession(id);
    if (fits(session)) return session;
    assert.ok(
      performance.now() < end,
      `${what} did not come about; the session is ${session.state}: ${session.failureReason ?? 'no reason'}`,
    );
    await pause(POLL_MS);
  }
}

const untilEnd = async (supervisor, id) => await until(supervisor, id, 'The end', isOver);

async function untilCompleted(supervisor, id) {
  const session = await untilEnd(supervisor, id);
  assert.equal(session.status, 'Completed', session.failureReason);
  return session;
}

async function eventsOf(supervisor, id, kind) {
  const events = [];
  for (let after; ;) {
    const page = await supervisor.listSessionHistory(id, {
      kinds: [kind],
      limit: 1000,
      ...(after === undefined ? {} : { after }),
    });
    events.push(...page.events);
    if (page.next === undefined) return events.map((event) => event.data);
    after = page.next;
  }
}

/** Resolves with the event number `index` (from 0) of a kind, counting only those that fit. */
async function untilEvent(supervisor, id, kind, index = 0, fits = () => true) {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const event = (await eventsOf(supervisor, id, kind)).filter(fits)[index];
    if (event !== undefined) return event;
    const session = await supervisor.getSession(id);
    assert.ok(
      performance.now() < end && !isOver(session),
      `No ${kind} came; the session is ${session.state}: ${session.failureReason ?? 'no reason'}`,
    );
    await pause(POLL_MS);
  }
}

async function answerFirst(supervisor, id, kind) {
  const session = await until(
    supervisor,
    id,
    'A question',
    (each) => each.pendingPermissions.length > 0 || isOver(each),
  );
  const [question] = session.pendingPermissions;
  assert.ok(question, `The session ended without a question: ${session.failureReason ?? session.status}`);
  await supervisor.answerPermission(id, question.requestId, {
    optionId: question.options.find((option) => option.kind === kind).optionId,
  });
}

/** The conversation without the system's messages. */
async function conversationOf(supervisor, id) {
  return (await supervisor.getConversation(id))
    .filter(({ role }) => role !== 'system')
    .map(({ role, content }) => `${role}: ${content}`);
}

/** An agent must fail and say why; one that tries again for minutes must keep running until it is stopped. */
async function expectServiceFailure({ supervisor, start, program }, prompt) {
  const { id } = await start(prompt);
  if (program.retries) {
    await untilEvent(supervisor, id, 'turn.started');
    const watched = await until(supervisor, id, '', isOver, RETRY_WATCH_MS).catch(() => undefined);
    if (watched === undefined) {
      await supervisor.stop(id);
      const stopped = await untilEnd(supervisor, id);
      assert.equal(stopped.failureReason, 'Stopped by you');
      return id;
    }
  }
  const session = await untilEnd(supervisor, id);
  assert.equal(session.status, 'Failed');
  assert.ok(session.failureReason.length > 10, session.failureReason);
  return id;
}

/** Questions that a program asks in a new home folder, each with the key that continues. */
const FIRST_QUESTIONS = [
  ['Yes,Itrustthisfolder', '\u001b[B\r'],
  ['Trustandcontinue', '\r'],
  ['Useexistingmodel', '2'],
];

/** Asserts that the agent's own program shows the earlier conversation. */
async function assertGoesOn({ spawn }, { program, arguments: words, cwd, environment }) {
  const terminal = spawn(program, words, {
    cwd,
    env: { ...environment, TERM: 'xterm-256color', COLORTERM: 'truecolor' },
    cols: 120,
    rows: 40,
  });
  let screen = '';
  let exit;
  terminal.onExit((end) => (exit = end));
  let pressedMs = 0;
  terminal.onData((data) => {
    screen += data;
    // The answers of a terminal to questions about its cursor and its kind.
    if (data.includes('\u001b[6n')) terminal.write('\u001b[1;1R');
    if (data.includes('\u001b[c')) terminal.write('\u001b[?62;c');
  });
  const shown = () => stripVTControlCharacters(screen).replace(/\s+/g, '');
  const end = performance.now() + LIMIT_MS;
  try {
    while (!shown().includes('Thereisnothingelsetodo.')) {
      // A key is lost while the program does not listen yet; pressing it once more does no harm.
      const key =
        performance.now() - pressedMs > KEY_AGAIN_MS
          ? FIRST_QUESTIONS.findLast(([question]) => shown().includes(question))?.[1]
          : undefined;
      if (key !== undefined) {
        pressedMs = performance.now();
        terminal.write(key);
      }
      assert.ok(
        exit === undefined && performance.now() < end,
        `The terminal (${JSON.stringify(exit)}) shows: ${stripVTControlCharacters(screen).slice(-3000)}`,
      );
      await pause(POLL_MS);
    }
  } finally {
    if (exit === undefined) terminal.kill('SIGKILL');
  }
}

/** A prompt as people paste them, of more than 3,000 characters: lists, code with tabs, empty lines, spaces. */
const LONG_PROMPT = [
  'Make the greeter polite [[plain]]:',
  '',
  '1. Read `src/greet.js`\t(tabs stay)',
  '   - and its tests   ',
  ...Array.from({ length: 60 }, (_, index) => `\tif (name === 'guest ${index}') return "Welcome, №${index} — ça va?";`),
  '',
  'Look at the picture.',
].join('\n');
/** A red picture of 2 × 2. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==';

/** True if a text anywhere in a value has this one. */
const hasText = (value, text) =>
  typeof value === 'string'
    ? value.includes(text)
    : typeof value === 'object' && value !== null && Object.values(value).some((each) => hasText(each, text));

/** True if a text anywhere in a value is this one. */
const isSaid = (value, text) =>
  value === text ||
  (typeof value === 'object' && value !== null && Object.values(value).some((each) => isSaid(each, text)));

export const SCENARIOS = {
  found: async ({ detect, program }) => {
    const { version, missing } = await detect();
    assert.deepEqual({ version, missing }, { version: program.version, missing: undefined });
  },
  plain: async ({ supervisor, start }) => {
    const { id } = await start('Say hello [[plain]]');
    await untilCompleted(supervisor, id);
    assert.deepEqual(await conversationOf(supervisor, id), [
      'user: Say hello [[plain]]',
      'assistant: Hello from the model. There is nothing else to do.',
    ]);
    assert.ok((await eventsOf(supervisor, id, 'usage'))[0].outputTokens > 0);
  },
  'long prompt and picture': async ({ supervisor, start, model }) => {
    const attachments = [{ name: 'screen.png', mediaType: 'image/png', bytes: Buffer.from(PICTURE, 'base64') }];
    const { id, worktreePath } = await start(LONG_PROMPT, 'edits', attachments);
    await untilCompleted(supervisor, id);
    assert.ok(LONG_PROMPT.length > 3_000);
    const asked = model.requests.filter((request) => hasText(request, LONG_PROMPT));
    assert.ok(asked.length > 0, 'The prompt did not arrive byte for byte.');
    // A program that cannot show a picture to its model is given its path.
    const path = join(worktreePath, '.corral/attachments');
    assert.ok(
      asked.some((request) => hasText(request, PICTURE) || hasText(request, path)),
      'The picture did not arrive.',
    );
  },
  write: async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Write it [[write]]');
    await untilCompleted(supervisor, id);
    assert.equal(await readFile(join(worktreePath, 'hello.txt'), 'utf8'), 'hello from the model\n');
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'file.change')).map(({ path, change }) => ({ path, change })),
      [{ path: 'hello.txt', change: 'added' }],
    );
  },
  'write denied': async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Write it [[write]]', 'ask');
    await answerFirst(supervisor, id, 'reject_once');
    await untilEnd(supervisor, id);
    assert.equal(await exists(join(worktreePath, 'hello.txt')), false);
  },
  multi: async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Do it all [[multi]]', 'all');
    await untilCompleted(supervisor, id);
    assert.equal(await readFile(join(worktreePath, 'notes.txt'), 'utf8'), 'line one\nline 2\n');
    const results = await eventsOf(supervisor, id, 'tool.result');
    assert.deepEqual(
      results.map(({ status }) => status),
      ['ok', 'ok', 'ok', 'ok'],
    );
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'tool.call')).map(({ category }) => category === 'edit'),
      [false, true, true, false],
    );
  },
  'permission allowed': async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Do it [[permission]]', 'ask');
    await answerFirst(supervisor, id, 'allow_once');
    await untilCompleted(supervisor, id);
    assert.ok(await exists(join(worktreePath, 'granted.txt')));
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'tool.result')).map(({ status }) => status),
      ['ok'],
    );
  },
  'permission denied': async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Do it [[permission]]', 'ask');
    await answerFirst(supervisor, id, 'reject_once');
    await untilEnd(supervisor, id);
    assert.equal(await exists(join(worktreePath, 'granted.txt')), false);
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'tool.result')).map(({ status }) => status),
      ['denied'],
    );
  },
  'hand out work': async ({ supervisor, start, settings, repository, name }) => {
    Object.assign(settings, { mcpInSessions: true, maxConcurrentRuns: 1 });
    try {
      const consents = await supervisor.consents();
      await consents.record(await consents.agentsIn(repository), true);
      await supervisor.keepSettings(repository);
      const { id } = await start(`Hand it out to ${name} [[handout]]`);
      const asked = new Set();
      const session = await until(
        supervisor,
        id,
        'The end',
        (each) => {
          for (const { requestId, title, options } of each.pendingPermissions) {
            if (asked.has(requestId)) continue;
            asked.add(requestId);
            console.log(`    ${name} asks: ${title}`);
            const { optionId } = options.find(({ kind }) => kind === 'allow_once');
            void supervisor.answerPermission(id, requestId, { optionId });
          }
          return isOver(each);
        },
        HANDING_OUT_LIMIT_MS,
      );
      assert.equal(session.status, 'Completed', session.failureReason);
      const children = (await supervisor.listSessions()).filter(({ startedBy }) => startedBy?.sessionId === id);
      assert.deepEqual(children.map(({ title, status }) => `${title} ${status}`).sort(), [
        'one Completed',
        'two Completed',
      ]);
      const results = (await eventsOf(supervisor, id, 'tool.result')).map(({ output }) => output);
      assert.equal(results.filter((output) => output.includes('+hello from the model')).length, 2, results.join('\n'));
    } finally {
      Object.assign(settings, { mcpInSessions: false, maxConcurrentRuns: 8 });
    }
  },
  interrupt: async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await untilEvent(supervisor, id, 'turn.started');
    await supervisor.interrupt(id);
    const session = await untilEnd(supervisor, id);
    assert.deepEqual([session.state, session.failureReason], ['interrupted', 'Interrupted']);
    assert.equal((await eventsOf(supervisor, id, 'turn.ended'))[0].stopReason, 'interrupted');
  },
  'interrupt a command': async ({ supervisor, start }) => {
    const { id } = await start('Be busy [[busy]]', 'all');
    await untilEvent(supervisor, id, 'tool.call', 1);
    await supervisor.interrupt(id);
    const session = await untilEnd(supervisor, id);
    assert.deepEqual([session.state, session.failureReason], ['interrupted', 'Interrupted']);
  },
  'follow-up': async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await untilEvent(supervisor, id, 'message', 0, ({ role }) => role === 'user');
    await supervisor.sendMessage(id, 'And then [[plain]]');
    await supervisor.interrupt(id);
    const session = await untilEnd(supervisor, id);
    const conversation = await conversationOf(supervisor, id);
    assert.deepEqual(
      conversation.filter((line) => line.startsWith('user')),
      ['user: Take your time [[slow]]', 'user: And then [[plain]]'],
    );
    assert.equal(
      conversation.at(-1),
      'assistant: Hello from the model. There is nothing else to do.',
      session.failureReason,
    );
    assert.equal(session.runs.length, 1);
  },
  resume: async ({ supervisor, start, program }) => {
    const { id } = await start('Say hello [[plain]]');
    const { nativeSessionId } = await untilCompleted(supervisor, id);
    await supervisor.sendMessage(id, 'Again [[plain]]');
    const session = await until(
      supervisor,
      id,
      'The end of the second run',
      (each) => each.runs.length === 2 && isOver(each),
    );
    assert.equal(session.status, 'Completed', session.failureReason);
    assert.equal(session.nativeSessionId === nativeSessionId, program.forgets !== true);
    assert.equal((await conversationOf(supervisor, id)).length, 4);
  },
  'ask beside': async ({ supervisor, start, use, program }) => {
    const asked = [];
    const ask = async (id, question) => {
      const { asideId } = await supervisor.askAside(id, question);
      asked.push({ runId: asideId });
      const end = performance.now() + LIMIT_MS;
      for (;;) {
        const aside = (await supervisor.listAsides(id)).find((each) => each.id === asideId);
        if (aside.state !== 'answering') return aside;
        assert.ok(performance.now() < end, `No answer came: ${JSON.stringify(aside)}`);
        await pause(POLL_MS);
      }
    };
    const untouched = async ({ worktreePath }) => {
      const status = ['status', '--porcelain', '--ignored', '--untracked-files=all'];
      const { stdout } = await promisify(execFile)('git', status, { cwd: worktreePath });
      assert.equal(stdout, '', 'the worktree was changed');
    };
    const unchanged = ({ state, currentRunId, nativeSessionId, needsInput, changes, runs }) => ({
      ...{ state, currentRunId, nativeSessionId, needsInput, changes, runs: runs.length },
    });
    const finished = await start('Say hello [[plain]]');
    const before = await untilCompleted(supervisor, finished.id);
    const answered = await ask(finished.id, 'Why? [[plain]]');
    assert.deepEqual(
      [answered.state, answered.answer, answered.reason],
      ['answered', 'Hello from the model. There is nothing else to do.', undefined],
    );
    for (const question of ['Write it [[write]]', 'Write it [[forced]]', 'Run it [[permission]]']) {
      const { state, answer } = await ask(finished.id, question);
      await untouched(before);
      console.log(`    ${question}: ${state}, ${answer.replaceAll('\n', ' ').slice(0, 80)}`);
    }
    const afterwards = await supervisor.getSession(finished.id);
    assert.deepEqual(unchanged(afterwards), unchanged(before));
    assert.ok(afterwards.usage.outputTokens > before.usage.outputTokens, 'its tokens are not counted');
    assert.equal((await conversationOf(supervisor, finished.id)).length, 2);
    // A copy: the session's own conversation knows nothing of the questions.
    await supervisor.sendMessage(finished.id, 'Again [[plain]]');
    const again = await until(
      supervisor,
      finished.id,
      'The next run',
      (each) => each.runs.length === 2 && isOver(each),
    );
    assert.equal(again.nativeSessionId === before.nativeSessionId, program.forgets !== true, again.failureReason);
    const { id } = use(await start('Take your time [[slow]]', 'all'));
    const running = await until(supervisor, id, 'Its own session', (each) => each.nativeSessionId !== undefined);
    const beside = await ask(id, 'How far are you? [[plain]]');
    assert.equal(beside.answer, 'Hello from the model. There is nothing else to do.', beside.reason);
    const still = await supervisor.getSession(id);
    assert.deepEqual([still.currentRunId, still.state], [running.currentRunId, 'running']);
    await supervisor.stop(id);
    await assertNothingLeft({ runs: asked });
  },
  'hand over': async ({ supervisor, start, other }) => {
    const { id } = await start('Write it [[write]]');
    const { nativeSessionId } = await untilCompleted(supervisor, id);
    const agent = await other();
    const prompt = await supervisor.handOverPrompt(id);
    assert.match(prompt, /User: Write it [^]*- added: hello\.txt/);
    // The story has the model's marks in it, which would make it do the same again.
    await supervisor.handOver(id, { agent, prompt: prompt.replaceAll('[[write]]', '') });
    const over = await until(
      supervisor,
      id,
      'The end of the other agent',
      (each) => each.runs.length === 2 && isOver(each),
    );
    assert.equal(over.status, 'Completed', over.failureReason);
    assert.equal(over.agent, agent);
    assert.notEqual(over.nativeSessionId, nativeSessionId);
    await supervisor.sendMessage(id, 'Again [[plain]]');
    const again = await until(supervisor, id, 'Its next run', (each) => each.runs.length === 3 && isOver(each));
    assert.deepEqual([again.status, again.agent, again.nativeSessionId], ['Completed', agent, over.nativeSessionId]);
  },
  import: async ({ supervisor, program, path, env, repository, use }) => {
    const natives = await supervisor.nativeSessions();
    const before = (await natives.list(repository)).map(({ nativeSessionId }) => nativeSessionId);
    const working = promisify(execFile)(path, program.alone('Write it [[write]]'), {
      cwd: repository,
      env: { ...process.env, ...env },
    });
    working.child.stdin.end();
    await working;
    const [native, ...others] = (await natives.list(repository)).filter(
      ({ nativeSessionId }) => !before.includes(nativeSessionId),
    );
    assert.deepEqual([native.title, others], ['Write it [[write]]', []]);
    const { id, worktreePath, status } = use(await natives.import(repository, native));
    assert.equal(status, 'Completed');
    assert.equal(await readFile(join(worktreePath, 'hello.txt'), 'utf8'), 'hello from the model\n');
    assert.deepEqual(await eventsOf(supervisor, id, 'output'), []);
    assert.equal((await conversationOf(supervisor, id))[0], 'user: Write it [[write]]');
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'file.change')).map(({ path: changed, change }) => ({ path: changed, change })),
      [{ path: 'hello.txt', change: 'added' }],
    );
    await supervisor.sendMessage(id, 'Again [[plain]]');
    const session = await until(
      supervisor,
      id,
      'The end of the second run',
      (each) => each.runs.length === 2 && isOver(each),
    );
    assert.deepEqual(
      [session.status, session.nativeSessionId],
      ['Completed', native.nativeSessionId],
      session.failureReason,
    );
  },
  'kill -9 and resume': async ({ supervisor, start, store }) => {
    const { id } = await start('Be busy [[busy]]', 'all');
    await untilEvent(supervisor, id, 'tool.call', 1);
    const [run] = (await supervisor.getSession(id)).runs;
    const claim = JSON.parse(await readFile(join(store, 'sessions', id, 'runs', run.runId, 'runner.json'), 'utf8'));
    process.kill(claim.agent.pid, 'SIGKILL');
    const killed = await untilEnd(supervisor, id);
    assert.deepEqual([killed.state, killed.failureReason], ['crashed', 'Ended by SIGKILL']);
    await supervisor.sendMessage(id, 'Again [[plain]]');
    let session = await until(
      supervisor,
      id,
      'The end of the second run',
      (each) => each.runs.length === 2 && isOver(each),
    );
    if (session.recoveryHint === 'restart') {
      // The agent had not saved its conversation yet, so the prompt repeats it.
      await supervisor.resume(id, 'Once more [[plain]]');
      session = await until(
        supervisor,
        id,
        'The end of the third run',
        (each) => each.runs.length === 3 && isOver(each),
      );
    }
    assert.equal(session.status, 'Completed', session.failureReason);
  },
  long: async ({ supervisor, start }) => {
    const { id } = await start('Say much [[long]]');
    await untilCompleted(supervisor, id);
    const text = (await eventsOf(supervisor, id, 'message'))
      .filter(({ role }) => role === 'assistant')
      .map((message) => message.text);
    assert.equal(text.join('').match(/Line \d+ of a long answer\./g).length, 2000);
  },
  slow: async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await untilCompleted(supervisor, id);
    assert.match((await conversationOf(supervisor, id)).at(-1), /tick 1 .*tick 200 /s);
  },
  error500: async (context) => void (await expectServiceFailure(context, 'Fail [[error500]]')),
  rate: async (context) => void (await expectServiceFailure(context, 'Fail [[rate]]')),
  [LIMIT]: async ({ reopen, accounts: [limited, free], model, use, repository, store }) => {
    const resetsAt = Math.ceil(Date.now() / 1000) + LIMIT_SECONDS;
    const resetMs = resetsAt * 1000;
    model.limits.set(limited.token, resetsAt);
    const request = { repository, prompt: 'Say hello [[plain]]', permissionMode: 'edits' };
    let id;
    let others;
    const again = await reopen(async (openWindow) => {
      const [window, sibling] = [await openWindow(), await openWindow()];
      ({ id } = await window.call('createSession', { ...request, agent: limited.agent }));
      const other = await sibling.call('createSession', { ...request, agent: free.agent });
      for (const each of [window, sibling]) {
        const waiting = await until(each, id, 'The wait', (session) => session.waitsUntil !== undefined);
        assert.deepEqual([waiting.state, Date.parse(waiting.waitsUntil)], ['queued', resetMs]);
        assert.match(waiting.heldBy, /^waits for the usage limit until /);
      }
      ({ nativeSessionId: others } = await untilCompleted(sibling, other.id));
      await killAll(store, [window, sibling]);
      assert.ok(Date.now() < resetMs, 'the limit was over before all was killed');
      model.requests.length = 0;
      const next = [await openWindow(), await openWindow()];
      const limitMs = LIMIT_MS + LIMIT_SECONDS * 1000;
      for (const each of next)
        await until(each, id, 'The end', (session) => session.runs.length > 1 && isOver(session), limitMs);
      await killAll(store, next);
    });
    const session = use(await until(again, id, 'The end in the next window', isOver));
    assert.equal(session.status, 'Completed', session.failureReason);
    assert.ok(Date.parse(session.runs[1].startedAt) >= resetMs);
    const conversation = await conversationOf(again, id);
    assert.deepEqual(
      conversation.filter((line) => line.startsWith('user')),
      [`user: ${request.prompt}`, 'user: continue'],
    );
    assert.equal(conversation.at(-1), 'assistant: Hello from the model. There is nothing else to do.');
    assert.equal(session.runs.length, 2);
    assert.equal((await readdir(join(store, 'sessions', id, 'runs'))).length, 2);
    const asked = model.requests.filter((each) => isSaid(each, 'continue'));
    assert.equal(asked.length, 1, `the model was asked ${asked.length} times to continue`);
    for (const [account, own, foreign] of [
      [limited, session.nativeSessionId, others],
      [free, others, session.nativeSessionId],
    ]) {
      const files = await readdir(account.home, { recursive: true });
      assert.ok(files.some((name) => name.includes(own)) && !files.some((name) => name.includes(foreign)));
    }
  },
  cut: async ({ supervisor, start }) => {
    // Some ask for the rest, some use what there is, some fail; none may hang for ever.
    const { id } = await start('Go on [[cut]]');
    await untilEvent(supervisor, id, 'turn.started');
    const watched = await until(supervisor, id, '', isOver, RETRY_WATCH_MS).catch(() => undefined);
    if (watched === undefined) await supervisor.stop(id);
    await untilEnd(supervisor, id);
  },
  stop: async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await untilEvent(supervisor, id, 'turn.started');
    await supervisor.stop(id);
    const session = await untilEnd(supervisor, id);
    assert.deepEqual([session.state, session.failureReason], ['stopped', 'Stopped by you']);
  },
  // Runs last, because a program used by a person may change its own settings.
  'in a terminal': async ({ supervisor, start, program, terminal }) => {
    const { id } = await start('Say hello [[plain]]');
    await untilCompleted(supervisor, id);
    if (program.forgets) return await assert.rejects(supervisor.terminalCommand(id), { code: 'INVALID_ARGUMENT' });
    await assertGoesOn(terminal, await supervisor.terminalCommand(id));
  },
};

/** The scenarios for a program that handles one prompt and cannot ask questions. */
export const ONE_SHOT = [
  'plain',
  'long prompt and picture',
  'multi',
  'resume',
  'ask beside',
  'long',
  'slow',
  'error500',
  'rate',
  'cut',
  'stop',
  'in a terminal',
];

/** Each process that fits, with its command line. Only Linux tells. */
async function processesThat(fits) {
  if (process.platform !== 'linux') return [];
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [environment, command] = await Promise.all(
      ['environ', 'cmdline'].map(async (name) =>
        (await readFile(join('/proc', pid, name), 'utf8').catch(() => '')).split('\0'),
      ),
    );
    if (fits({ environment, command })) found.push({ pid: Number(pid), command: command.join(' ').trim() });
  }
  return found;
}

async function untilNone(find) {
  const end = performance.now() + 10_000;
  for (let left = await find(); left.length > 0; left = await find()) {
    const lines = left.map(({ pid, command }) => `${pid} ${command}`);
    assert.ok(performance.now() < end, `These processes are left:\n${lines.join('\n')}`);
    await pause(POLL_MS);
  }
}

function killIfAlive(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    assert.equal(error.code, 'ESRCH');
  }
}

/** Kills these windows by SIGKILL, and then whatever else works on the store. */
async function killAll(store, windows) {
  await Promise.all(windows.map(async (window) => await window.kill()));
  await untilNone(async () => {
    const left = await processesThat(({ command }) => command.some((word) => word.startsWith(store)));
    for (const { pid } of left) killIfAlive(pid);
    return left;
  });
}

/** Asserts that no process with the variable of one of an ended session's runs is alive. */
export async function assertNothingLeft(session) {
  const marks = session.runs.map(({ runId }) => `CORRAL_RUN_ID=${runId}`);
  await untilNone(
    async () => await processesThat(({ environment }) => marks.some((mark) => environment.includes(mark))),
  );
}
