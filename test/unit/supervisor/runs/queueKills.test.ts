import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, it } from 'mocha';
import { bundleFixtures, projectRoot } from '../../../support/project';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture } from '../supervisorFixture';

/** `npm run test:runs` sets fifty sessions, with and without a kill. */
const SESSIONS = Number(process.env['CORRAL_QUEUE_SESSIONS'] ?? 8);
const isLongForm = process.env['CORRAL_QUEUE_SESSIONS'] !== undefined;
const MAX_CONCURRENT_RUNS = 4;

describeIf(process.platform !== 'win32', 'the agents are shell scripts', 'many sessions', function () {
  this.timeout(60_000 + SESSIONS * 10_000);
  let fixture: SupervisorFixture;
  let bundle = '';
  /** The windows, with what each has printed so far. `ended` rejects when its process ends. */
  let windows: { process: ChildProcess; output: string; ended: Promise<never> }[] = [];
  before(async () => {
    bundle = await bundleFixtures('supervisor/queueWindow.ts');
  });
  after(async () => {
    await rm(bundle, { recursive: true });
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    windows = [];
  });
  afterEach(async () => {
    for (const window of windows) window.process.kill('SIGKILL');
    await fixture.end();
  });

  /** The file to which agents append `+` when they start and `-` when they end. None ends before all sessions exist. */
  const agentLog = (): string => join(fixture.storageDirectory, 'agents.log');

  async function openWindow(sessions: number, env: NodeJS.ProcessEnv): Promise<void> {
    const agent = [
      '/bin/sh',
      '-c',
      'echo + >> "$0"; while [ ! -e "$0.go" ]; do sleep 0.1; done; sleep 0.2; echo - >> "$0"',
      agentLog(),
    ];
    const parameters = [
      fixture.storageDirectory,
      join(projectRoot, 'dist'),
      String(MAX_CONCURRENT_RUNS),
      fixture.repository.path,
      String(sessions),
      ...agent,
    ];
    const child = spawn(process.execPath, [join(bundle, 'queueWindow.js'), ...parameters], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit').then(([code]) => assert.fail(`A window ended with exit code ${String(code)}.`));
    ended.catch(() => undefined); // the tests end windows as well
    const window = { process: child, output: '', ended };
    windows.push(window);
    child.stdout.on('data', (data: Buffer) => (window.output += data.toString()));
    await waitFor(() => window.output.includes('ready'), { what: 'a window' });
  }

  const agentLines = async (): Promise<string[]> =>
    (await readFile(agentLog(), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

  /** The window to kill: the one that starts runs now, or any if all runs have started already. */
  async function victim(): Promise<ChildProcess | undefined> {
    const isAllStarted = (await agentLines()).filter((line) => line === '+').length === SESSIONS;
    return (await startingWindow()) ?? (isAllStarted ? windows[0]?.process : undefined);
  }

  /** The window that starts runs at this moment, if any. */
  async function startingWindow(): Promise<ChildProcess | undefined> {
    const names = (await readdir(fixture.storageDirectory)).filter((name) => /^queue\.lock\.\d+$/.test(name));
    const last = names.sort((a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2])).at(-1);
    const content =
      last === undefined ? '' : await readFile(join(fixture.storageDirectory, last), 'utf8').catch(() => '');
    return windows.map((window) => window.process).find(({ pid }) => content.includes(`"pid":${String(pid)},`));
  }

  for (const isKilled of isLongForm ? [false, true] : [true]) {
    it(`complete in two windows, ${MAX_CONCURRENT_RUNS} at a time${isKilled ? ', although the one that starts them is killed' : ''}`, async () => {
      const half = SESSIONS / 2;
      // Slow runners make it likely that the window dies in the middle of a start, which the other one repeats.
      const runnerNode = join(fixture.storageDirectory, 'slow-node');
      await writeFile(runnerNode, `#!/bin/sh\nsleep 0.2\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
      for (let window = 0; window < 2; window++)
        await openWindow(half, isKilled ? { ...process.env, RUNNER_NODE: runnerNode } : process.env);
      const made = waitFor(() => windows.every(({ output }) => output.includes('made')), {
        what: 'all sessions',
        limitMs: 60_000 + SESSIONS * 5_000,
      });
      await Promise.race([made, ...windows.map(({ ended }) => ended)]);
      await writeFile(`${agentLog()}.go`, '');
      if (isKilled) (await waitFor(victim, { what: 'a window that starts runs' })).kill('SIGKILL');
      // Untrusted, so that it starts nothing itself.
      const observer = fixture.window({ isTrusted: () => false });
      await waitFor(
        async () =>
          (await observer.listSessions()).filter(({ status }) => status === 'Completed' || status === 'Failed')
            .length === SESSIONS,
        {
          what: `the end of ${SESSIONS} sessions`,
          limitMs: 60_000 + SESSIONS * 5_000,
        },
      );
      const sessions = await observer.listSessions();
      assert.deepEqual(
        sessions.filter(({ status }) => status !== 'Completed').map(({ failureReason }) => failureReason),
        [],
      );
      assert.deepEqual([...new Set(sessions.map(({ runs }) => runs.length))], [1], 'each ran once');
      const lines = await agentLines();
      assert.equal(lines.length, 2 * SESSIONS, 'one agent a session');
      let alive = 0;
      const peak = Math.max(...lines.map((line) => (alive += line === '+' ? 1 : -1)));
      assert.ok(peak <= MAX_CONCURRENT_RUNS, `${peak} agents were alive at once`);
      if (isLongForm) process.stdout.write(`      ${SESSIONS} sessions, never more than ${peak} agents alive\n`);
    });
  }
});
