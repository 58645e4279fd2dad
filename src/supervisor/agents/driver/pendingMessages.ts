import { randomUUID } from 'node:crypto';

/** Messages that were sent to the agent and that it has not echoed yet, by the id that the echo carries. */
export class PendingMessages {
  readonly #messages = new Map<string, string>();

  get size(): number {
    return this.#messages.size;
  }

  /** Returns the id to send with the message. */
  add(text: string): string {
    const id = randomUUID();
    this.#messages.set(id, text);
    return id;
  }

  take(id: string): string | undefined {
    const text = this.#messages.get(id);
    this.#messages.delete(id);
    return text;
  }

  /**
   * The message that an echo confirms, as it was sent. Without a known id this is the echo itself, and every message
   * whose text it contains counts as confirmed.
   */
  takeEchoed(id: string | undefined, echo: string): string {
    const sent = id === undefined ? undefined : this.take(id);
    if (sent !== undefined) return sent;
    for (const [key, text] of this.#messages) if (echo.includes(text)) this.#messages.delete(key);
    return echo;
  }

  takeAll(): string[] {
    const texts = [...this.#messages.values()];
    this.#messages.clear();
    return texts;
  }
}
