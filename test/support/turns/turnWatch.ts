/** Loaded into a process whose event loop is watched by `npm run test:blocks`. Only Linux tells a thread's own time. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { processorTimeMs } from './processorTime';

/** Longer turns are told. */
const MAX_TURN_MS = 50;
/** With a timer of this period, the loop's turns are told apart as long as they take longer. */
const LOOK_EVERY_MS = 1;

/** Tells every long turn of this thread's event loop to `file`, as a line of JSON with its stacks. */
export function watchTurns(file: string): void {
  /** The number of the present look, and this thread's processor time at it. */
  const look = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT));
  const sampler = new Worker(join(__dirname, 'turnSampler.js'), {
    workerData: { look, file, mainThread: process.pid },
    execArgv: [],
  });
  sampler.unref();
  let beforeMs = processorTimeMs(process.pid);
  const timer = setInterval(() => {
    const nowMs = processorTimeMs(process.pid);
    const tookMs = nowMs - beforeMs;
    if (tookMs > MAX_TURN_MS) sampler.postMessage({ look: look[0], tookMs });
    beforeMs = nowMs;
    look[0] = (look[0] ?? 0) + 1;
    look[1] = nowMs;
  }, LOOK_EVERY_MS);
  timer.unref();
}

const file = process.env['CORRAL_TURNS_FILE'];
if (file !== undefined) watchTurns(file);
