/** Cases 5 and 6 with the page: how soon a person sees the output of ten runs, and its cost in a real host. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { DEFAULT_SETTINGS } from '../src/supervisor/settings';
import { Supervisor } from '../src/supervisor/supervisor';
import { projectRoot } from '../test/support/project';
import { BenchWindow } from './benchWindow';
import type { Figure } from './figures';
import { percentile, short, spreadOf } from './figures';
import { HostInspector } from './hostInspector';

const RUNS = 10;
const EVENTS_PER_SECOND = 100;
const LIVE_SECONDS = 10;
const SETTLE_MS = 2_000;
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

async function measure(opened: BenchWindow): Promise<Figure[]> {
  const end = await startRuns(opened);
  try {
    const { frame } = await opened.openTimeline(`Live ${RUNS - 1}`);
    const [host] = await opened.server.extensionHosts();
    if (host === undefined) throw new Error('There is no extension host.');
    const inspector = await HostInspector.attach(host.pid);
    await delay(SETTLE_MS);
    const [ages, loop] = await Promise.all([
      frame.evaluate(LISTEN).then((found) => v.parse(v.array(v.number()), found)),
      inspector.evaluate(`${LOOP_WATCH}(${LIVE_SECONDS})`).then((found) => v.parse(loopSchema, found)),
    ]);
    inspector.close();
    const spread = spreadOf(ages);
    const load = `${RUNS} runs of ${EVENTS_PER_SECOND} events/s`;
    return [
      {
        name: '5p',
        feel: `worst block of the loop of VS Code's extension host, with the page open and ${load}`,
        value: loop.worstBlockMs,
        min: loop.worstBlockMs,
        max: loop.worstBlockMs,
        unit: 'ms',
        detail: `of that at most ${short(loop.worstWorkMs)} ms is the loop's own work, VS Code's and its other extensions' included; p99 ${short(loop.blockP99Ms)} ms`,
        target: { atMost: 25 },
      },
      {
        name: '6',
        feel: `from the agent's write to its row in the page, p95, with ${load}`,
        value: percentile(ages, 0.95),
        min: spread.min,
        max: spread.max,
        unit: 'ms',
        detail: `p50 ${short(spread.median)} ms over ${ages.length} rows; the runs' ${2 * RUNS} processes, VS Code and the browser share the machine`,
        target: { atMost: 100 },
      },
    ];
  } finally {
    await end();
  }
}

export async function livePageFigures(): Promise<Figure[]> {
  return await BenchWindow.use(() => Promise.resolve(), measure);
}
