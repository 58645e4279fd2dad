import type { ConversationHost } from './driver';

/** A part of this length is told even though more may follow: what is held back has to be bounded. */
const LONGEST = 262_144;

/** Text that an agent says in pieces: told as one event where the piece after it belongs to something else. */
export class StreamedText {
  readonly #host: ConversationHost;
  /** What whole texts mean to this agent: true where it was dealt with. */
  readonly #intercept: (text: string) => boolean;
  #kind: 'message' | 'reasoning' = 'message';
  #messageId: string | undefined;
  #pieces: string[] = [];
  #length = 0;
  /** How much of the current text was told before its end. */
  #toldLength = 0;

  constructor(host: ConversationHost, intercept: (text: string) => boolean = () => false) {
    this.#host = host;
    this.#intercept = intercept;
  }

  add(kind: 'message' | 'reasoning', messageId: string | undefined, text: string): void {
    this.#turnTo(kind, messageId);
    if (this.#length > LONGEST) this.flush();
    this.#pieces.push(text);
    this.#length += text.length;
  }

  /** The whole text, where it comes as well: what was told of it already is not told again. */
  addWhole(kind: 'message' | 'reasoning', messageId: string, text: string): void {
    this.#turnTo(kind, messageId);
    this.#pieces = [text.slice(this.#toldLength)];
    this.flush();
  }

  /** To be called before anything else is told. */
  flush(): void {
    this.#toldLength += this.#length;
    const text = this.#pieces.join('').replace(/^\n+/, '');
    this.#pieces = [];
    this.#length = 0;
    if (text.trim() === '') return;
    if (this.#kind === 'reasoning') this.#host.emit({ kind: 'reasoning', data: { text } });
    else if (!this.#intercept(text)) this.#host.emit({ kind: 'message', data: { role: 'assistant', text } });
  }

  #turnTo(kind: 'message' | 'reasoning', messageId: string | undefined): void {
    if (this.#kind === kind && this.#messageId === messageId) return;
    this.flush();
    this.#kind = kind;
    this.#messageId = messageId;
    this.#toldLength = 0;
  }
}
