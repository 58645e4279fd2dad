import { readFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import type { AskTimeline } from '../../storage/timelineQueries';
import { CorralError } from '../../storage/errors';
import { readPayload } from '../../storage/journal/eventPayload';
import type { SessionStore } from '../sessions/sessionStore';

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
   * A field of an event as text, whole, also where the event holds only a preview of it.
   * @throws INVALID_ARGUMENT where there is no such event or field
   */
  async payload(runId: string, seq: number, field: string): Promise<string> {
    const [event] = await this.query('runEvents', { runId, fromSeq: seq, limit: 1 });
    const run = this.#store.paths.session(this.#sessionId).run(runId);
    const payload =
      event?.seq === seq
        ? await readPayload(event, field, async (sha256) => await readFile(run.blob(sha256), 'utf8'))
        : undefined;
    if (payload === undefined)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('Event {seq} has no field “{field}”.', { seq, field }));
    return payload;
  }
}
