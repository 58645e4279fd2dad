import { setImmediate as nextTurn } from 'node:timers/promises';

/** So long does a piece of long work keep the event loop, which everything else in the process waits for. */
const MAX_TURN_MS = 10;

/** Does all steps of some work, in as many turns of the event loop as they take, and gives its result. */
export async function runInTurns<T>(steps: Generator<void, T>): Promise<T> {
  const turn = new EventLoopTurn();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (turn.isOver) await turn.end();
  }
}

/** Cuts long work into turns of the event loop: after each small step of it, `end` where the turn is over. */
export class EventLoopTurn {
  #startedMs = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#startedMs >= MAX_TURN_MS;
  }

  /** Lets the event loop do other work. */
  async end(): Promise<void> {
    await nextTurn();
    this.#startedMs = performance.now();
  }
}
