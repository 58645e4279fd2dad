import type { DraftEvent } from '../../../storage/events';
import { parseDelta } from './claudeMessages';

/**
 * The message that Claude is streaming. Its blocks come whole later and count then; what is kept here is told only where
 * the process ended in the middle of one.
 */
export class ClaudePartials {
  #messageId: string | undefined;
  #blocks = new Map<number, { type: 'text' | 'thinking'; text: string }>();

  read(event: unknown): void {
    const delta = parseDelta(event);
    if (delta === undefined) return;
    if (delta.type === 'message_start') {
      // A stream that broke is asked for again: what was heard of it is no part of the conversation.
      this.drop();
      this.#messageId = delta.message.id;
    } else if (delta.type === 'content_block_start') {
      const { type } = delta.content_block;
      if (type === 'text' || type === 'thinking') this.#blocks.set(delta.index, { type, text: '' });
    } else {
      const block = this.#blocks.get(delta.index);
      if (block !== undefined)
        block.text += delta.delta.type === 'text_delta' ? delta.delta.text : delta.delta.thinking;
    }
  }

  /** A whole block of message `id` was read: blocks come whole in the order in which they were streamed. */
  settle(id: string | undefined, type: 'text' | 'thinking'): void {
    if (id !== this.#messageId) return;
    for (const [index, block] of this.#blocks) {
      if (block.type !== type) continue;
      this.#blocks.delete(index);
      return;
    }
  }

  drop(): void {
    this.#messageId = undefined;
    this.#blocks.clear();
  }

  /** What was streamed and never came whole. */
  take(): DraftEvent[] {
    const events = [...this.#blocks.values()]
      .filter((block) => block.text !== '')
      .map((block): DraftEvent =>
        block.type === 'text'
          ? { kind: 'message', data: { role: 'assistant', text: block.text } }
          : { kind: 'reasoning', data: { text: block.text } },
      );
    this.drop();
    return events;
  }
}
