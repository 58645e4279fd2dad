import type { Conversation } from './driver';
import type { AgentExit } from './driver';
import type { Ending } from './ending';

/** The conversation with a program that takes one prompt, asks nothing, and exits. Its stdin is closed at the start. */
export abstract class OneShotConversation implements Conversation {
  abstract start(): void;

  abstract readLine(stream: 'stdout' | 'stderr', line: string): void;

  abstract end(exit: AgentExit): Ending;

  send(): void {
    // Never called, because stdin is closed.
  }

  hasQueued(): boolean {
    return false;
  }

  interrupt(): boolean {
    return false;
  }

  answerPermission(): void {
    // Never called, because such a program does not ask.
  }
}
