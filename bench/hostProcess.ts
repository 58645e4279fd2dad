/**
 * `node --expose-gc hostProcess.js '<task>'` does the work of an extension host, so that its memory and event loop can
 * be measured alone. Prints one line of JSON.
 */
import { subscribe } from 'node:diagnostics_channel';
import { stat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { getHeapSpaceStatistics } from 'node:v8';
import * as v from 'valibot';
import { ifExists } from '../src/common/ifExists';
import { parseHostSettings } from '../src/supervisor/hosts/hostSettings';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { TimelineHost } from '../src/views/timeline/timelineHost';
import type { HostMessage } from '../src/protocol/timelineProtocol';
import { timelineEditor } from '../test/support/timelineEditor';
import { hostTaskSchema } from './hostTask';
import type { HostResult } from './hostTask';
import { watchLoop } from './loopWatch';

const CHECKPOINT_EVERY_MS = 2_000;
const NEWEST = 200;
const SETTLE_MS = 1_000;
const POLL_MS = 5;
/** An agent that prints a hundred lines a second. */
const AGENT = `let n = 0; setInterval(() => console.log('line ' + n++ + ' ' + 'x'.repeat(250)), 10)`;

const task = v.parse(hostTaskSchema, JSON.parse(process.argv[2] ?? ''));

/** Memory for new objects, which all extensions of a host share and which grows with the work done. */
function youngMb(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return (young?.physical_space_size ?? 0) / 1024 / 1024;
}

async function memoryMb(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await delay(SETTLE_MS / 3);
  }
  return process.memoryUsage.rss() / 1024 / 1024;
}

/** Asks for the newest events at each push, like a page that follows the end. */
function followTimeline(supervisor: Supervisor, sessionId: string): TimelineHost {
  let requestNumber = 0;
  const post = (message: HostMessage): void => {
    if (message.type !== 'session') return;
    const run = message.session.runs.at(-1);
    if (run === undefined || run.eventCount === 0) return;
    const parameters = { runId: run.runId, fromSeq: Math.max(1, run.eventCount - NEWEST), limit: NEWEST };
    host.receive({ type: 'request', requestNumber: ++requestNumber, method: 'events', parameters });
  };
  const host = new TimelineHost(supervisor, sessionId, timelineEditor(post));
  host.receive({ type: 'request', requestNumber: ++requestNumber, method: 'ready', parameters: {} });
  return host;
}

async function startRuns(supervisor: Supervisor, repository: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let run = 0; run < count; run++)
    ids.push(
      (
        await supervisor.createSession({
          repository,
          prompt: 'print',
          agent: 'command',
          argv: [process.execPath, '-e', AGENT],
        })
      ).id,
    );
  while ((await supervisor.listSessions()).some(({ id, state }) => ids.includes(id) && state !== 'running'))
    await delay(50);
  return ids;
}

async function readWhole(supervisor: Supervisor, sessionId: string): Promise<void> {
  const [run] = (await supervisor.getSession(sessionId)).runs;
  if (run === undefined) throw new Error(`Session ${sessionId} has no run.`);
  const timeline = await supervisor.timeline(sessionId);
  for (let fromSeq = 1; fromSeq <= run.eventCount; fromSeq += 10_000)
    await timeline.query('runEvents', { runId: run.runId, fromSeq, limit: NEWEST });
}

/** Counts how often the event loop woke and how many programs were started. */
async function watchIdling(seconds: number): Promise<Pick<HostResult, 'wakesPerSecond' | 'startedProcesses'>> {
  let startedProcesses = 0;
  subscribe('child_process', () => startedProcesses++);
  await delay(SETTLE_MS);
  const before = performance.nodeTiming.uvMetricsInfo.loopCount;
  startedProcesses = 0;
  await delay(seconds * 1_000);
  return { wakesPerSecond: (performance.nodeTiming.uvMetricsInfo.loopCount - before) / seconds, startedProcesses };
}

/** The time at which the first host was connected. */
async function connectedAt(supervisor: Supervisor): Promise<number> {
  return await new Promise((resolve) => {
    supervisor.onDidChangeHosts(() => {
      void supervisor.listHosts().then(([host]) => {
        if (host?.connection?.state === 'connected') resolve(Date.parse(host.connection.since));
      });
    });
  });
}

async function perform(): Promise<HostResult> {
  if (task.kind === 'empty') return { memoryMb: [await memoryMb()], youngMb: youngMb() };
  const startMs = performance.now();
  const hosts = task.kind === 'copy' ? parseHostSettings(task.hosts) : DEFAULT_SETTINGS.hosts;
  const supervisor = new Supervisor({
    storageDirectory: task.storageDirectory,
    bundles: task.bundles,
    checkpointEveryMs: CHECKPOINT_EVERY_MS,
    // No run waits in the queue.
    settings: () => ({ ...DEFAULT_SETTINGS, maxConcurrentRuns: 100, minimumFreeMemoryMiB: 0, hosts }),
  });
  const connecting = task.kind === 'copy' ? connectedAt(supervisor) : undefined;
  await supervisor.listSessions();
  const listMs = performance.now() - startMs;
  await supervisor.whenRecovered();
  switch (task.kind) {
    case 'runs': {
      const ids = await startRuns(supervisor, task.repository, task.runs);
      const timeline = followTimeline(supervisor, ids[0] ?? '');
      const eventCount = async (): Promise<number> =>
        (
          await Promise.all(ids.map(async (id) => (await supervisor.getSession(id)).runs.at(-1)?.eventCount ?? 0))
        ).reduce((sum, each) => sum + each, 0);
      const before = await eventCount();
      const loop = await watchLoop(task.seconds);
      const eventsPerSecond = ((await eventCount()) - before) / task.seconds;
      timeline.dispose();
      const memory = await memoryMb();
      const young = youngMb();
      await Promise.all(ids.map(async (id) => await supervisor.kill(id)));
      await supervisor.close();
      return { memoryMb: [memory], youngMb: young, ...loop, eventsPerSecond };
    }
    case 'follow': {
      const timeline = followTimeline(supervisor, task.sessionId);
      await readWhole(supervisor, task.sessionId);
      process.stdout.write('{"memoryMb":[]}\n'); // tells the writer of events to begin
      const loop = await watchLoop(task.seconds);
      timeline.dispose();
      await supervisor.close();
      return { memoryMb: [], ...loop };
    }
    case 'copy': {
      const sinceMs = (await connecting) ?? NaN;
      while (((await ifExists(stat(task.path)))?.size ?? 0) < task.bytes) await delay(POLL_MS);
      const copyMs = Date.now() - sinceMs;
      while ((await supervisor.getSession(task.sessionId)).status !== 'Completed') await delay(POLL_MS);
      await supervisor.close();
      return { memoryMb: [], copyMs };
    }
    case 'timelines': {
      const memory: number[] = [];
      for (const sessionId of task.sessionIds) {
        await readWhole(supervisor, sessionId);
        memory.push(await memoryMb());
      }
      await supervisor.close();
      return { memoryMb: memory };
    }
    case 'list': {
      const memory = await memoryMb();
      const idling = task.seconds === 0 ? {} : await watchIdling(task.seconds);
      await supervisor.close();
      return { memoryMb: [memory], listMs, ...idling };
    }
    default:
      return task satisfies never;
  }
}

perform().then(
  (result) => {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    process.exit(0);
  },
  (error: unknown) => {
    process.stderr.write(`${inspect(error)}\n`);
    process.exit(1);
  },
);
