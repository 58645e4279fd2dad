/** Measures how long an event loop is busy. A real extension host loads this file through its inspector. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

export interface LoopFacts {
  /** The longest time for which the loop was blocked. */
  worstBlockMs: number;
  /** The most CPU time between two turns of the loop; unlike `worstBlockMs`, free of other processes' load. */
  worstWorkMs: number;
  blockP99Ms: number;
}

export async function watchLoop(seconds: number): Promise<LoopFacts> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  let worstWorkMs = 0;
  let before = process.threadCpuUsage();
  const look = setInterval(() => {
    const now = process.threadCpuUsage();
    worstWorkMs = Math.max(worstWorkMs, (now.user + now.system - before.user - before.system) / 1_000);
    before = now;
  }, 1);
  histogram.enable();
  await delay(seconds * 1_000);
  histogram.disable();
  clearInterval(look);
  return { worstBlockMs: histogram.max / 1e6, worstWorkMs, blockP99Ms: histogram.percentile(99) / 1e6 };
}
