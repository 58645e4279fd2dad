/**
 * `npm run test:agents`: installs the real agent programs and lets Corral drive them, from a session's creation to its worktree. The
 * model is a script on loopback: no key, no other network. Prints `agent × scenario: pass | fail | not installed`; what cannot be installed has failed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDemoRepository } from './demoRepository.mjs';
import { cacheDirectory, enterProjectNode, installInto, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);

const CLAUDE = { name: '@anthropic-ai/claude-code', version: '2.1.329' };
const LIMIT_MS = 60_000;
const exists = async (path) =>
  await access(path).then(
    () => true,
    () => false,
  );

/** The program's path. Its package fetches nothing: its install script only puts the platform's binary into place. */
async function installClaude() {
  const directory = join(cacheDirectory, `claude-${CLAUDE.version}`);
  const program = join(directory, 'node_modules', CLAUDE.name, 'bin/claude.exe');
  const stamp = join(directory, 'complete');
  if (!(await exists(stamp))) {
    console.log(`Installing ${CLAUDE.name} ${CLAUDE.version}…`);
    await installInto(directory, [`${CLAUDE.name}@${CLAUDE.version}`]);
    await runOrThrow(process.execPath, ['install.cjs'], { cwd: join(directory, 'node_modules', CLAUDE.name) });
    await writeFile(stamp, '');
  }
  await promisify(execFile)(program, ['--version']);
  return program;
}

/** A home of its own, a key that opens nothing, and proxies that lead nowhere: only the model on loopback can be reached. */
function environmentOf(home, modelUrl) {
  const nowhere = 'http://127.0.0.1:9';
  return {
    HOME: home,
    USERPROFILE: home,
    ANTHROPIC_BASE_URL: modelUrl,
    ANTHROPIC_API_KEY: 'dummy',
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    CLAUDE_CODE_MAX_RETRIES: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
    DO_NOT_TRACK: '1',
    IS_SANDBOX: '1',
    http_proxy: nowhere,
    https_proxy: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
  };
}

/** Resolves with the session once it `fits`. */
async function until(supervisor, id, what, fits) {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const session = await supervisor.getSession(id);
    if (fits(session)) return session;
    assert.ok(performance.now() < end, `${what} did not come about; the session is ${session.state}: ${session.failureReason ?? 'no reason'}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isOver = (session) => session.status === 'Completed' || session.status === 'Failed';
const untilEnd = async (supervisor, id) => await until(supervisor, id, 'The end', isOver);

async function eventsOf(supervisor, id, kind) {
  const events = [];
  for (let after; ;) {
    const page = await supervisor.listSessionHistory(id, { kinds: [kind], limit: 1000, ...(after === undefined ? {} : { after }) });
    events.push(...page.events);
    if (page.next === undefined) return events.map((event) => event.data);
    after = page.next;
  }
}

async function answerFirst(supervisor, id, optionId) {
  const session = await until(supervisor, id, 'A question', (each) => each.pendingPermissions.length > 0 || isOver(each));
  const [question] = session.pendingPermissions;
  assert.ok(question, `The session ended without a question: ${session.failureReason ?? session.status}`);
  await supervisor.answerPermission(id, question.requestId, { optionId });
}

/** Scenario → what has to be true of it. Each gets a new session. */
const SCENARIOS = {
  plain: async ({ supervisor, start }) => {
    const { id } = await start('Say hello [[plain]]');
    assert.equal((await untilEnd(supervisor, id)).status, 'Completed');
    const conversation = await supervisor.getConversation(id);
    assert.deepEqual(
      conversation.map(({ role, content }) => `${role}: ${content}`),
      ['user: Say hello [[plain]]', 'assistant: Hello from the model. There is nothing else to do.'],
    );
    assert.ok((await eventsOf(supervisor, id, 'usage'))[0].outputTokens > 0);
  },
  write: async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Write it [[write]]');
    assert.equal((await untilEnd(supervisor, id)).status, 'Completed');
    assert.ok(await exists(join(worktreePath, 'hello.txt')));
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'file.change')).map(({ path, change, addedLines }) => ({ path, change, addedLines })),
      [{ path: 'hello.txt', change: 'added', addedLines: 1 }],
    );
  },
  shell: async ({ supervisor, start }) => {
    const { id } = await start('Run it [[shell]]');
    assert.equal((await untilEnd(supervisor, id)).status, 'Completed');
    assert.deepEqual(await eventsOf(supervisor, id, 'tool.result').then((results) => results.map(({ status, output }) => ({ status, output }))), [
      { status: 'ok', output: 'shell-ok' },
    ]);
  },
  'permission allowed': async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Do it [[permission]]', 'ask');
    await answerFirst(supervisor, id, 'allow_once');
    assert.equal((await untilEnd(supervisor, id)).status, 'Completed');
    assert.ok(await exists(join(worktreePath, 'granted.txt')));
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'tool.result')).map(({ status }) => status),
      ['ok'],
    );
  },
  'permission denied': async ({ supervisor, start }) => {
    const { id, worktreePath } = await start('Do it [[permission]]', 'ask');
    await answerFirst(supervisor, id, 'reject_once');
    assert.equal((await untilEnd(supervisor, id)).status, 'Completed');
    assert.equal(await exists(join(worktreePath, 'granted.txt')), false);
    assert.deepEqual(
      (await eventsOf(supervisor, id, 'tool.result')).map(({ status }) => status),
      ['denied'],
    );
  },
  interrupt: async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await until(supervisor, id, 'The turn', (session) => session.nativeSessionId !== undefined);
    await supervisor.interrupt(id);
    const session = await untilEnd(supervisor, id);
    assert.deepEqual([session.state, session.failureReason], ['interrupted', 'Interrupted']);
    assert.equal((await eventsOf(supervisor, id, 'turn.ended'))[0].stopReason, 'interrupted');
  },
  'follow-up': async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await until(supervisor, id, 'The turn', (session) => session.nativeSessionId !== undefined);
    await supervisor.sendMessage(id, 'And then [[plain]]');
    await supervisor.interrupt(id);
    const session = await untilEnd(supervisor, id);
    assert.equal(session.status, 'Completed', session.failureReason);
    assert.deepEqual([session.runs.length, (await eventsOf(supervisor, id, 'turn.ended')).length], [1, 2]);
  },
  resume: async ({ supervisor, start }) => {
    const { id } = await start('Say hello [[plain]]');
    const { nativeSessionId } = await untilEnd(supervisor, id);
    await supervisor.sendMessage(id, 'Again [[plain]]');
    const session = await until(supervisor, id, 'The end of the second run', (each) => each.runs.length === 2 && isOver(each));
    assert.deepEqual([session.status, session.nativeSessionId], ['Completed', nativeSessionId]);
    assert.equal((await supervisor.getConversation(id)).length, 4);
  },
  'service error': async ({ supervisor, start }) => {
    const { id } = await start('Fail [[error500]]');
    const session = await untilEnd(supervisor, id);
    assert.equal(session.status, 'Failed');
    assert.match(session.failureReason, /500/);
  },
  stop: async ({ supervisor, start }) => {
    const { id } = await start('Take your time [[slow]]');
    await until(supervisor, id, 'The turn', (session) => session.nativeSessionId !== undefined);
    await supervisor.stop(id);
    const session = await supervisor.getSession(id);
    assert.deepEqual([session.state, session.failureReason], ['stopped', 'Stopped by you']);
  },
};

/** The supervisor as a module of its own, and the programs that it starts. */
async function buildSupervisor() {
  await runOrThrow(process.execPath, [join(root, 'esbuild.mjs')]);
  const { build } = await import('esbuild');
  const outfile = join(root, 'out/agents/supervisor.cjs');
  const contents = "export { Supervisor } from './src/supervisor/supervisor'; export { DEFAULT_SETTINGS } from './src/supervisor/settings';";
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    outfile,
    logLevel: 'warning',
  });
  return createRequire(import.meta.url)(outfile);
}

async function runScenarios(program, folder) {
  const { startModelServer } = await import('../test/support/modelServer.mjs');
  const { Supervisor, DEFAULT_SETTINGS } = await buildSupervisor();
  const model = await startModelServer();
  const home = join(folder, 'home');
  const repository = join(folder, 'repository');
  await mkdir(home);
  await createDemoRepository(repository);
  const settings = { ...DEFAULT_SETTINGS, agents: { claude: { path: program, env: environmentOf(home, model.url) } } };
  const supervisor = new Supervisor({ storageDirectory: join(folder, 'store'), bundles: join(root, 'dist'), settings: () => settings });
  const start = async (prompt, permissionMode = 'edits') => await supervisor.createSession({ repository, prompt, agent: 'claude', permissionMode });
  const results = { passed: 0, failed: 0 };
  try {
    for (const [name, scenario] of Object.entries(SCENARIOS)) {
      try {
        await scenario({ supervisor, start });
        results.passed += 1;
        console.log(`claude × ${name}: pass`);
      } catch (error) {
        results.failed += 1;
        console.log(`claude × ${name}: fail\n${error.stack.replace(/^/gm, '  ')}`);
      }
    }
  } finally {
    for (const session of await supervisor.listSessions()) if (!isOver(session)) await supervisor.kill(session.id);
    supervisor.dispose();
    await model.close();
  }
  return results;
}

const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-agents-')));
let results = { passed: 0, failed: Object.keys(SCENARIOS).length };
try {
  const program = await installClaude().catch((error) => console.error(`Claude could not be installed: ${error.message}`));
  if (program !== undefined) results = await runScenarios(program, folder);
  else for (const name of Object.keys(SCENARIOS)) console.log(`claude × ${name}: not installed`);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;
