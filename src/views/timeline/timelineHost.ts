import * as l10n from '@vscode/l10n';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';
import type { Disposable } from '../../common/disposable';
import { messageOf } from '../../common/errors';
import { ACTING_METHODS, pageMessageSchema } from '../../protocol/timelineProtocol';
import type {
  Detail,
  HostMessage,
  SessionAction,
  MomentFacts,
  PageRequest,
  TimelineParameters,
  TimelineResult,
  TimelineSession,
  TimelineTarget,
} from '../../protocol/timelineProtocol';
import type { LinkedEvent } from './eventLink';
import { lastPlace, readMoment, snapshotAt } from './moment/momentReader';
import type { PromptHost } from '../composer/promptHost';
import { isPromptRequest } from '../../protocol/promptProtocol';
import { MessageDrafts } from './messageDrafts';
import type { PayloadPlace } from './payloadDocuments';
import { pictureAddress } from '../pictureAddress';
import type { PicturePlace } from './pictureFiles';
import type { SessionSummary } from '../../supervisor/api';
import { SessionPusher } from './sessionPusher';
import { SessionReader } from './sessionReader';
import type { TimelineSource } from './timelineSource';
import { worktreeFolder } from '../text/worktreeLabels';
import { worktreeFile } from './worktreeFile';

/** A file of a session as it is in a commit or tree. */
export interface PastFile {
  session: Pick<SessionSummary, 'repository' | 'worktreePath' | 'worktreeUri' | 'host'>;
  path: string;
  commit: string;
  line: number | undefined;
}

/** What a timeline needs of the editor around it. */
export interface TimelineEditor {
  /** Sends a message to the page. */
  post(message: HostMessage): void;
  /** Hears every state of the session that the page is sent. */
  sessionRead(session: TimelineSession): void;
  /** Reports an action that failed after its page had gone. */
  failed(message: string): void;
  /** `path` is absolute; `line` counts from 1. */
  openFile(path: string, line: number | undefined): Promise<void>;
  /** The file of the session's worktree as it was at an event. `path` is relative to the worktree, with `/`. */
  openPastFile(file: PastFile): Promise<void>;
  openDiff(edit: LinkedEvent): Promise<void>;
  /** The page shows this moment; undefined for the present. */
  momentShown(moment: MomentFacts | undefined): void;
  openPayload(place: PayloadPlace): Promise<void>;
  openPicture(place: PicturePlace): Promise<void>;
  copyLink(event: LinkedEvent): Promise<void>;
  copyEvent(event: LinkedEvent & { shown: number[] }): Promise<void>;
  showSnapshot(snapshot: { sessionId: string; commit: string }): Promise<void>;
  searchHistory(text: string): Promise<void>;
  act(sessionId: string, action: SessionAction): Promise<void>;
  copyText(text: string): Promise<void>;
  /** What is written in this window, loaded when it is first needed. */
  prompts: () => Promise<PromptHost>;
  detail(): Detail;
  chooseDetail(detail: Detail): Promise<void>;
}

/** Serves the page of one session's timeline: answers its requests, and pushes what changed while it listens. */
export class TimelineHost implements Disposable {
  readonly #source: TimelineSource;
  readonly #sessionId: string;
  readonly #editor: TimelineEditor;
  readonly #messages: MessageDrafts;
  readonly #reader: SessionReader;
  readonly #pusher: SessionPusher;
  readonly #subscriptions: Disposable[];
  /** Sent as soon as a page listens: an event to show, messages that could not be sent. */
  #held: HostMessage[] = [];
  /** Aborted when the page goes, so that nothing more is looked up for it. */
  #page = new AbortController();
  #isDisposed = false;

  constructor(source: TimelineSource, sessionId: string, editor: TimelineEditor) {
    this.#source = source;
    this.#sessionId = sessionId;
    this.#editor = editor;
    this.#messages = new MessageDrafts(source, sessionId, editor.prompts);
    this.#reader = new SessionReader(source, sessionId);
    this.#pusher = new SessionPusher(
      async () => {
        const { session, events } = await this.#reader.changes();
        editor.sessionRead(session);
        return { type: 'session', session, events };
      },
      (message) => editor.post(message),
    );
    this.#subscriptions = [
      source.onDidChangeSessions(({ sessionIds }) => {
        if (sessionIds.includes(sessionId)) this.#pusher.markChanged();
      }),
      source.onDidAppendEvents((appended) => {
        if (appended.sessionId === sessionId) this.#pusher.markChanged();
      }),
    ];
  }

  /** Takes a message of the page. Whatever that is, this does not throw. */
  receive(message: unknown): void {
    if (this.#isDisposed) return;
    const parsed = v.safeParse(pageMessageSchema, message);
    if (parsed.success) {
      if (parsed.output.type === 'request') void this.#answer(parsed.output);
      else this.#pusher.confirm();
      return;
    }
    const numbered = v.safeParse(v.looseObject({ requestNumber: v.number() }), message);
    if (!numbered.success) return;
    this.#editor.post({
      type: 'rejection',
      requestNumber: numbered.output.requestNumber,
      message: l10n.t('The timeline sent a request that is not valid: {reason}', {
        reason: v.summarize(parsed.issues),
      }),
    });
  }

  /** Shows an event or a part now, or as soon as the page listens. */
  show(target: TimelineTarget): void {
    this.#tell(typeof target === 'string' ? { type: 'focus', part: target } : { type: 'show', place: target });
  }

  /** Tells the page how much to show; one that loads later asks. */
  showDetail(detail: Detail): void {
    if (this.#pusher.isListening) this.#editor.post({ type: 'detail', detail });
  }

  /** The page is hidden or gone: nothing is pushed until it says `ready` again. */
  pause(): void {
    this.#page.abort();
    this.#pusher.stop();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.pause();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #answer(message: PageRequest): Promise<void> {
    const { requestNumber } = message;
    if (message.method === 'ready' && this.#page.signal.aborted) this.#page = new AbortController();
    const { signal } = this.#page;
    let reply: HostMessage;
    try {
      reply = { type: 'answer', requestNumber, result: await this.#perform(message, signal) };
    } catch (error) {
      reply = { type: 'rejection', requestNumber, message: messageOf(error) };
    }
    if (signal.aborted && reply.type === 'rejection') this.#failedUnseen(message, reply.message);
    if (signal.aborted) return;
    this.#editor.post(reply);
    if (message.method === 'ready') for (const held of this.#held.splice(0)) this.#editor.post(held);
    // The session may have changed since it was read for `ready`.
    if (message.method === 'ready') this.#pusher.markChanged();
  }

  /** Reports an action that failed after its page had gone; a message is kept for the next page. */
  #failedUnseen({ method, parameters }: PageRequest, reason: string): void {
    if (!ACTING_METHODS.has(method)) return;
    if (method !== 'send') this.#editor.failed(reason);
    else if (this.#isDisposed)
      this.#editor.failed(l10n.t('{reason} Your message was not sent: {text}', { reason, text: parameters.text }));
    else {
      this.#editor.failed(l10n.t('{reason} Your message was not sent; it is in the message box again.', { reason }));
      this.#tell({ type: 'unsent', text: parameters.text });
    }
  }

  /** Opens the file as of the last snapshot before an event where one is named, or where there is no other any more. */
  async #openFile({ path, line, at }: TimelineParameters<'openFile'>): Promise<void> {
    const session = await this.#source.getSession(this.#sessionId);
    const file = worktreeFile(session, path);
    // What lies on another host is shown as it came from there last.
    const place = at ?? (session.host === undefined ? undefined : lastPlace(session));
    const snapshot = place === undefined ? undefined : await snapshotAt(this.#source, this.#sessionId, place);
    const commit = snapshot?.commit ?? (session.host === undefined ? undefined : session.baseCommit);
    const inWorktree = relative(worktreeFolder(session), file).replaceAll('\\', '/');
    if (commit === undefined) await this.#editor.openFile(file, line);
    else await this.#editor.openPastFile({ session, path: inWorktree, commit, line });
  }

  #tell(message: HostMessage): void {
    if (this.#pusher.isListening) this.#editor.post(message);
    else this.#held.push(message);
  }

  async #perform(message: PageRequest, signal: AbortSignal): Promise<unknown> {
    if (isPromptRequest(message)) return await this.#messages.perform(message);
    const { method, parameters } = message;
    switch (method) {
      case 'ready': {
        await this.#reader.follow(signal, (each) => this.#editor.post(each));
        const { session, events } = await this.#reader.latest();
        signal.throwIfAborted();
        this.#pusher.start();
        this.#editor.sessionRead(session);
        return { session, events, detail: this.#editor.detail() } satisfies TimelineResult<'ready'>;
      }
      case 'ping':
        return {};
      case 'events':
        return {
          events: await this.#reader.events(parameters.runId, parameters.fromSeq, parameters.limit),
        } satisfies TimelineResult<'events'>;
      case 'event':
        return { event: await this.#reader.event(parameters.runId, parameters.seq) } satisfies TimelineResult<'event'>;
      case 'seqAt':
        return { seq: await this.#reader.seqAt(parameters.runId, parameters.timeMs) } satisfies TimelineResult<'seqAt'>;
      case 'answer': {
        const { requestId, ...answer } = parameters;
        await this.#source.answerPermission(this.#sessionId, requestId, answer);
        return {};
      }
      case 'send':
        await this.#messages.send(parameters.text);
        return {};
      case 'interrupt':
        await this.#source.interrupt(this.#sessionId);
        return {};
      case 'resume':
        await this.#source.resume(this.#sessionId);
        return {};
      case 'stop':
        await this.#source.stop(this.#sessionId);
        return {};
      case 'cancelAside':
        await this.#source.cancelAside(this.#sessionId, parameters.asideId);
        return {};
      case 'openFile': {
        await this.#openFile(parameters);
        return {};
      }
      case 'openDiff':
        await this.#editor.openDiff({ sessionId: this.#sessionId, ...parameters });
        return {};
      case 'moment': {
        const { place } = parameters;
        const facts = place === undefined ? undefined : await readMoment(this.#source, this.#sessionId, place);
        if (!signal.aborted) this.#editor.momentShown(facts);
        return { facts } satisfies TimelineResult<'moment'>;
      }
      case 'copyLink':
        await this.#editor.copyLink({ sessionId: this.#sessionId, ...parameters });
        return {};
      case 'copyEvent':
        await this.#editor.copyEvent({ sessionId: this.#sessionId, ...parameters });
        return {};
      case 'copyText':
        await this.#editor.copyText(parameters.text);
        return {};
      case 'copyField': {
        const { runId, seq, field } = parameters;
        const timeline = await this.#source.timeline(this.#sessionId);
        await this.#editor.copyText(stripVTControlCharacters(await timeline.payload(runId, seq, field)));
        return {};
      }
      case 'chooseDetail':
        await this.#editor.chooseDetail(parameters.detail);
        return {};
      case 'act':
        void this.#editor.act(this.#sessionId, parameters.action);
        return {};
      case 'showSnapshot':
        // Not awaited: it asks a person, who may take any time. The command shows its own errors.
        void this.#editor.showSnapshot({ sessionId: this.#sessionId, commit: parameters.commit });
        return {};
      case 'searchHistory':
        void this.#editor.searchHistory(parameters.text);
        return {};
      case 'picture': {
        const { runId, seq, index } = parameters;
        const timeline = await this.#source.timeline(this.#sessionId);
        // The page names a picture that is gone, and opening it says why.
        const bytes = await timeline.picture(runId, seq, index).catch(() => Buffer.alloc(0));
        return { address: pictureAddress(bytes) } satisfies TimelineResult<'picture'>;
      }
      case 'openPicture':
        await this.#editor.openPicture({ sessionId: this.#sessionId, ...parameters });
        return {};
      case 'openPayload':
        await this.#editor.openPayload({ sessionId: this.#sessionId, ...parameters });
        return {};
      default:
        return await (await this.#source.timeline(this.#sessionId)).query(method, parameters);
    }
  }
}
