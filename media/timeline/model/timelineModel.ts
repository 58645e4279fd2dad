import * as l10n from '@vscode/l10n';
import type { EventPlace, SavedState, TimelineEvent, TimelineSession } from '../../../src/protocol/timelineProtocol';
import { Asides } from './asides';
import { ExtensionHostClient, UnknownOutcomeError, type Ask } from './extensionHostClient';
import { EventFilter, type FindContext } from './eventFilter';
import { EventFind } from './eventFind';
import { Facets } from './facets';
import { ListRows } from './rows/listRows';
import { MessageDraft } from './messageDraft';
import { Pauses } from './density/pauses';
import { Moment } from './moment';
import { PendingPermissions } from './pendingPermissions';
import { Density } from './density/density';
import { jumpTo, type JumpTarget } from './jumpTargets';
import { Playlist } from './playlist';
import { Replay } from './replay';
import { SessionActions } from './sessionActions';
import { ShownEvents } from './shownEvents';

/** Errors that stay on the page at a time. */
const MAX_ERRORS = 3;

/** The page's state, which the components show and change. It knows nothing of the DOM. */
export class TimelineModel {
  readonly #client: ExtensionHostClient;
  readonly #findContext: FindContext;
  readonly #save: (state: SavedState) => void;
  readonly #toggledFolds = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #sessionId: string;
  /** Where the page stood the last time, until it is there again. */
  #savedPosition: EventPlace | undefined;
  #isStarting = false;

  session: TimelineSession | undefined;
  /** Share of the history that is indexed, from 0 to 1, while the extension reads what nobody had looked at. */
  readShare: number | undefined;
  playlist = new Playlist([]);
  /** The one run that is shown, or undefined for all. */
  runId: string | undefined;
  readonly events: ShownEvents;
  readonly rows: ListRows;
  readonly replay: Replay;
  readonly filter: EventFilter;
  readonly find: EventFind;
  readonly density: Density;
  readonly facets: Facets;
  readonly permissions: PendingPermissions;
  readonly draft: MessageDraft;
  readonly actions: SessionActions;
  readonly moment: Moment;
  readonly asides: Asides;
  /** The list stays at its end as events come. */
  following = true;
  /** Lines there were when following stopped. */
  seenLines = 0;
  errors: string[] = [];

  constructor(
    sessionId: string,
    saved: SavedState | undefined,
    post: (message: unknown) => void,
    save: (state: SavedState) => void,
  ) {
    this.#sessionId = sessionId;
    this.#save = save;
    this.runId = saved?.runId;
    this.#savedPosition = saved?.position;
    this.#client = new ExtensionHostClient(post, {
      sessionChanged: (session, events) => this.#setSession(session, events),
      asidesChanged: (asides) => this.asides.set(asides),
      failed: (message) => {
        this.readShare = undefined;
        this.fail(message);
      },
      readingOn: (share) => {
        this.readShare = share > 0 && share < 1 ? share : undefined;
        this.#changed();
      },
      showWanted: (place) => this.#show(place),
      focusWanted: (part) => (part === 'messageBox' ? this.draft.prompt.focus() : this.rows.wantQuestion()),
      detailChosen: (detail) => this.rows.setDetail(detail),
      messageReturned: (text) => void this.draft.prompt.restore(text),
      connectionChanged: () => {
        this.#changed();
        if (this.lostSinceMs === undefined) void this.start(); // what was pushed meanwhile may be lost
      },
    });
    const changed = (): void => this.#changed();
    const playlist = (): Playlist => this.playlist;
    const shownRows = (): number => this.replay.shownRows;
    const ask: Ask = (method, parameters) => this.#attempt(() => this.#client.request(method, parameters));
    const placeAt = async (moment: { runId: string; timeMs: number }): Promise<EventPlace | undefined> => {
      const found = await ask('seqAt', moment);
      return found === undefined ? undefined : { runId: moment.runId, seq: found.seq };
    };
    this.moment = new Moment(ask, changed);
    this.asides = new Asides({
      ...{ placeAt, changed, session: () => this.session, show: (place) => this.#show(place) },
      cancel: (asideId) => ask('cancelAside', { asideId }),
      playlist: () => (this.filter.isActive || this.runId !== undefined ? undefined : this.playlist),
    });
    this.#findContext = { playlist, find: (query) => ask('findEvents', query) };
    this.filter = new EventFilter({ ...this.#findContext, changed, criteriaChanged: () => this.find.restart() });
    this.find = new EventFind({
      ...this.#findContext,
      criteria: () => this.filter.criteria,
      shownRows,
      lineOf: (row) => this.rows.rowLineOf(row),
      reveal: (row, aside) => {
        this.asides.marked = aside;
        this.rows.reveal(this.playlist.placeOf(row), aside === undefined ? this.find.text : '', aside !== undefined);
      },
      asides: (text) => this.asides.withText(text),
      changed,
    });
    const pauses = new Pauses({ playlist, read: (query) => ask('pauses', query) });
    this.density = new Density({ playlist, pauses, count: (query) => ask('density', query), changed });
    this.facets = new Facets({ playlist, read: (part) => ask('facets', part), changed });
    this.permissions = new PendingPermissions({
      session: () => this.session,
      send: (answer) => ask('answer', answer),
      changed,
    });
    this.events = new ShownEvents({
      playlist,
      shownRows,
      filter: this.filter,
      permissions: this.permissions,
      ask,
      load: async (runId, fromSeq, limit) => (await this.#client.request('events', { runId, fromSeq, limit })).events,
      loadFailed: (error) => this.fail(error),
      changed,
    });
    const open = (fold: string): void => void this.#toggledFolds.add(fold);
    const lineCount = (): number => this.lineCount;
    const { events, filter } = this;
    this.rows = new ListRows({ events, filter, playlist, shownRows, lineCount, open, ask, changed });
    this.replay = new Replay({
      playlist,
      timeOf: (row) => this.events.timeOf(row),
      needFrom: (row) => this.events.loadRows(row, row),
      placeAt,
      changed,
      moved: () => {
        this.following = true;
      },
    });
    const fail = (message: string): void => this.fail(message);
    const sent = (): void => this.replay.moveTo(this.playlist.rowCount);
    this.draft = new MessageDraft(saved?.draft ?? '', { ask, fail, changed, sent });
    const shownPlace = (): EventPlace | undefined => this.replay.place;
    this.actions = new SessionActions({ ...this.#findContext, shownRows, shownPlace, ask, fail, changed });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  receive(message: unknown): void {
    this.#client.receive(message);
  }

  /** Since when nothing is heard of the extension: what the page shows is as old as that. */
  get lostSinceMs(): number | undefined {
    return this.#client.lostSinceMs;
  }

  /** Updates `lostSinceMs`, and asks again for a session that could not be read before. */
  async checkConnection(): Promise<void> {
    await this.#client.ping();
    if (this.session === undefined && !this.#isStarting && this.lostSinceMs === undefined) await this.start();
  }

  async start(): Promise<void> {
    this.#isStarting = true;
    await this.#attempt(async () => {
      const { session, events, detail } = await this.#client.request('ready', {});
      this.rows.setDetail(detail);
      this.#setSession(session, events);
      await this.draft.prompt.load();
    });
    this.#isStarting = false;
  }

  fail(error: unknown): void {
    // The page says already that the connection is lost, which is why most requests fail then.
    if (this.lostSinceMs !== undefined && !(error instanceof UnknownOutcomeError)) return;
    const message = error instanceof Error ? error.message : String(error);
    this.errors = [...this.errors.filter((known) => known !== message), message].slice(-MAX_ERRORS);
    this.#changed();
  }

  dismiss(message: string): void {
    this.errors = this.errors.filter((known) => known !== message);
    this.#changed();
  }

  /** Lines of the list: what is shown and fits the filter. */
  get lineCount(): number {
    return this.filter.isActive ? this.filter.count(this.replay.shownRows) : this.replay.shownRows;
  }

  get newRows(): number {
    return this.following || this.replay.position !== undefined ? 0 : Math.max(0, this.lineCount - this.seenLines);
  }

  async jump(target: JumpTarget, direction: 'back' | 'forward'): Promise<void> {
    await jumpTo(this.#findContext, this.replay, target, direction);
  }

  /** True where a fold of an event differs from its default. Kept here because rows come and go as the list scrolls. */
  isToggled(fold: string): boolean {
    return this.#toggledFolds.has(fold);
  }

  /** Opens or closes a fold. Who does that reads there, so new rows no longer move it away. */
  toggle(fold: string): void {
    this.setFollowing(false);
    if (!this.#toggledFolds.delete(fold)) this.#toggledFolds.add(fold);
    this.#changed();
  }

  setFollowing(following: boolean): void {
    if (following === this.following) return;
    this.following = following;
    this.seenLines = this.lineCount;
    this.#changed();
  }

  selectRun(runId: string | undefined): void {
    this.runId = runId;
    this.replay.reset();
    this.following = true;
    this.#updatePlaylist();
    this.#readAgain();
    this.#changed();
  }

  /** Moves to an event, also from another run's view. */
  #show(place: EventPlace): void {
    if (this.asides.showIfAside(place.runId)) return;
    if (this.playlist.rowOf(place) === undefined) this.selectRun(undefined);
    const row = this.playlist.rowOf(place);
    if (row === undefined) this.fail(l10n.t('This event is not in the timeline.'));
    else {
      this.replay.moveTo(row + 1);
      this.rows.reveal(place);
    }
  }

  #setSession(session: TimelineSession, events: TimelineEvent[]): void {
    this.events.add(events);
    if (this.session === undefined) this.errors = []; // they said why it could not be read
    this.session = session;
    const before = this.playlist;
    this.#updatePlaylist();
    if (this.playlist.extends(before)) for (const part of [this.filter, this.find, this.density]) part.extend();
    else this.#readAgain();
    this.#changed();
  }

  /** Another playlist has other rows. */
  #readAgain(): void {
    for (const part of [this.filter, this.find, this.density, this.facets]) part.restart();
  }

  #updatePlaylist(): void {
    const runs = this.session?.runs ?? [];
    if (!runs.some((run) => run.runId === this.runId)) this.runId = undefined;
    const { place } = this.replay;
    this.playlist = new Playlist(this.runId === undefined ? runs : runs.filter((run) => run.runId === this.runId));
    const wanted = place ?? this.#savedPosition;
    const row = wanted === undefined ? undefined : this.playlist.rowOf(wanted);
    this.#savedPosition = undefined;
    this.replay.position = row === undefined ? undefined : row + 1;
  }

  /** The result, or undefined after the error was put on the page. */
  async #attempt<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  #changed(): void {
    this.moment.follow(this.replay.place);
    for (const listener of this.#listeners) listener();
    if (this.session === undefined) return; // the saved state is not applied yet, and must not be overwritten
    this.#save({
      sessionId: this.#sessionId,
      runId: this.runId,
      position: this.replay.place,
    });
  }
}
