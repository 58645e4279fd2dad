/** Case 22: a session on another machine, over a link with a round trip of 80 ms and over loopback. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ifExists } from '../src/common/ifExists';
import { newId } from '../src/storage/ids';
import type { SessionSummary } from '../src/supervisor/api';
import type { Supervisor } from '../src/supervisor/supervisor';
import { noSshMachine, SshMachine } from '../test/support/hosts/sshMachine';
import { projectRoot } from '../test/support/project';
import { RemoteFixture } from '../test/unit/supervisor/runs/remote/remoteFixture';
import { until } from '../test/unit/supervisor/supervisorFixture';
import type { Figure } from './figures';
import { runHost, storeOf } from './hosts';
import { compare, percentile, short, spreadOf, timed, valueOf } from './figures';

const ROUND_TRIP_MS = 80;
const STARTS = 7;
/** Lines of an agent, twenty a second. */
const LINES = 200;
const MIRROR_ROUNDS = 5;
const MIRRORED_MB = 100;
/** More than the last record takes, which waits for the session's work to be fetched as well. */
const LAST_RECORD_BYTES = 4_096;
/** Prints once its home has the file `go`. */
const PRINTING = `const waiting = setInterval(() => {
  if (!require("fs").existsSync(process.env.HOME + "/go")) return;
  clearInterval(waiting);
  for (let i = 0; i < ${String(MIRRORED_MB * 1_000)}; i++) console.log("x".repeat(999));
}, 50)`;

/** An agent that writes the time of its first act. */
const FIRST_BYTE = ['sh', '-c', 'date +%s%3N > first-byte'];
const isOver = ({ status }: SessionSummary): boolean => status === 'Completed';

/** None where this computer cannot be a second machine. */
export async function remoteFigures(folder: string): Promise<Figure[]> {
  const reason = await noSshMachine();
  if (reason !== undefined) {
    process.stdout.write(`22 is not measured: ${reason}\n`);
    return [];
  }
  const proxy = [process.execPath, join(projectRoot, 'out/support/hosts/delayedLink.js')].join(' ');
  return [
    ...(await onMachine([`ProxyCommand ${proxy} ${ROUND_TRIP_MS / 2} %h %p`], async (machine, fixture) => [
      await startFigure(machine, fixture),
      await rowFigure(fixture),
    ])),
    ...(await onMachine([], async (machine, fixture) => [await mirrorFigure(machine, fixture, folder)])),
  ];
}

async function onMachine(
  sshOptions: readonly string[],
  measure: (machine: SshMachine, fixture: RemoteFixture) => Promise<Figure[]>,
): Promise<Figure[]> {
  const machine = await SshMachine.start({ sshOptions, homeMiB: 2_000 });
  const path = process.env['PATH'];
  process.env['PATH'] = machine.path;
  const fixture = await RemoteFixture.of({ home: machine.file('~'), setting: { ssh: machine.alias } });
  try {
    return await measure(machine, fixture);
  } finally {
    await fixture.here.end();
    await machine.stop();
    process.env['PATH'] = path;
  }
}

async function startFigure(machine: SshMachine, fixture: RemoteFixture): Promise<Figure> {
  const window = fixture.window();
  const repository = fixture.here.repository.path;
  const start = async (host: { host?: string }): Promise<number> => {
    const startMs = Date.now();
    const request = { repository, prompt: 'x', agent: 'command', argv: FIRST_BYTE, ...host };
    const { id, worktreePath, worktreeUri = '' } = await window.createSession(request);
    const worktree = worktreePath === '' ? machine.file(new URL(worktreeUri).pathname) : worktreePath;
    await until(window, id, isOver, 'the end');
    return Number(await readFile(join(worktree, 'first-byte'), 'utf8')) - startMs;
  };
  await start({ host: 'far' }); // makes the connection and the repository there
  const { ours, peer } = await compare(
    STARTS,
    async () => await start({ host: 'far' }),
    async () => await start({}),
  );
  return {
    name: '22a',
    feel: 'from Enter to the first byte of an agent far away, beyond one that is here',
    ...valueOf((ours.median - peer.median) / ROUND_TRIP_MS),
    unit: 'round trips',
    detail: `${short(ours.median)} and ${short(peer.median)} ms, at ${String(ROUND_TRIP_MS)} ms a round trip`,
    target: { atMost: 8 },
  };
}

async function rowFigure(fixture: RemoteFixture): Promise<Figure> {
  const window = fixture.window();
  const { id } = await fixture.session(window, { prompt: `slow ${String(LINES)} 50ms` });
  const ages: number[] = [];
  let lastActivityAt = '';
  const subscription = window.onDidChangeSessions(() => {
    void window.getSession(id).then((session) => {
      if (session.lastActivityAt !== lastActivityAt) ages.push(Date.now() - Date.parse(session.lastActivityAt));
      ({ lastActivityAt } = session);
    });
  });
  await until(window, id, isOver, 'the end');
  subscription.dispose();
  return {
    name: '22b',
    feel: 'age of a row whose agent is far away, 95 of 100',
    ...valueOf(percentile(ages, 0.95)),
    unit: 'ms',
    detail: `half of them ${short(percentile(ages, 0.5))} ms, at ${String(ROUND_TRIP_MS)} ms a round trip`,
    target: { atMost: ROUND_TRIP_MS + 150 },
  };
}

/** Copies a run that ended while no window was open, and the same bytes by ssh. */
async function mirrorFigure(machine: SshMachine, fixture: RemoteFixture, folder: string): Promise<Figure> {
  const copies = await compare(
    MIRROR_ROUNDS,
    async () => await mirrorMs(machine, fixture),
    async () => {
      const { there } = await lastRun(fixture);
      const path = join(there, 'events.jsonl').replace(machine.file(''), '/');
      return await timed(async () => {
        const ssh = spawn('ssh', ['-T', machine.alias, `cat ${path}`], { stdio: ['ignore', 'pipe', 'inherit'] });
        await Promise.all([pipeline(ssh.stdout, createWriteStream(join(folder, newId()))), once(ssh, 'exit')]);
      });
    },
  );
  const speed = spreadOf([1 / copies.ratio.median, 1 / copies.ratio.min, 1 / copies.ratio.max]);
  return {
    name: '22c',
    feel: 'copying what a run recorded while no window was open, as fast as ssh does',
    ...valueOf(speed),
    unit: '×',
    detail: `${String(MIRRORED_MB)} MB in ${short(copies.ours.median)} ms, by ssh in ${short(copies.peer.median)} ms`,
    target: { atLeast: 0.5 },
  };
}

let newest: { sessionId: string; runId: string } | undefined;

async function lastRun(fixture: RemoteFixture): Promise<{ here: string; there: string }> {
  if (newest === undefined) throw new Error('No run was copied yet.');
  return await fixture.runFolders(newest.sessionId, newest.runId);
}

async function mirrorMs(machine: SshMachine, fixture: RemoteFixture): Promise<number> {
  const argv = ['node', '-e', PRINTING];
  const go = machine.file('~/go');
  await rm(go, { force: true });
  const first: Supervisor = fixture.window();
  const { id, currentRunId = '' } = await fixture.session(first, { prompt: 'x', agent: 'command', argv });
  newest = { sessionId: id, runId: currentRunId };
  await until(first, id, ({ state }) => state === 'running', 'the start');
  await fixture.here.close(first);
  await writeFile(go, '');
  const { here, there } = await lastRun(fixture);
  while ((await ifExists(stat(join(there, 'output.log.gz')))) === undefined) await delay(100);
  const bytes = (await stat(join(there, 'events.jsonl'))).size;
  const path = join(here, 'events.jsonl');
  const { copyMs = NaN } = await runHost({
    kind: 'copy',
    ...storeOf({ root: fixture.here.storageDirectory }),
    hosts: fixture.hosts,
    sessionId: id,
    path,
    bytes: bytes - LAST_RECORD_BYTES,
  });
  const { size } = await stat(path);
  if (size !== bytes) throw new Error(`Of ${String(bytes)} bytes, ${String(size)} were copied.`);
  return copyMs;
}
