import { setTimeout as delay } from 'node:timers/promises';
import { identityOf } from '../system/identity';
import type { ProcessEntry } from '../system/processTable';
import type { RunTree } from '../system/processTree';
import { endWindowsTree, killTree, listTree, signalProcesses, stillAlive } from '../system/processTree';
import type { AgentProcess } from './agentProcess';

const INTERRUPT_WAIT_MS = 2_000;
const POLL_MS = 50;

/** Ends a run's processes: politely with `stop`, at once with `kill`, which also hurries a stop that is under way. */
export class Termination {
  readonly #agent: AgentProcess;
  readonly #tree: RunTree;
  readonly #graceMs: number;
  #isHurried = false;
  #ending: Promise<ProcessEntry[]> | undefined;

  /** `graceMs` is the time from SIGTERM to SIGKILL. */
  constructor(agent: AgentProcess, tree: RunTree, graceMs: number) {
    this.#agent = agent;
    this.#tree = tree;
    this.#graceMs = graceMs;
  }

  /** Settles with the processes that could not be ended, once all others have; at once where no end was asked for. */
  get settled(): Promise<ProcessEntry[]> {
    return this.#ending ?? Promise.resolve([]);
  }

  /** `interrupt` asks the agent by its own protocol to end its turn. False where the agent has no such request. */
  stop(interrupt: () => boolean): void {
    this.#ending ??= this.#settle(this.#stop(interrupt));
  }

  kill(): void {
    this.#isHurried = true;
    this.#ending ??= this.#settle(killTree(this.#tree));
  }

  /** Ends the agent's process group where the system could not list the run's processes. */
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
    // Listed first: once its parent has ended, a process is no longer found.
    let known = await listTree(this.#tree);
    if (interrupt()) {
      await this.#wait(INTERRUPT_WAIT_MS, () => Promise.resolve(!this.#agent.isRunning));
      known = [...known, ...(await listTree(this.#tree))];
    }
    if (process.platform !== 'win32' && !this.#isHurried) {
      this.#agent.signalGroup('SIGTERM');
      // Tools in sessions of their own do not get the group's signal.
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
