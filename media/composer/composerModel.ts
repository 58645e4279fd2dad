import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { COMPOSER_REQUESTS, composerMessageSchema, PATIENT_METHODS } from '../../src/protocol/composerProtocol';
import type {
  ComposerMethod,
  ComposerParameters,
  ComposerPart,
  ComposerResult,
  ComposerState,
} from '../../src/protocol/composerProtocol';
import { MAX_ATTACHED_BYTES } from '../../src/protocol/promptProtocol';
import { PromptModel } from '../promptBox/model/promptModel';
import { Requests } from '../shared/requests';

const REQUEST_TIMEOUT_MS = 30_000;

export interface ComposerModelOptions {
  post: (message: unknown) => void;
  /** Something that is shown changed. */
  changed: () => void;
}

/** What the page of the composer knows. */
export class ComposerModel {
  readonly prompt: PromptModel;
  readonly #options: ComposerModelOptions;
  readonly #requests: Requests;
  #state: ComposerState | undefined;
  /** What went wrong on this page alone. */
  #error: string | undefined;

  constructor(options: ComposerModelOptions) {
    this.#options = options;
    this.#requests = new Requests(options.post);
    this.prompt = new PromptModel('', {
      ask: (method, parameters) => this.#ask(method, parameters),
      fail: (message) => this.#fail(message),
      changed: options.changed,
      maxAttachedBytes: MAX_ATTACHED_BYTES,
    });
  }

  /** Undefined until the extension has answered. */
  get state(): ComposerState | undefined {
    return this.#state;
  }

  get error(): string | undefined {
    return this.#error;
  }

  get canStart(): boolean {
    return this.#state?.isStarting === false && !this.prompt.isEmpty && !this.prompt.isAttaching;
  }

  async load(): Promise<void> {
    const loaded = await this.#ask('ready', {});
    if (loaded === undefined) return;
    this.#state = loaded.state;
    // What was typed before the answer came stays.
    this.prompt.show(this.prompt.text === '' ? loaded.draft : { ...loaded.draft, text: this.prompt.text });
  }

  async start(): Promise<void> {
    if (!this.canStart) return;
    this.prompt.save();
    await this.#ask('start', { text: this.prompt.text });
  }

  async choose(part: ComposerPart): Promise<void> {
    this.prompt.save();
    await this.#ask('choose', { part });
  }

  async mend(index: number): Promise<void> {
    await this.#ask('mend', { index });
  }

  /** Takes the failure off the page. */
  async dismiss(): Promise<void> {
    this.#error = undefined;
    if (this.#state?.failure !== undefined) await this.#ask('dismiss', {});
    this.#options.changed();
  }

  /** Takes a message of the extension. */
  receive(data: unknown): void {
    const parsed = v.safeParse(composerMessageSchema, data);
    if (!parsed.success) {
      this.#fail(l10n.t('The extension sent a message that is not valid: {0}', v.summarize(parsed.issues)));
      return;
    }
    const message = parsed.output;
    switch (message.type) {
      case 'answer':
      case 'rejection':
        this.#requests.settle(message);
        return;
      case 'state':
        this.#state = message.state;
        this.#options.changed();
        return;
      case 'draft':
        this.prompt.show(message.draft);
        return;
      default:
        message satisfies never;
    }
  }

  async #ask<M extends ComposerMethod>(
    method: M,
    parameters: ComposerParameters<M>,
  ): Promise<ComposerResult<M> | undefined> {
    try {
      const timeoutMs = PATIENT_METHODS.has(method) ? undefined : REQUEST_TIMEOUT_MS;
      const result = await this.#requests.send(method, parameters, timeoutMs);
      return v.parse(COMPOSER_REQUESTS[method].result, result);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #fail(message: string): void {
    this.#error = message;
    this.#options.changed();
  }
}
