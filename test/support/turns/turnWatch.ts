/** Loaded into a process whose event loop is watched by `npm run test:blocks`. Only Linux tells a thread's own time. */
import { appendFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { processorTimeMs } from './processorTime';

/** Longer turns are told. */
const MAX_TURN_MS = 50;
/** With a timer of this period, the loop's turns are told apart as long as they take longer. */
const LOOK_EVERY_MS = 1;
/** A stack is taken each time that so much time has passed. */
const SAMPLE_EVERY_MICROS = 5_000;
/** Stacks of short turns are thrown away after so many looks, so that they need little memory. */
const LOOKS_PER_PROFILE = 10_000;
const MAX_FRAMES = 25;

/** Takes stacks of this thread. The debugger could as well, but with it V8 spends long on text that is no JSON. */
class Stacks {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_MICROS });
    this.#session.post('Profiler.start');
  }

  /** Those that were taken since a moment of the monotonic clock, innermost frame first; all are forgotten then. */
  takeSince(beginMicros: number): string[][] {
    let stacks: string[][] = [];
    this.#session.post('Profiler.stop', (_error, { profile }) => {
      stacks = stacksOf(profile, beginMicros);
    });
    this.#session.post('Profiler.start');
    return stacks;
  }
}

function stacksOf({ nodes, samples = [], timeDeltas = [], startTime }: Profiler.Profile, since: number): string[][] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const stacks: string[][] = [];
  let atMicros = startTime;
  for (const [index, sample] of samples.entries()) {
    atMicros += timeDeltas[index] ?? 0;
    if (atMicros < since) continue;
    const frames: string[] = [];
    let isWatch = false;
    for (let id: number | undefined = sample; id !== undefined && frames.length < MAX_FRAMES; id = parents.get(id)) {
      const frame = byId.get(id)?.callFrame;
      isWatch ||= frame?.url.endsWith('turnWatch.js') === true;
      if (frame !== undefined && frame.functionName !== '(root)')
        frames.push([frame.functionName, frame.url, frame.lineNumber, frame.columnNumber].join('\t'));
    }
    if (!isWatch) stacks.push(frames);
  }
  return stacks;
}

const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

/** Tells every long turn of this thread's event loop to `file`, as a line of JSON with its stacks. */
export function watchTurns(file: string): void {
  const stacks = new Stacks();
  let [beforeMs, beforeMicros, looks] = [processorTimeMs(process.pid), nowMicros(), 0];
  const timer = setInterval(() => {
    const tookMs = processorTimeMs(process.pid) - beforeMs;
    if (tookMs > MAX_TURN_MS) {
      const turn = { ms: Math.round(tookMs), stacks: stacks.takeSince(beforeMicros) };
      appendFileSync(file, `${JSON.stringify(turn)}\n`);
    } else if (++looks % LOOKS_PER_PROFILE === 0) {
      stacks.takeSince(Infinity);
    }
    // What the watch itself did is part of no turn.
    [beforeMs, beforeMicros] = [processorTimeMs(process.pid), nowMicros()];
  }, LOOK_EVERY_MS);
  timer.unref();
}

const file = process.env['CORRAL_TURNS_FILE'];
if (file !== undefined) watchTurns(file);
