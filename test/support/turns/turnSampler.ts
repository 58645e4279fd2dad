/** A thread beside the one that is watched: it stops that one in a long turn, to see what it is doing. */
import { appendFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import * as v from 'valibot';
import { processorTimeMs } from './processorTime';

/** A stack is taken each time that a turn has taken so much longer. */
const SAMPLE_EVERY_MS = 20;
const LOOK_EVERY_MS = 10;
const MAX_FRAMES = 25;

const { look, file, mainThread } = v.parse(
  v.object({ look: v.instance(Float64Array), file: v.string(), mainThread: v.number() }),
  workerData,
);
const turnSchema = v.object({ look: v.number(), tookMs: v.number() });

const session = new Session();
session.connectToMainThread();
/** By the id of a script, since frames name no file. */
const urls = new Map<string, string>();
session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url));
let asked = { look: -1, count: 0 };
let stacks: string[][] = [];
session.on('Debugger.paused', ({ params }) => {
  // The turn may have ended before the thread could be stopped.
  if (look[0] === asked.look)
    stacks.push(
      params.callFrames
        .slice(0, MAX_FRAMES)
        .map(({ functionName, location }) =>
          [functionName, urls.get(location.scriptId) ?? '', location.lineNumber, location.columnNumber ?? 0].join('\t'),
        ),
    );
  session.post('Debugger.resume');
});
session.post('Debugger.enable');

setInterval(() => {
  const [number = 0, sinceMs = 0] = look;
  if (number !== asked.look) asked = { look: number, count: 0 };
  const tookMs = processorTimeMs(mainThread) - sinceMs;
  if (sinceMs === 0 || tookMs < (asked.count + 1) * SAMPLE_EVERY_MS) return;
  if (asked.count === 0) stacks = [];
  asked.count++;
  session.post('Debugger.pause');
}, LOOK_EVERY_MS);

parentPort?.on('message', (message: unknown) => {
  const turn = v.parse(turnSchema, message);
  const taken = turn.look === asked.look || asked.look === turn.look + 1 ? stacks : [];
  appendFileSync(file, `${JSON.stringify({ ms: Math.round(turn.tookMs), stacks: taken })}\n`);
});
