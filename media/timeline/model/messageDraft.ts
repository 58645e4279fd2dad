import type { Ask } from './extensionHostClient';

export interface MessageDraftContext {
  ask: Ask;
  changed: () => void;
  sent: () => void;
}

/** What a person is writing to the agent. */
export class MessageDraft {
  readonly #context: MessageDraftContext;
  #text: string;

  constructor(text: string, context: MessageDraftContext) {
    this.#text = text;
    this.#context = context;
  }

  get text(): string {
    return this.#text;
  }

  set(text: string): void {
    this.#text = text;
    this.#context.changed();
  }

  /** Sends the text, which stays where that fails. */
  async send(): Promise<void> {
    const text = this.#text;
    if (text.trim() === '') return;
    this.set('');
    if ((await this.#context.ask('send', { text })) === undefined) this.restore(text);
    else this.#context.sent();
  }

  /** Puts a text that could not be sent before what was typed since. */
  restore(text: string): void {
    this.set(this.#text === '' ? text : `${text}\n${this.#text}`);
  }
}
