import { messageOf } from '../../common/errors';
import type { HostMessage } from '../../protocol/timelineProtocol';
import { CorralError } from '../../storage/errors';

/** At most one push in this time, so that a flood of events costs a bounded number of paints. */
const PUSH_INTERVAL_MS = 40;
/** A page that never confirms a push gets the next one after this time; a read that failed is repeated after it. */
const RECEIPT_TIMEOUT_MS = 1_000;

/** Pushes a session to its page while that listens: what changed meanwhile follows once the last push is confirmed. */
export class SessionPusher {
  readonly #read: () => Promise<HostMessage>;
  readonly #post: (message: HostMessage) => void;
  #isListening = false;
  #isChanged = false;
  #isPushing = false;
  /** Runs while the next push has to wait: for the page's confirmation, and for the interval at least. */
  #timer: NodeJS.Timeout | undefined;
  #pushedMs = 0;
  /** Why the last read failed, if it did: the page is told each reason once. */
  #failure: string | undefined;

  /** `read` gives what is to be pushed. */
  constructor(read: () => Promise<HostMessage>, post: (message: HostMessage) => void) {
    this.#read = read;
    this.#post = post;
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  start(): void {
    this.#isListening = true;
  }

  stop(): void {
    this.#isListening = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The session changed: pushed now, or as soon as that is due. */
  markChanged(): void {
    this.#isChanged = true;
    if (this.#isListening && !this.#isPushing && this.#timer === undefined) void this.#push();
  }

  /** The page has what was pushed last. */
  confirm(): void {
    if (this.#timer !== undefined) this.#waitFor(this.#pushedMs + PUSH_INTERVAL_MS - performance.now());
  }

  async #push(): Promise<void> {
    this.#isPushing = true;
    this.#isChanged = false;
    let message: HostMessage;
    try {
      message = await this.#read();
    } catch (error) {
      message = { type: 'failure', message: messageOf(error) };
      this.#isChanged ||= !(error instanceof CorralError && error.code === 'SESSION_NOT_FOUND'); // it is read again
    }
    this.#isPushing = false;
    if (!this.#isListening) return;
    this.#pushedMs = performance.now();
    this.#waitFor(RECEIPT_TIMEOUT_MS);
    const failure = message.type === 'failure' ? message.message : undefined;
    if (failure === undefined || failure !== this.#failure) this.#post(message);
    this.#failure = failure;
  }

  #waitFor(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#isChanged) this.markChanged();
      },
      Math.max(0, delayMs),
    );
  }
}
