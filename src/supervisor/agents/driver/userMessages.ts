/** What people say to an agent, with the files that go with it, until the agent has confirmed it. */
import { randomUUID } from 'node:crypto';
import type { AttachmentReference } from '../../../storage/attachments';
import type { DraftEvent } from '../../../storage/events';

/** Said to an agent that answers a question beside its work. */
export const ASIDE_INSTRUCTIONS =
  'The last message is a question that a person asks beside the work. Answer it from this conversation and from the files. Change nothing, run nothing that changes anything, and do not go on with the task.';

/** The question for an agent that takes no instructions beside its messages. */
export function asideMessage(text: string): string {
  return `${ASIDE_INSTRUCTIONS}\n\n${text}`;
}

/** A file that goes with a message, as an agent can get it. */
export interface AgentAttachment {
  reference: AttachmentReference;
  /** Absolute path of a copy that the agent can read. */
  path: string;
  /** Of a picture that is small enough to be a part of the message: its bytes in Base64. */
  picture?: string;
  /** Of a short text: the text. */
  text?: string;
}

export interface UserMessage {
  text: string;
  attachments: readonly AgentAttachment[];
}

/** The message as the journal has it: as people wrote it, with references to its files. */
export function messageEvent({ text, attachments }: UserMessage): DraftEvent {
  const references = attachments.map(({ reference }) => reference);
  return {
    kind: 'message',
    data: { role: 'user', text, ...(references.length === 0 ? {} : { attachments: references }) },
  };
}

/** Names files to an agent by their paths; undefined where there are none. */
export function pathsNote(paths: readonly string[]): string | undefined {
  return paths.length === 0 ? undefined : ['Attached files:', ...paths.map((path) => `- ${path}`)].join('\n');
}

/** A text as people wrote it, and then the paths. */
export function textWithPaths(text: string, paths: readonly string[]): string {
  const note = pathsNote(paths);
  return note === undefined ? text : `${text}\n\n${note}`;
}

/** The message for an agent that takes no files. */
export function inWords({ text, attachments }: UserMessage): string {
  return textWithPaths(
    text,
    attachments.map(({ path }) => path),
  );
}

/** Messages that were sent to the agent and that it has not echoed yet, by the id that the echo carries. */
export class PendingMessages {
  readonly #messages = new Map<string, UserMessage>();

  get size(): number {
    return this.#messages.size;
  }

  /** Returns the id to send with the message. */
  add(message: UserMessage): string {
    const id = randomUUID();
    this.#messages.set(id, message);
    return id;
  }

  take(id: string): UserMessage | undefined {
    const message = this.#messages.get(id);
    this.#messages.delete(id);
    return message;
  }

  /**
   * The message that an echo confirms, as it was sent. Undefined without a known id, and then every message whose text
   * the echo contains counts as confirmed.
   */
  takeEchoed(id: string | undefined, echo: string): UserMessage | undefined {
    const sent = id === undefined ? undefined : this.take(id);
    if (sent !== undefined) return sent;
    for (const [key, { text }] of this.#messages) if (echo.includes(text)) this.#messages.delete(key);
    return undefined;
  }

  takeAll(): UserMessage[] {
    const messages = [...this.#messages.values()];
    this.#messages.clear();
    return messages;
  }
}
