import { randomUUID } from 'node:crypto';

/** Messages that an agent was given and has not taken up, by the id that its echo carries. */
export class Inbox {
  readonly #messages = new Map<string, string>();

  get size(): number {
    return this.#messages.size;
  }

  add(text: string): string {
    const uuid = randomUUID();
    this.#messages.set(uuid, text);
    return uuid;
  }

  take(uuid: string): string | undefined {
    const text = this.#messages.get(uuid);
    this.#messages.delete(uuid);
    return text;
  }

  /** What was said, for an echo: the message that was sent, or the echo itself where a version keeps no ids; then the words tell what it holds. */
  takeEchoed(uuid: string | undefined, echo: string): string {
    const sent = uuid === undefined ? undefined : this.take(uuid);
    if (sent !== undefined) return sent;
    for (const [id, text] of this.#messages) if (echo.includes(text)) this.#messages.delete(id);
    return echo;
  }

  takeAll(): string[] {
    const texts = [...this.#messages.values()];
    this.#messages.clear();
    return texts;
  }
}
