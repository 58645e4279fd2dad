/** Cases 5 and 6 with the page: how soon a person sees the output of ten runs, and its cost in a real host. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Frame } from 'playwright-core';
import * as v from 'valibot';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import type { VscodeServer } from '../test/support/vscode/vscodeServer';
import { BareWindow } from './bare/bareWindow';
import { BenchWindow } from './benchWindow';
import type { Figure } from './figures';
import { percentile, short, spreadOf, valueOf } from './figures';
import { HostInspector } from './hostInspector';

const RUNS = 10;
const EVENTS_PER_SECOND = 100;
const LIVE_SECONDS = 10;
const SETTLE_MS = 2_000;
/** Turns of the timeline, and of a page whose host sends it messages while the same runs work. */
const ROUNDS = 3;
/** Prints the current time, again and again. */
const AGENT = `setInterval(() => console.log('stamp ' + Date.now()), ${1_000 / EVENTS_PER_SECOND})`;

/** Collects the age of each printed line when it appears in the page. */
const LISTEN = `(async () => {
  const ages = [];
  let newest = Date.now();
  const look = () => {
    for (const [, stamp] of document.querySelector('[role=feed]').textContent.matchAll(/stamp (\\d{13})/g)) {
      if (Number(stamp) <= newest) continue;
      newest = Number(stamp);
      ages.push(Date.now() - newest);
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(document.querySelector('[role=feed]'), { childList: true, subtree: true, characterData: true });
  await new Promise((resolve) => setTimeout(resolve, ${LIVE_SECONDS * 1_000}));
  observer.disconnect();
  return ages;
})()`;
const LOOP_WATCH = `process.getBuiltinModule('node:module').createRequire('/')(${JSON.stringify(join(projectRoot, 'out/bench/loopWatch.js'))}).watchLoop`;

const loopSchema = v.object({ worstBlockMs: v.number(), worstWorkMs: v.number(), blockP99Ms: v.number() });
type LoopFacts = v.InferOutput<typeof loopSchema>;

/** Starts the runs and closes their supervisor, so that only the window follows them. Returns how to end them. */
async function startRuns({ server, repository }: BenchWindow): Promise<() => Promise<void>> {
  const settings = { ...DEFAULT_SETTINGS, maxConcurrentRuns: RUNS, minimumFreeMemoryMiB: 0 };
  const open = (): Supervisor =>
    new Supervisor({
      storageDirectory: server.globalStorage,
      bundles: join(projectRoot, 'dist'),
      settings: () => settings,
    });
  const starter = open();
  const ids: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const request = {
      repository: repository.path,
      prompt: 'x',
      title: `Live ${run}`,
      agent: 'command',
      argv: [process.execPath, '-e', AGENT],
    };
    ids.push((await starter.createSession(request)).id);
  }
  await starter.close();
  return async () => {
    const ender = open();
    await ender.whenRecovered();
    await Promise.all(ids.map(async (id) => await ender.kill(id)));
    await ender.close();
  };
}

interface Round {
  ages: number[];
  bareAges: number[];
  loop: LoopFacts;
  bareLoop: LoopFacts;
}

async function watchLoop({ server }: { server: VscodeServer }): Promise<LoopFacts> {
  const [host] = await server.extensionHosts();
  if (host === undefined) throw new Error('There is no extension host.');
  return await HostInspector.use(host.pid, async (inspector) =>
    v.parse(loopSchema, await inspector.evaluate(`${LOOP_WATCH}(${LIVE_SECONDS})`)),
  );
}

async function measureRound(opened: BenchWindow): Promise<Round> {
  const { frame } = await opened.openTimeline('Live'); // of the runs whose rows are in view, the first
  await delay(SETTLE_MS);
  const ages = await listen(frame);
  const { frame: bareFrame } = await opened.openBare('Live page');
  await delay(SETTLE_MS);
  const bareAges = await listen(bareFrame);
  // Both windows are there while either loop is watched, so that the load is the same.
  await opened.openTimeline('Live');
  const bare = await BareWindow.open(opened.repository.path);
  try {
    await delay(SETTLE_MS);
    return { ages, bareAges, loop: await watchLoop(opened), bareLoop: await watchLoop(bare) };
  } finally {
    await bare.close();
  }
}

async function listen(frame: Frame): Promise<number[]> {
  return v.parse(v.array(v.number()), await frame.evaluate(LISTEN));
}

async function measure(opened: BenchWindow): Promise<Figure[]> {
  const end = await startRuns(opened);
  try {
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(opened));
    const p95 = (ages: readonly number[]): number => percentile(ages, 0.95);
    const all = rounds.flatMap(({ ages }) => ages);
    const ratio = spreadOf(rounds.map(({ ages, bareAges }) => p95(ages) / p95(bareAges)));
    const blockRatio = spreadOf(rounds.map(({ loop, bareLoop }) => loop.worstBlockMs / bareLoop.worstBlockMs));
    const blocks = (which: 'loop' | 'bareLoop'): string =>
      rounds.map((round) => short(round[which].worstBlockMs)).join(', ');
    const [work, p99] = [
      spreadOf(rounds.map(({ loop }) => loop.worstWorkMs)),
      spreadOf(rounds.map(({ loop }) => loop.blockP99Ms)),
    ];
    const load = `${RUNS} runs of ${EVENTS_PER_SECOND} events/s`;
    return [
      {
        name: '5p',
        feel: `worst block of the loop of VS Code's extension host, with the page open and ${load}`,
        ...valueOf(blockRatio),
        unit: '×',
        detail: `of the host of a window with a bare extension and its page beside the same runs, ${blocks('bareLoop')} ms; ours ${blocks('loop')} ms, of that at most ${short(work.median)} ms is the loop's own work, VS Code's and its other extensions' included; p99 ${short(p99.median)} ms`,
        target: { atMost: 1.5 },
      },
      {
        name: '6',
        feel: `from the agent's write to its row in the page, p95, with ${load}`,
        ...valueOf(ratio),
        unit: '×',
        detail: `of a message from the host of a bare extension to its page, p95 ${rounds.map(({ bareAges }) => short(p95(bareAges))).join(', ')} ms; ours ${rounds.map(({ ages }) => short(p95(ages))).join(', ')} ms, p50 ${short(spreadOf(all).median)} ms over ${all.length} rows; the runs' ${2 * RUNS} processes, VS Code and the browser share the machine`,
        target: { atMost: 2.5 },
      },
    ];
  } finally {
    await end();
  }
}

export async function livePageFigures(): Promise<Figure[]> {
  return await BenchWindow.use(() => Promise.resolve(), measure);
}
