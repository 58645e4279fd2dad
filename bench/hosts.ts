/** Cases 5 and 10, and the cost of an idle Corral, measured in a process that stands for the extension host. */
import { spawn } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readLines } from '../src/common/lines/readLines';
import { newId } from '../src/storage/ids';
import type { StorePaths } from '../src/storage/paths';
import { openStore } from '../src/storage/store/store';
import { projectRoot } from '../test/support/project';
import { TestRepository } from '../test/support/repository';
import type { Figure } from './figures';
import { short, spreadOf, valueOf } from './figures';
import { hostResultSchema } from './hostTask';
import type { HostResult, HostTask } from './hostTask';
import { writeSession } from './sampleData';
import { makeStore } from './starting';

const bundles = join(projectRoot, 'dist');
const ROUNDS = 3;
const RUNS = 10;
const LOAD_SECONDS = 10;
const IDLE_SECONDS = 60;
const SESSIONS = 1_000;
const TIMELINES = 20;
const TIMELINE_EVENTS = 100_000;
const STEADY_FROM = 5;

const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Runs the task in its own process; `onReady` is called when that process has begun. */
export async function runHost(task: HostTask, onReady?: () => void): Promise<HostResult> {
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(projectRoot, 'out/bench/hostProcess.js'), JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let last: HostResult | undefined;
  for await (const { bytes } of readLines(child.stdout, MAX_LINE_BYTES)) {
    last = v.parse(hostResultSchema, JSON.parse(bytes.toString('utf8')));
    if (last.memoryMb.length === 0) onReady?.();
  }
  if (last === undefined) throw new Error(`The host said nothing; its task was ${task.kind}.`);
  return last;
}

export function storeOf(paths: Pick<StorePaths, 'root'>): { storageDirectory: string; bundles: string } {
  return { storageDirectory: paths.root, bundles };
}

/** Runs live sessions and measures the work that they cause in the host. */
async function underLoad(paths: StorePaths): Promise<HostResult> {
  const repository = await TestRepository.create();
  try {
    return await runHost({
      kind: 'runs',
      ...storeOf(paths),
      repository: repository.path,
      runs: RUNS,
      seconds: LOAD_SECONDS,
    });
  } finally {
    await repository.remove();
  }
}

/** Case 5. */
export async function loadFigures(folder: string): Promise<Figure[]> {
  const found: HostResult[] = [];
  for (let round = 0; round < ROUNDS; round++)
    found.push(await underLoad((await openStore(join(folder, newId()))).paths));
  const spread = spreadOf(found.map(({ worstBlockMs = NaN }) => worstBlockMs));
  const work = spreadOf(found.map(({ worstWorkMs = NaN }) => worstWorkMs));
  const p99 = spreadOf(found.map(({ blockP99Ms = NaN }) => blockP99Ms)).median;
  const rate = spreadOf(found.map(({ eventsPerSecond = NaN }) => eventsPerSecond)).median;
  return [
    {
      name: '5',
      feel: `worst block of the extension host's loop while ${RUNS} runs write`,
      ...valueOf(spread),
      unit: 'ms',
      detail: `of that at most ${short(work.median)} ms [${short(work.min)}–${short(work.max)}] is the loop's own work, the rest is the runs' ${2 * RUNS} processes on the same processors; p99 ${short(p99)} ms, ${short(rate)} events/s, a timeline open, a checkpoint every 2 s`,
      target: { atMost: 25 },
    },
  ];
}

/** Writes several sessions with the same long run. */
async function copyTimelines(folder: string): Promise<{ paths: StorePaths; sessionIds: string[] }> {
  const { paths } = await openStore(join(folder, newId()));
  const { sessionId, runId } = await writeSession(paths, TIMELINE_EVENTS);
  const sessionIds = [sessionId];
  const source = paths.session(sessionId);
  while (sessionIds.length < TIMELINES) {
    const id = newId();
    const copy = paths.session(id);
    await mkdir(copy.run(runId).blobs, { recursive: true });
    await copyFile(source.journal, copy.journal);
    await copyFile(source.run(runId).events, copy.run(runId).events);
    sessionIds.push(id);
  }
  return { paths, sessionIds };
}

function residentWords({ memoryMb: [memory = NaN], youngMb = NaN }: HostResult): string {
  return `${short(memory)} MB, of which ${short(youngMb)} MB are the young generation of the main heap`;
}

/** Case 10. */
export async function memoryFigures(folder: string): Promise<Figure[]> {
  const empty = await runHost({ kind: 'empty' });
  const { paths } = await makeStore(folder, SESSIONS, 10);
  await runHost({ kind: 'list', ...storeOf(paths), seconds: 0 }); // builds the index
  const busy = await underLoad(paths);
  const timelines = await copyTimelines(folder);
  const { memoryMb } = await runHost({
    kind: 'timelines',
    ...storeOf(timelines.paths),
    sessionIds: timelines.sessionIds,
  });
  const beyond = (busy.memoryMb[0] ?? NaN) - (empty.memoryMb[0] ?? NaN);
  const steady = memoryMb[STEADY_FROM - 1] ?? NaN;
  const last = memoryMb.at(-1) ?? NaN;
  return [
    {
      name: '10',
      feel: `memory with ${SESSIONS.toLocaleString('en')} sessions and ${RUNS} live runs, beyond an empty host`,
      ...valueOf(beyond),
      unit: 'MB',
      detail: `resident: ${residentWords(busy)}, empty ${residentWords(empty)}`,
      target: { atMost: 120 },
    },
    {
      name: '10g',
      feel: `growth of the memory from the ${STEADY_FROM}th to the ${TIMELINES}th timeline of ${TIMELINE_EVENTS.toLocaleString('en')} events`,
      ...valueOf((last / steady - 1) * 100),
      unit: '%',
      detail: `${short(steady)} MB, then ${short(last)} MB, resident; at most ${short(Math.max(...memoryMb))} MB`,
      target: { atMost: 10 },
    },
  ];
}

/** Measures Corral with nothing to do. */
export async function idleFigures(folder: string): Promise<Figure[]> {
  const { paths } = await makeStore(folder, 10, 1_000);
  await runHost({ kind: 'list', ...storeOf(paths), seconds: 0 });
  const { wakesPerSecond = NaN, startedProcesses = NaN } = await runHost({
    kind: 'list',
    ...storeOf(paths),
    seconds: IDLE_SECONDS,
  });
  const figureOf = (name: string, feel: string, value: number, unit: string, atMost: number): Figure => ({
    name,
    feel,
    value,
    min: value,
    max: value,
    unit,
    detail: `ten finished sessions, counted over ${IDLE_SECONDS} s`,
    target: { atMost },
  });
  return [
    figureOf('idle', 'an idle extension wakes', wakesPerSecond, 'times a second', 1),
    figureOf('idle processes', 'an idle extension starts', startedProcesses, 'processes', 0),
  ];
}
