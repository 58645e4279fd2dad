import type { DraftEvent } from '../../storage/events';
import type { Conversation } from '../agents/driver/driver';
import { INTERRUPTED } from '../agents/driver/turns';
import { listProcesses, readDetails } from '../system/processTable';
import { descendantsOf } from '../system/processTree';

/** The runner reads of a command a moment after its start, and some systems tell a process's age in seconds. */
export const TOLERANCE_MS = 1_000;
/** A run of thousands of commands keeps the last ones: what an early one left behind shows by its children, too. */
const MAX_COMMANDS = 1_000;

interface Command {
  startMs: number;
  endMs: number | undefined;
}

/**
 * What an agent left running for itself at the end of a turn: tasks that it tells of, or processes of its commands.
 * Helpers such as MCP servers do not count, which no command started, nor what has left the agent's tree and lives on.
 */
export class BackgroundWork {
  readonly #agentPid: number;
  readonly #conversation: Conversation;
  readonly #commands = new Map<string, Command>();
  #wasInterrupted = false;

  constructor(agentPid: number, conversation: Conversation) {
    this.#agentPid = agentPid;
    this.#conversation = conversation;
  }

  /** Sees every event that is journalled. */
  observe(event: DraftEvent): void {
    switch (event.kind) {
      case 'turn.started':
        this.#wasInterrupted = false;
        return;
      case 'turn.ended':
        this.#wasInterrupted = event.data.stopReason === INTERRUPTED.stopReason;
        return;
      case 'tool.call':
        if (event.data.category === 'execute') this.#open(event.data.callId);
        return;
      case 'tool.result': {
        const command = this.#commands.get(event.data.callId);
        if (command !== undefined) command.endMs ??= Date.now();
        return;
      }
      default: // Nothing else begins or ends a command.
    }
  }

  /** The number of tasks and processes that go on. Where a person interrupted the turn, only what the agent tells. */
  async count(): Promise<number> {
    if (this.#conversation.endsWithTurn === true) return 0;
    const told = this.#conversation.backgroundTasks ?? 0;
    if (told > 0 || this.#commands.size === 0 || this.#wasInterrupted) return told;
    const entries = descendantsOf(this.#agentPid, await listProcesses()).filter(({ ended }) => !ended);
    const details = await readDetails(entries.map(({ pid }) => pid));
    const nowMs = Date.now();
    const ofCommands = entries.filter(({ pid }) => {
      const age = details.get(pid)?.ageMs;
      return age !== undefined && this.#isOfCommand(nowMs - age);
    });
    const pids = new Set(ofCommands.map(({ pid }) => pid));
    return ofCommands.filter(({ parentPid }) => !pids.has(parentPid)).length;
  }

  #open(callId: string): void {
    this.#commands.set(callId, { startMs: Date.now(), endMs: undefined });
    const [oldest] = this.#commands.keys();
    if (this.#commands.size > MAX_COMMANDS && oldest !== undefined) this.#commands.delete(oldest);
  }

  #isOfCommand(startMs: number): boolean {
    for (const command of this.#commands.values())
      if (startMs >= command.startMs - TOLERANCE_MS && startMs <= (command.endMs ?? Infinity) + TOLERANCE_MS)
        return true;
    return false;
  }
}
