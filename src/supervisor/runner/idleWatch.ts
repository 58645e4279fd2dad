import type { DraftEvent, RunState } from '../../storage/events';
import type { Conversation } from '../agents/driver/driver';
import type { AgentProcess } from './agentProcess';
import { BackgroundWork } from './backgroundWork';

/** How long an agent may rest with its input closed before it is ended. */
const IDLE_LIMIT_MS = 30_000;
/** For an agent that ignores the end of its input, or is not waited for: time for its last output. */
const STAYING_IDLE_LIMIT_MS = 1_000;
/** How often it is looked whether background work goes on. */
const LOOK_EVERY_MS = 2_000;
/** When a background task that it told of has ended, an agent begins a turn about it by itself. */
const AFTERMATH_MS = 10_000;

export interface IdleWatchHost {
  /** Called with the number of the agent's background tasks when it changes. */
  onTasksChanged: (count: number) => void;
  /** True while a person is asked whether the agent may go on. */
  isHeld: () => boolean;
  /** The agent has nothing to do, and does not go by itself. */
  onIdle: () => void;
}

/** Lets an agent go after a turn: once no message waits and it has no work of its own in the background. */
export class IdleWatch {
  readonly #agent: AgentProcess;
  readonly #conversation: Conversation;
  readonly #work: BackgroundWork;
  readonly #host: IdleWatchHost;
  /** `working`: in the background, after a turn. `resting`: its input is closed, so that it goes. */
  #phase: 'busy' | 'working' | 'resting' | 'ended' = 'busy';
  #timer: NodeJS.Timeout | undefined;
  /** A look that is older than this one decides nothing. */
  #round = 0;
  #tasks = 0;
  #toldTasks = 0;

  constructor(agent: AgentProcess, conversation: Conversation, host: IdleWatchHost) {
    this.#agent = agent;
    this.#conversation = conversation;
    this.#work = new BackgroundWork(agent.pid, conversation);
    this.#host = host;
  }

  /** Sees every event that is journalled. */
  observe(event: DraftEvent): void {
    this.#work.observe(event);
    if (event.kind === 'turn.started') this.#pause();
    // Not at once: the driver has not finished with the line that ended the turn, and may start the next one in it.
    if (event.kind === 'turn.ended') setImmediate(() => void this.#look());
  }

  /** The agent's lines up to now are read. */
  outputRead(): void {
    if (this.#phase === 'resting') this.#waitForExit();
    const told = this.#conversation.backgroundTasks ?? 0;
    if (told === this.#toldTasks) return;
    this.#toldTasks = told;
    this.#report(told);
    if (this.#phase === 'working') void this.#look(told === 0);
  }

  /** Nothing holds the agent any more, whose turn has ended. */
  rest(): void {
    void this.#look();
  }

  /** The run ends otherwise: nothing is decided any more. */
  end(): void {
    this.#pause();
    this.#phase = 'ended';
  }

  /** Nothing is decided until the next turn ends. */
  #pause(): void {
    clearTimeout(this.#timer);
    this.#round++;
    if (this.#phase !== 'ended') this.#phase = 'busy';
  }

  /** `hasEnded`: a task that was known has just ended. */
  async #look(hasEnded = false): Promise<void> {
    this.#pause();
    const round = this.#round;
    if (this.#isBusy()) return;
    const tasks = await this.#work.count().catch(() => 0);
    if (round !== this.#round || this.#isBusy()) return;
    const isAftermath = tasks === 0 && hasEnded && this.#agent.isInputOpen;
    this.#report(tasks);
    if (tasks > 0 || isAftermath) {
      this.#phase = 'working';
      this.#timer = setTimeout(() => void this.#look(), isAftermath ? AFTERMATH_MS : LOOK_EVERY_MS);
      return;
    }
    this.#agent.closeInput();
    this.#waitForExit();
  }

  #isBusy(): boolean {
    if (this.#phase === 'ended' || this.#host.isHeld()) return true;
    return this.#conversation.hasQueued() || !this.#agent.isRunning;
  }

  /** Ends the agent where it neither exits nor prints anything within the limit. */
  #waitForExit(): void {
    this.#pause();
    this.#phase = 'resting';
    const round = this.#round;
    const { ignoresEndOfInput, endsWithTurn } = this.#conversation;
    const limitMs = (ignoresEndOfInput ?? endsWithTurn) === true ? STAYING_IDLE_LIMIT_MS : IDLE_LIMIT_MS;
    this.#timer = setTimeout(() => {
      void (async () => {
        const tasks = await this.#work.count().catch(() => 0);
        if (round !== this.#round || !this.#agent.isRunning) return;
        if (tasks > 0) await this.#look();
        else this.#host.onIdle();
      })();
    }, limitMs);
  }

  #report(tasks: number): void {
    if (tasks === this.#tasks) return;
    this.#tasks = tasks;
    this.#host.onTasksChanged(tasks);
  }
}

/** The event that tells the number of the agent's background tasks. */
export function tasksEvent(state: RunState, count: number): DraftEvent {
  const reason =
    count === 0
      ? 'The agent has no background task any more'
      : count === 1
        ? 'The agent has 1 background task'
        : `The agent has ${count} background tasks`;
  return { kind: 'status', data: { from: state, to: state, reason, backgroundTasks: count } };
}

/** The event that tells for how many other sessions the agent waits. */
export function waitingEvent(state: RunState, count: number): DraftEvent {
  const reason =
    count === 0
      ? 'The agent waits for no other session any more'
      : count === 1
        ? 'The agent waits for 1 other session'
        : `The agent waits for ${count} other sessions`;
  return { kind: 'status', data: { from: state, to: state, reason, waitingFor: count } };
}
