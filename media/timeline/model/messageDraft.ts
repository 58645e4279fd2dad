import { MAX_ATTACHED_BYTES } from '../../../src/protocol/promptProtocol';
import { PromptModel } from '../../promptBox/model/promptModel';
import type { Ask } from './extensionHostClient';

export interface MessageDraftContext {
  ask: Ask;
  fail: (message: string) => void;
  changed: () => void;
  sent: () => void;
}

/** What a person is writing to the agent. */
export class MessageDraft {
  readonly prompt: PromptModel;
  readonly #context: MessageDraftContext;

  /** `text` is what an earlier version saved with the page. */
  constructor(text: string, context: MessageDraftContext) {
    this.#context = context;
    const { ask, fail, changed } = context;
    this.prompt = new PromptModel(text, {
      ask: (method, parameters) => ask(method, parameters),
      fail,
      changed,
      maxAttachedBytes: MAX_ATTACHED_BYTES,
    });
  }

  get canSend(): boolean {
    return !this.prompt.isEmpty && !this.prompt.isAttaching;
  }

  /** Sends the text with what is attached, which all stays where that fails. */
  async send(): Promise<void> {
    if (!this.canSend) return;
    const { text } = this.prompt;
    const sending = this.#context.ask('send', { text });
    this.prompt.clear();
    if ((await sending) === undefined) await this.prompt.restore(text);
    else this.#context.sent();
  }
}
