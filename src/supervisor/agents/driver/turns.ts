import type { EventData } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AgentExit, ConversationHost } from './driver';
import type { Ending } from './ending';
import { describeExit, imposedEnding } from './ending';

export type TurnEnd = Omit<EventData<'turn.ended'>, 'turn'>;

/** How a turn ends that a person cut short. */
export const INTERRUPTED: TurnEnd = { stopReason: 'interrupted', failed: true, message: 'Interrupted' };

/** The turns of one run: numbers them, and tells from how the last one ended how the whole run went. */
export class Turns {
  readonly #host: ConversationHost;
  #turn = 0;
  #isOpen = false;
  #last: TurnEnd | undefined;

  constructor(host: ConversationHost) {
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Does nothing where a turn is under way. */
  begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#turn += 1;
    this.#host.emit({ kind: 'turn.started', data: { turn: this.#turn } });
  }

  end(end: TurnEnd): void {
    this.begin();
    this.#isOpen = false;
    this.#last = end;
    this.#host.emit({ kind: 'turn.ended', data: { turn: this.#turn, ...end } });
  }

  /** A turn fails before the agent takes up what it was to begin with. */
  fail(unread: readonly string[], message: string, code: string): void {
    this.begin();
    this.#tellUnread(unread);
    this.#host.emit({ kind: 'error', data: { message, code } });
    this.end({ stopReason: 'error', failed: true, message });
  }

  /** Ends the turn that the process's end cut short, tells the messages that were never taken up, and judges. */
  close(exit: AgentExit, unread: readonly string[]): Ending {
    const ending = imposedEnding(exit) ?? this.#judge(exit);
    this.#tellUnread(unread);
    if (unread.length > 0)
      this.#host.emit({
        kind: 'error',
        data: { message: 'The agent ended before it took up the last message.', code: 'not_delivered' },
      });
    if (this.#isOpen) this.end({ stopReason: 'process_ended', failed: true, message: ending.reason });
    return ending;
  }

  #tellUnread(unread: readonly string[]): void {
    for (const text of unread) this.#host.emit({ kind: 'message', data: { role: 'user', text } });
  }

  #judge(exit: AgentExit): Ending {
    if (this.#isOpen || this.#last === undefined) {
      // 128 + n is how a program's own handler ends after signal n.
      const wasSignalled = exit.exitCode !== null && exit.exitCode > 128 && exit.exitCode < 160;
      const where = this.#isOpen ? 'in the middle of a turn' : 'before its first turn';
      return {
        outcome: wasSignalled ? 'crashed' : 'failed',
        reason: oneLine(`The agent ended ${where}: it ${describeExit(exit)}`),
      };
    }
    if (this.#last.stopReason === INTERRUPTED.stopReason) return { outcome: 'interrupted', reason: 'Interrupted' };
    if (this.#last.failed) return { outcome: 'failed', reason: oneLine(this.#last.message ?? 'The turn failed') };
    if (exit.exitCode !== 0) return { outcome: 'failed', reason: oneLine(`The agent ${describeExit(exit)}`) };
    return { outcome: 'completed', reason: 'Completed' };
  }
}
