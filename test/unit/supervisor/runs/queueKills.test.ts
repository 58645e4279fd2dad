import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, before, beforeEach, after, describe, it } from 'mocha';
import { projectRoot } from '../../../support/project';
import { waitFor } from '../../../support/wait';
import { SupervisorFixture } from '../supervisorFixture';

/** `npm run test:runs` has fifty sessions, and does it without a kill as well; a few find what broke for good. */
const SESSIONS = Number(process.env['CORRAL_QUEUE_SESSIONS'] ?? 8);
const isLongForm = process.env['CORRAL_QUEUE_SESSIONS'] !== undefined;
const MOST = 4;

describe('many sessions', function () {
  this.timeout(60_000 + SESSIONS * 10_000);
  if (process.platform === 'win32') return; // the agents here are a shell's
  let fixture: SupervisorFixture;
  let bundle = '';
  /** With what each has said so far. */
  let children: { process: ChildProcess; said: string }[] = [];
  before(async () => {
    bundle = await mkdtemp(join(tmpdir(), 'corral-queue-'));
    await promisify(execFile)(join(projectRoot, 'node_modules/.bin/esbuild'), [
      join(projectRoot, 'test/fixtures/supervisor/queueWindow.ts'),
      ...['--bundle', '--platform=node', `--outdir=${bundle}`, '--log-level=error'],
    ]);
  });
  after(async () => {
    await rm(bundle, { recursive: true });
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.process.kill('SIGKILL');
    await fixture.end();
  });

  /** The agents write into one file when they begin and when they end, which the system keeps in order. None ends before all sessions are made. */
  const ticks = (): string => join(fixture.storageDirectory, 'ticks');

  async function openWindow(sessions: number, env: NodeJS.ProcessEnv): Promise<void> {
    const agent = [
      '/bin/sh',
      '-c',
      'echo + >> "$0"; while [ ! -e "$0.go" ]; do sleep 0.1; done; sleep 0.2; echo - >> "$0"',
      ticks(),
    ];
    const parameters = [
      fixture.storageDirectory,
      join(projectRoot, 'dist'),
      String(MOST),
      fixture.repository.path,
      String(sessions),
      ...agent,
    ];
    const child = spawn(process.execPath, [join(bundle, 'queueWindow.js'), ...parameters], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const window = { process: child, said: '' };
    children.push(window);
    child.stdout.on('data', (data: Buffer) => (window.said += data.toString()));
    await waitFor(() => window.said.includes('ready'), { what: 'a window' });
  }

  const begun = async (): Promise<string[]> =>
    (await readFile(ticks(), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

  /** Where this process was never there when a run was started: one whose runs go on without it. */
  async function victim(): Promise<ChildProcess | undefined> {
    const isAllStarted = (await begun()).filter((line) => line === '+').length === SESSIONS;
    return (await driver()) ?? (isAllStarted ? children[0]?.process : undefined);
  }

  /** The window that starts runs at this moment, if any does. */
  async function driver(): Promise<ChildProcess | undefined> {
    const names = (await readdir(fixture.storageDirectory)).filter((name) => /^queue\.lock\.\d+$/.test(name));
    const last = names.sort((a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2])).at(-1);
    const content =
      last === undefined ? '' : await readFile(join(fixture.storageDirectory, last), 'utf8').catch(() => '');
    return children.map((child) => child.process).find(({ pid }) => content.includes(`"pid":${String(pid)},`));
  }

  for (const isKilled of isLongForm ? [false, true] : [true]) {
    it(`complete in two windows, ${MOST} at a time${isKilled ? ', also where the one that starts them is killed' : ''}`, async () => {
      const half = SESSIONS / 2;
      // The one that is killed is then nearly always in the middle of a start, and its runner comes when another window has begun the same.
      const runnerNode = join(fixture.storageDirectory, 'slow-node');
      await writeFile(runnerNode, `#!/bin/sh\nsleep 0.2\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
      for (let window = 0; window < 2; window++)
        await openWindow(half, isKilled ? { ...process.env, RUNNER_NODE: runnerNode } : process.env);
      await waitFor(() => children.every(({ said }) => said.includes('made')), {
        what: 'all sessions',
        limitMs: 60_000 + SESSIONS * 5_000,
      });
      await writeFile(`${ticks()}.go`, '');
      if (isKilled) (await waitFor(victim, { what: 'a window that starts runs' })).kill('SIGKILL');
      // It only looks.
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
      const lines = await begun();
      assert.equal(lines.length, 2 * SESSIONS, 'one agent a session');
      let alive = 0;
      const peak = Math.max(...lines.map((line) => (alive += line === '+' ? 1 : -1)));
      assert.ok(peak <= MOST, `${peak} agents were alive at once`);
      if (isLongForm) process.stdout.write(`      ${SESSIONS} sessions, never more than ${peak} agents alive\n`);
    });
  }
});
