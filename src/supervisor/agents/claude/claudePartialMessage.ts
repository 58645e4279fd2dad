import type { DraftEvent } from '../../../storage/events';
import { parseDelta } from './claudeMessages';

/**
 * The message that Claude is streaming. Its blocks arrive whole later, so what is collected here only matters where the
 * process ends in the middle of a block.
 */
export class ClaudePartialMessage {
  #messageId: string | undefined;
  #blocks = new Map<number, { type: 'text' | 'thinking'; text: string }>();

  read(event: unknown): void {
    const delta = parseDelta(event);
    if (delta === undefined) return;
    if (delta.type === 'message_start') {
      // Claude repeats a request whose stream broke: the first attempt is not part of the conversation.
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

  /** A whole block of message `id` has arrived. Blocks arrive in the order in which they were streamed. */
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

  /** The text that was streamed and never arrived whole. */
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
