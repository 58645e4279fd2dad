import { setTimeout as delay } from 'node:timers/promises';
import { identityOf } from '../system/identity';
import type { ProcessEntry } from '../system/processTable';
import type { RunTree } from '../system/processTree';
import { endWindowsTree, killTree, listTree, signalProcesses, stillAlive } from '../system/processTree';
import type { AgentProcess } from './agentProcess';

const INTERRUPT_WAIT_MS = 2_000;
const POLL_MS = 50;

/** How one run's processes are ended: politely, or at once, or first the one and then, when people lose patience, the other. */
export class Termination {
  readonly #agent: AgentProcess;
  readonly #tree: RunTree;
  readonly #graceMs: number;
  #isHurried = false;
  #ending: Promise<ProcessEntry[]> | undefined;

  /** `graceMs`: from SIGTERM to SIGKILL. */
  constructor(agent: AgentProcess, tree: RunTree, graceMs: number) {
    this.#agent = agent;
    this.#tree = tree;
    this.#graceMs = graceMs;
  }

  /** Settles when nothing of the run is left, with what could not be ended; at once where no end was asked for. */
  get settled(): Promise<ProcessEntry[]> {
    return this.#ending ?? Promise.resolve([]);
  }

  /** `interrupt` asks the agent by its own protocol; false where it has none. */
  stop(interrupt: () => boolean): void {
    this.#ending ??= this.#settle(this.#stop(interrupt));
  }

  kill(): void {
    this.#isHurried = true;
    this.#ending ??= this.#settle(killTree(this.#tree));
  }

  /** Where the system lists no processes, or tells neither marks nor who the agent is, its group is all that is known for certain to be ours. */
  async #settle(ending: Promise<ProcessEntry[]>): Promise<ProcessEntry[]> {
    const left = await ending.catch(() => []);
    const isLeft = await identityOf(this.#agent.pid).then(
      (identity) => identity !== undefined,
      () => true,
    );
    if (!isLeft || !this.#agent.isRunning) return left;
    if (process.platform === 'win32') await endWindowsTree(this.#agent.pid);
    this.#agent.signalGroup('SIGKILL');
    return left;
  }

  async #stop(interrupt: () => boolean): Promise<ProcessEntry[]> {
    // Before anything is asked: whoever's parent ends by it is found only in this list.
    let known = await listTree(this.#tree);
    if (interrupt()) {
      await this.#wait(INTERRUPT_WAIT_MS, () => Promise.resolve(!this.#agent.isRunning));
      known = [...known, ...(await listTree(this.#tree))];
    }
    if (process.platform !== 'win32' && !this.#isHurried) {
      this.#agent.signalGroup('SIGTERM');
      // Tools with a session of their own do not hear the group's signal.
      await signalProcesses(
        known.filter((entry) => entry.group !== this.#agent.pid),
        'SIGTERM',
      );
      await this.#wait(this.#graceMs, async () => !this.#agent.isRunning && (await stillAlive(known)).length === 0);
    }
    return killTree(this.#tree, known);
  }

  async #wait(limitMs: number, isDone: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + limitMs;
    while (!this.#isHurried && performance.now() < end && !(await isDone())) await delay(POLL_MS);
  }
}
