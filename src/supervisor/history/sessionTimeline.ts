import { readRegular } from '../../common/disks/regularFile';
import * as l10n from '@vscode/l10n';
import type { SessionEvent } from '../../storage/events';
import type { AskTimeline } from '../../storage/timelineQueries';
import { CorralError } from '../../storage/errors';
import { readPayload } from '../../storage/journal/eventPayload';
import { wholeEvent } from '../../storage/journal/wholeEvent';
import type { RunPaths } from '../../storage/paths';
import type { SessionStore } from '../sessions/sessionStore';

/** One picture of an event as Base64, whose other pictures are not read. */
async function withPicture(run: RunPaths, event: SessionEvent, index: number): Promise<string | undefined> {
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
  readonly #sessionId: string;

  constructor(store: SessionStore, sessionId: string) {
    this.#store = store;
    this.#sessionId = sessionId;
  }

  /** Answers a query of `TIMELINE_QUERIES`, once the session's journals are indexed to their ends. */
  readonly query: AskTimeline = async (query, parameters) =>
    await this.#store.index.query(this.#sessionId, query, parameters);

  /**
   * Settles when the journals are indexed to their ends; `onProgress` hears the share that is, from 0 to 1.
   * Until `signal` is aborted, new events are announced without delay.
   */
  async follow(options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<void> {
    this.#store.watch(this.#sessionId, options.signal);
    await this.#store.index.catchUp(this.#sessionId, options);
  }

  /**
   * The bytes of one picture of an event.
   * @throws INVALID_ARGUMENT where there is no such picture
   */
  async picture(runId: string, seq: number, index: number): Promise<Buffer> {
    const [event] = await this.query('runEvents', { runId, fromSeq: seq, limit: 1 });
    const run = this.#store.paths.session(this.#sessionId).run(runId);
    const whole = event?.seq === seq ? await withPicture(run, event, index) : undefined;
    if (whole === undefined)
      throw new CorralError(
        'INVALID_ARGUMENT',
        l10n.t('Event {seq} has no picture {number}.', { seq, number: index + 1 }),
      );
    return Buffer.from(whole, 'base64');
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
