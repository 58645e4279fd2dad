import type { DraftEvent } from '../../../storage/events';
import type { ConversationHost } from './driver';

/** Longer text is written in parts, so that the memory it takes stays bounded. */
const MAX_HELD_CHARACTERS = 262_144;

type TextKind = 'message' | 'reasoning';

/** Writes a conversation's events in order. Text that the agent streams in pieces becomes one event. */
export class EventWriter {
  readonly #host: ConversationHost;
  /** Called with each whole message; returns true for one that is not to be written. */
  readonly #intercept: (text: string) => boolean;
  #kind: TextKind = 'message';
  #messageId: string | undefined;
  #pieces: string[] = [];
  #heldCharacters = 0;
  /** How much of the current text was written before its end. */
  #writtenCharacters = 0;

  constructor(host: ConversationHost, intercept: (text: string) => boolean = () => false) {
    this.#host = host;
    this.#intercept = intercept;
  }

  /** Writes the text that was streamed before, then the event. */
  emit(event: DraftEvent): void {
    this.flush();
    this.#host.emit(event);
  }

  /** A part of the agent's output that the driver does not understand. */
  emitOutput(text: string): void {
    this.emit({ kind: 'output', data: { stream: 'stdout', text } });
  }

  /** A warning on stderr does not split the text that is being streamed on stdout. */
  emitStderr(text: string): void {
    this.#host.emit({ kind: 'output', data: { stream: 'stderr', text } });
  }

  addText(kind: TextKind, messageId: string | undefined, text: string): void {
    this.#switchTo(kind, messageId);
    if (this.#heldCharacters > MAX_HELD_CHARACTERS) this.flush();
    this.#pieces.push(text);
    this.#heldCharacters += text.length;
  }

  /** The whole text, for agents that send it after its pieces: writes the part that was not written yet. */
  addWholeText(kind: TextKind, messageId: string, text: string): void {
    this.#switchTo(kind, messageId);
    this.#pieces = [text.slice(this.#writtenCharacters)];
    this.flush();
  }

  flush(): void {
    this.#writtenCharacters += this.#heldCharacters;
    const text = this.#pieces.join('').replace(/^\n+/, '');
    this.#pieces = [];
    this.#heldCharacters = 0;
    if (text.trim() === '') return;
    if (this.#kind === 'reasoning') this.#host.emit({ kind: 'reasoning', data: { text } });
    else if (!this.#intercept(text)) this.#host.emit({ kind: 'message', data: { role: 'assistant', text } });
  }

  #switchTo(kind: TextKind, messageId: string | undefined): void {
    if (this.#kind === kind && this.#messageId === messageId) return;
    this.flush();
    this.#kind = kind;
    this.#messageId = messageId;
    this.#writtenCharacters = 0;
  }
}
