import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { ToldOffers } from '../../../storage/agentOffers';
import { lenient, text } from '../driver/schemas';
import type { ClaudeOf } from './claudeMessages';

const DEFAULT_MODEL = 'default';

const offersSchema = v.object({
  commands: lenient(v.array(v.object({ name: text, description: lenient(text), argumentHint: lenient(text) }))),
  models: lenient(v.array(v.object({ value: text, displayName: lenient(text), description: lenient(text) }))),
});

/** What Claude offers: it names its commands at the start, and describes them and its models where it is asked. */
export class ClaudeOffers {
  readonly #offer: (told: ToldOffers) => void;
  readonly #write: (message: object) => void;
  #names: readonly string[] = [];
  #requestId: string | undefined;

  constructor(offer: (told: ToldOffers) => void, write: (message: object) => void) {
    this.#offer = offer;
    this.#write = write;
  }

  /** Asks once. A program that only speaks as Claude does names no commands, and is not asked. */
  readNames(names: readonly string[] | undefined): void {
    if (this.#requestId !== undefined || names === undefined) return;
    this.#names = names;
    this.#requestId = randomUUID();
    this.#write({ type: 'control_request', request_id: this.#requestId, request: { subtype: 'initialize' } });
  }

  /** True where this answers the question. */
  readAnswer({ response: answer }: ClaudeOf<'control_response'>): boolean {
    if (answer.request_id === undefined || answer.request_id !== this.#requestId) return false;
    const parsed = answer.subtype === 'success' ? v.safeParse(offersSchema, answer.response) : undefined;
    const { commands, models } = parsed?.success ? parsed.output : {};
    this.#offer({
      commands: commands ?? this.#names.map((name) => ({ name })),
      models: models?.map(({ value, displayName, description }) => {
        return { id: value, name: displayName, description, isDefault: value === DEFAULT_MODEL };
      }),
    });
    return true;
  }
}
