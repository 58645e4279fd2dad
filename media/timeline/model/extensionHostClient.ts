import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { Requests } from '../../shared/requests';
import { PATIENT_METHODS, TIMELINE_REQUESTS, hostMessageSchema } from '../../../src/protocol/timelineProtocol';
import type {
  Aside,
  Detail,
  EventPlace,
  TimelineEvent,
  TimelineMethod,
  TimelineParameters,
  TimelinePart,
  TimelineResult,
  TimelineSession,
} from '../../../src/protocol/timelineProtocol';

/** Long enough for an extension host that starts. Requests of `PATIENT_METHODS` wait until the connection is lost. */
const REQUEST_TIMEOUT_MS = 30_000;
/** The connection counts as lost if nothing is heard for so long after a ping. */
const PING_TIMEOUT_MS = 4_000;

export interface HostListener {
  /** The session as it is now, and the newest of its new events. */
  sessionChanged(session: TimelineSession, events: TimelineEvent[]): void;
  failed(message: string): void;
  /** The extension has indexed this share of the history, from 0 to 1, and answers after that. */
  readingOn(share: number): void;
  /** All questions that were asked beside the work. */
  asidesChanged(asides: Aside[]): void;
  /** Somebody followed a link to this event. */
  showWanted(place: EventPlace): void;
  /** Somebody wants to write a message, or to answer. */
  focusWanted(part: TimelinePart): void;
  /** A person chose how much the list shows, here or elsewhere. */
  detailChosen(detail: Detail): void;
  /** A message of an earlier page could not be sent. */
  messageReturned(text: string): void;
  /** `lostSinceMs` changed. */
  connectionChanged(): void;
}

/** The connection was lost while an action was under way, so its outcome is unknown. */
export class UnknownOutcomeError extends Error {}

/** Asks the extension; undefined where that failed, once the page has been told why. */
export type Ask = <M extends TimelineMethod>(
  method: M,
  parameters: TimelineParameters<M>,
) => Promise<TimelineResult<M> | undefined>;

/** Sends the page's requests to the extension, and receives what it answers and pushes. */
export class ExtensionHostClient {
  readonly #post: (message: unknown) => void;
  readonly #listener: HostListener;
  readonly #timeoutMs: { request: number; ping: number };
  readonly #requests: Requests;
  #lastHeard = { atMs: Date.now() };
  #lostSinceMs: number | undefined;
  #isPinging = false;

  constructor(
    post: (message: unknown) => void,
    listener: HostListener,
    timeoutMs: { request: number; ping: number } = { request: REQUEST_TIMEOUT_MS, ping: PING_TIMEOUT_MS },
  ) {
    this.#post = post;
    this.#requests = new Requests(post);
    this.#listener = listener;
    this.#timeoutMs = timeoutMs;
  }

  /** When the extension was last heard, while it does not answer; else undefined. Milliseconds since the epoch. */
  get lostSinceMs(): number | undefined {
    return this.#lostSinceMs;
  }

  /** Updates `lostSinceMs`: nothing else tells a page that its extension host has died. Never rejects. */
  async ping(): Promise<void> {
    if (this.#isPinging) return;
    this.#isPinging = true;
    const lastHeard = this.#lastHeard;
    await this.#requests.send('ping', {}, this.#timeoutMs.ping).catch(() => {
      if (this.#lastHeard !== lastHeard) return; // it is alive, but busy
      this.#giveUpActing();
      if (this.#lostSinceMs !== undefined) return;
      this.#lostSinceMs = lastHeard.atMs;
      this.#listener.connectionChanged();
    });
    this.#isPinging = false;
  }

  /** Rejects with a sentence for a person: the extension's, or that it did not answer. */
  async request<M extends TimelineMethod>(method: M, parameters: TimelineParameters<M>): Promise<TimelineResult<M>> {
    const result = await this.#requests.send(
      method,
      parameters,
      PATIENT_METHODS.has(method) ? undefined : this.#timeoutMs.request,
    );
    const parsed = v.safeParse(TIMELINE_REQUESTS[method].result, result);
    if (!parsed.success)
      throw new Error(l10n.t('The extension gave an answer that is not valid: {0}', v.summarize(parsed.issues)));
    return parsed.output;
  }

  /** Takes a message of the extension. */
  receive(data: unknown): void {
    const parsed = v.safeParse(hostMessageSchema, data);
    if (!parsed.success) {
      this.#listener.failed(l10n.t('The extension sent a message that is not valid: {0}', v.summarize(parsed.issues)));
      return;
    }
    this.#heard();
    const message = parsed.output;
    switch (message.type) {
      case 'answer':
      case 'rejection':
        this.#requests.settle(message);
        return;
      case 'session':
        this.#post({ type: 'received' });
        this.#listener.sessionChanged(message.session, message.events);
        return;
      case 'asides':
        this.#listener.asidesChanged(message.asides);
        return;
      case 'show':
        this.#listener.showWanted(message.place);
        return;
      case 'focus':
        this.#listener.focusWanted(message.part);
        return;
      case 'detail':
        this.#listener.detailChosen(message.detail);
        return;
      case 'unsent':
        this.#listener.messageReturned(message.text);
        return;
      case 'reading':
        this.#requests.restartTimers();
        this.#listener.readingOn(message.share);
        return;
      case 'failure':
        this.#listener.failed(message.message);
        return;
      default:
        message satisfies never;
    }
  }

  #giveUpActing(): void {
    const patient: ReadonlySet<string> = PATIENT_METHODS;
    this.#requests.giveUp(
      (method) => patient.has(method),
      new UnknownOutcomeError(
        l10n.t('The connection was lost, so this may have been done or not. Check before you repeat it.'),
      ),
    );
  }

  #heard(): void {
    this.#lastHeard = { atMs: Date.now() };
    if (this.#lostSinceMs === undefined) return;
    this.#lostSinceMs = undefined;
    this.#listener.connectionChanged();
  }
}
