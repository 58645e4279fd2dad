import { readRegular } from '../../common/disks/regularFile';
import * as l10n from '@vscode/l10n';
import type { SessionEvent } from '../../storage/events';
import type { AskTimeline, QueryParameters, QueryResult, TimelineQuery } from '../../storage/timelineQueries';
import { CorralError } from '../../storage/errors';
import { readPayload } from '../../storage/journal/eventPayload';
import { wholeEvent } from '../../storage/journal/wholeEvent';
import { isPictureType } from '../../common/pictures/pictureType';
import { readAttachmentFile } from '../../storage/journal/attachmentFiles';
import type { RunPaths, SessionPaths } from '../../storage/paths';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { readJournalEvents } from './journalEvents';

/** The bytes of one picture of an event, whose others are not read: first its own, then those attached to it. */
async function readPicture(session: SessionPaths, event: SessionEvent, index: number): Promise<Buffer | undefined> {
  const attached =
    event.kind === 'message' ? (event.data.attachments ?? []).filter(({ mediaType }) => isPictureType(mediaType)) : [];
  const own = 'pictures' in event.data ? (event.data.pictures?.length ?? 0) : 0;
  const attachment = attached[index - own];
  if (attachment !== undefined) return await readAttachmentFile(session, attachment.id);
  const data = await readOwnPicture(session.run(event.runId), event, index);
  return data === undefined ? undefined : Buffer.from(data, 'base64');
}

/** As Base64. */
async function readOwnPicture(run: RunPaths, event: SessionEvent, index: number): Promise<string | undefined> {
  if (event.kind !== 'message' && event.kind !== 'tool.result') return undefined;
  const blobs = event.data.blobs ?? {};
  const blob = blobs[`/pictures/${index}/data`];
  if (blob !== undefined) return await readRegular(run.blob(blob.sha256));
  const whole = blobs['/pictures'] === undefined ? event : await wholeEvent(run, event);
  return 'pictures' in whole.data ? whole.data.pictures?.[index]?.data : undefined;
}

/** The recorded events of one session. */
export class SessionTimeline {
  readonly #store: SessionStore;
  readonly #model: SessionModel;
  readonly #sessionId: string;

  constructor({ store, model }: { store: SessionStore; model: SessionModel }, sessionId: string) {
    this.#store = store;
    this.#model = model;
    this.#sessionId = sessionId;
  }

  /**
   * Answers a query of `TIMELINE_QUERIES`, once the session's journals are indexed to their ends. Until then events
   * come from the journals themselves.
   */
  readonly query: AskTimeline = async (query, parameters) => {
    const early = this.#store.isCatchingUp(this.#sessionId) ? await this.#early[query]?.(parameters) : undefined;
    return early ?? (await this.#store.index.query(this.#sessionId, query, parameters));
  };

  /** What can be answered without the index, for certain; undefined where it cannot. */
  readonly #early: { [Q in TimelineQuery]?: (asked: QueryParameters<Q>) => Promise<QueryResult<Q> | undefined> } = {
    runEvents: async (asked) => {
      const facts = this.#model.find(this.#sessionId);
      const paths = this.#store.paths.session(this.#sessionId);
      return facts === undefined ? undefined : await readJournalEvents(paths, facts, asked);
    },
  };

  /**
   * Settles when the journals are indexed to their ends; `onProgress` hears the share that is, from 0 to 1.
   * Until `signal` is aborted, new events are announced without delay.
   */
  async follow(options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void> {
    this.#store.watch(this.#sessionId, options.signal);
    await this.#store.catchUp(this.#sessionId, options);
  }

  /**
   * The bytes of one picture of an event.
   * @throws INVALID_ARGUMENT where there is no such picture
   */
  async picture(runId: string, seq: number, index: number): Promise<Buffer> {
    const [event] = await this.query('runEvents', { runId, fromSeq: seq, limit: 1 });
    const session = this.#store.paths.session(this.#sessionId);
    const whole = event?.seq === seq ? await readPicture(session, event, index) : undefined;
    if (whole === undefined)
      throw new CorralError(
        'INVALID_ARGUMENT',
        l10n.t('Event {seq} has no picture {number}.', { seq, number: index + 1 }),
      );
    return whole;
  }

  /**
   * The event with nothing cut, whatever its size.
   * @throws INVALID_ARGUMENT where there is no such event
   */
  async wholeEvent(runId: string, seq: number): Promise<SessionEvent> {
    const [event] = await this.query('runEvents', { runId, fromSeq: seq, limit: 1 });
    if (event?.seq !== seq)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('There is no event {seq} in this run.', { seq }));
    return await wholeEvent(this.#store.paths.session(this.#sessionId).run(runId), event);
  }

  /**
   * A field of an event as text, whole, also where the event holds only a preview of it.
   * @throws INVALID_ARGUMENT where there is no such event or field
   */
  async payload(runId: string, seq: number, field: string): Promise<string> {
    const [event] = await this.query('runEvents', { runId, fromSeq: seq, limit: 1 });
    const run = this.#store.paths.session(this.#sessionId).run(runId);
    const payload =
      event?.seq === seq
        ? await readPayload(event, field, async (sha256) => await readRegular(run.blob(sha256)))
        : undefined;
    if (payload === undefined)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('Event {seq} has no field “{field}”.', { seq, field }));
    return payload;
  }
}
