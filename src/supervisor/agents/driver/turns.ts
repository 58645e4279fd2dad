import type { EventData, Usage } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AgentExit, ConversationHost } from './driver';
import type { Ending } from './ending';
import { describeExit, imposedEnding } from './ending';
import { messageEvent, type UserMessage } from './userMessages';

export type TurnEnd = Omit<EventData<'turn.ended'>, 'turn' | 'usage'>;

/** The end of a turn that a person interrupted. */
export const INTERRUPTED: TurnEnd = { stopReason: 'interrupted', failed: true, message: 'Interrupted' };

/** Begins the reason of a run whose process ended during a turn, or before the first one. */
const ENDED_EARLY = 'The agent ended';

export function endedEarly({ outcome, reason }: Ending): boolean {
  return outcome === 'failed' && reason.startsWith(ENDED_EARLY);
}

/** Numbers the turns of a run. How the last turn ended decides how the run ended. */
export class Turns {
  readonly #host: ConversationHost;
  #turn = 0;
  #isOpen = false;
  #usage: Usage | undefined;
  #last: TurnEnd | undefined;

  constructor(host: ConversationHost) {
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Does nothing during a turn. */
  begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#turn += 1;
    this.#host.emit({ kind: 'turn.started', data: { turn: this.#turn } });
  }

  /** What this turn alone has used. To be called right before its end; undefined where the agent does not tell. */
  reportUsage(usage: Usage | undefined): void {
    this.#usage = usage;
    if (usage !== undefined) this.#host.emit({ kind: 'usage', data: usage });
  }

  end(end: TurnEnd): void {
    this.begin();
    const usage = this.#usage;
    this.#usage = undefined;
    this.#isOpen = false;
    this.#last = end;
    this.#host.emit({
      kind: 'turn.ended',
      data: { turn: this.#turn, ...end, ...(usage === undefined ? {} : { usage }) },
    });
  }

  /** A turn failed before the agent accepted its messages, which are `undelivered`. */
  fail(undelivered: readonly UserMessage[], message: string, code: string): void {
    this.begin();
    this.#emitUndelivered(undelivered);
    this.#host.emit({ kind: 'error', data: { message, code } });
    this.end({ stopReason: 'error', failed: true, message });
  }

  /** The agent's process has ended, perhaps in the middle of a turn or before it accepted every message. */
  close(exit: AgentExit, undelivered: readonly UserMessage[]): Ending {
    const ending = imposedEnding(exit) ?? this.#judge(exit);
    this.#emitUndelivered(undelivered);
    if (undelivered.length > 0)
      this.#host.emit({
        kind: 'error',
        data: { message: 'The agent ended before it took up the last message.', code: 'not_delivered' },
      });
    if (this.#isOpen) this.end({ stopReason: 'process_ended', failed: true, message: ending.reason });
    return ending;
  }

  #emitUndelivered(messages: readonly UserMessage[]): void {
    for (const message of messages) this.#host.emit(messageEvent(message));
  }

  /** The exit code decides last: Claude exits with 0 after SIGINT, and with 1 after any failed turn. */
  #judge(exit: AgentExit): Ending {
    if (this.#isOpen || this.#last === undefined) {
      // A program that handles signal n itself exits with 128 + n.
      const wasSignalled = exit.exitCode !== null && exit.exitCode > 128 && exit.exitCode < 160;
      const where = this.#isOpen ? 'in the middle of a turn' : 'before its first turn';
      return {
        outcome: wasSignalled ? 'crashed' : 'failed',
        reason: oneLine(`${ENDED_EARLY} ${where}: it ${describeExit(exit)}`),
      };
    }
    if (this.#last.stopReason === INTERRUPTED.stopReason) return { outcome: 'interrupted', reason: 'Interrupted' };
    if (this.#last.failed) return { outcome: 'failed', reason: oneLine(this.#last.message ?? 'The turn failed') };
    if (exit.exitCode !== 0) return { outcome: 'failed', reason: oneLine(`The agent ${describeExit(exit)}`) };
    return { outcome: 'completed', reason: 'Completed' };
  }
}
