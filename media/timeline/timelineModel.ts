import type {
  EventPlace,
  SavedState,
  TimelineEvent,
  TimelineParameters,
  TimelineResult,
  TimelineSession,
} from '../../src/protocol/timelineProtocol';
import { Density } from './replay/density';
import { EventCache } from './eventCache';
import { EventFilter } from './filter/eventFilter';
import { Facets } from './filter/facets';
import { HostConnection, UnknownOutcomeError } from './extensionHostClient';
import { findJumpTarget } from './replay/jumpTargets';
import type { JumpTarget } from './replay/jumpTargets';
import { PendingPermissions } from './pendingPermissions';
import { Replay } from './replay/replay';
import { Playlist } from './replay/playlist';

/** Errors that stay on the page at a time. */
const MAX_ERRORS = 3;
/** Rows that are loaded ahead of what is shown, so that scrolling and playing seldom wait. */
const LOOK_AHEAD = 60;

/**
 * The page's state and everything that changes it: what is shown of the session, where the replay stands, what is loaded.
 * The events themselves belong to the extension. Knows nothing of the DOM.
 */
export class TimelineModel {
  readonly #connection: HostConnection;
  readonly #cache: EventCache;
  readonly #save: (state: SavedState) => void;
  readonly #toggled = new Set<string>();
  readonly #listeners = new Set<() => void>();
  readonly #sessionId: string;
  #wanted: SavedState['position'];
  #isStarting = false;
  readonly #findContext = {
    playlist: (): Playlist => this.playlist,
    find: (query: TimelineParameters<'findEvents'>): Promise<TimelineResult<'findEvents'> | undefined> =>
      this.#attempt(() => this.#connection.request('findEvents', query)),
  };

  session: TimelineSession | undefined;
  /** How much of the history was read, while the extension reads what nobody had looked at yet. */
  readShare: number | undefined;
  playlist = new Playlist([]);
  /** The one run that is shown, or undefined for all. */
  runId: string | undefined;
  readonly replay: Replay;
  readonly filter: EventFilter;
  readonly density: Density;
  readonly facets: Facets;
  readonly permissions: PendingPermissions;
  /** The list stays at its end as events come. */
  following = true;
  /** Lines there were when following stopped. */
  seenLines = 0;
  draft: string;
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
    this.#wanted = saved?.position;
    this.draft = saved?.draft ?? '';
    this.#connection = new HostConnection(post, {
      sessionChanged: (session, events) => {
        this.#cache.add(events);
        this.#setSession(session);
      },
      failed: (message) => this.fail(message),
      readingOn: (share) => {
        this.readShare = share;
        this.#changed();
      },
      showWanted: (place) => this.#show(place),
      messageReturned: (text) => this.#returnDraft(text),
      connectionChanged: () => {
        this.#changed();
        if (this.lostSinceMs === undefined) void this.start(); // what was pushed meanwhile may be lost
      },
    });
    const changed = (): void => {
      this.#changed();
    };
    const { playlist } = this.#findContext;
    this.replay = new Replay({
      playlist,
      timeOf: (row) => this.#timeOf(row),
      needFrom: (row) => {
        this.need(row, row + LOOK_AHEAD);
      },
      placeAt: async (moment) => {
        const found = await this.#attempt(() => this.#connection.request('seqAt', moment));
        return found === undefined ? undefined : { runId: moment.runId, seq: found.seq };
      },
      changed,
      moved: () => {
        this.following = true;
      },
    });
    this.filter = new EventFilter({ ...this.#findContext, changed });
    this.density = new Density({
      playlist,
      count: (query) => this.#attempt(() => this.#connection.request('density', query)),
      changed,
    });
    this.facets = new Facets({
      playlist,
      read: (part) => this.#attempt(() => this.#connection.request('facets', part)),
      changed,
    });
    this.permissions = new PendingPermissions({
      session: () => this.session,
      send: (answer) => this.#attempt(() => this.#connection.request('answer', answer)),
      changed,
    });
    this.#cache = new EventCache(
      async (runId, fromSeq, limit) => (await this.#connection.request('events', { runId, fromSeq, limit })).events,
      changed,
      (error) => this.fail(error),
    );
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  receive(message: unknown): void {
    this.#connection.receive(message);
  }

  /** Since when nothing is heard of the extension: what the page shows is as old as that. */
  get lostSinceMs(): number | undefined {
    return this.#connection.lostSinceMs;
  }

  /** Finds out whether the extension is still there; what came of it is in `lostSinceMs`. Asks again for a session that could not be had. */
  async checkConnection(): Promise<void> {
    await this.#connection.ping();
    if (this.session === undefined && !this.#isStarting && this.lostSinceMs === undefined) await this.start();
  }

  async start(): Promise<void> {
    this.#isStarting = true;
    await this.#attempt(async () => {
      this.#setSession((await this.#connection.request('ready', {})).session);
    });
    this.#isStarting = false;
  }

  fail(error: unknown): void {
    if (this.lostSinceMs !== undefined && !(error instanceof UnknownOutcomeError)) return; // the page says already why nothing works
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

  /** Moves to the next target of a kind, or the one before; to the end or the start where there is none. */
  async jump(target: JumpTarget, direction: 'back' | 'forward'): Promise<void> {
    const { replay } = this;
    const row = await findJumpTarget(
      this.#findContext,
      target,
      direction === 'forward' ? replay.shownRows : replay.shownRows - 2,
      direction,
    );
    replay.playing = false;
    replay.moveTo(row === undefined ? (direction === 'forward' ? this.playlist.rowCount : 1) : row + 1);
  }

  /** Offers what can be done with the files as they were at this point: those of the last snapshot before it. */
  async showFiles(): Promise<void> {
    await this.#attempt(async () => {
      const row = await findJumpTarget(this.#findContext, 'snapshot', this.replay.shownRows - 1, 'back');
      const place = row === undefined ? undefined : this.playlist.placeOf(row);
      if (place === undefined) throw new Error('No snapshot was taken before this moment.');
      const { event } = await this.#connection.request('event', place);
      if (event.kind === 'snapshot') await this.showSnapshot(event.data.commit);
    });
  }

  async showSnapshot(commit: string): Promise<void> {
    await this.#attempt(() => this.#connection.request('showSnapshot', { commit }));
  }

  /** The event of a row; see `EventCache.get`. */
  eventAt(row: number): TimelineEvent | 'missing' | undefined {
    const place = this.playlist.placeOf(row);
    return place === undefined ? undefined : this.#cache.get(place.runId, place.seq);
  }

  /** What is known of a tool call at this point of the replay. */
  callOf(runId: string, callId: string): ReturnType<EventCache['callOf']> {
    const { call, result } = this.#cache.callOf(runId, callId);
    return {
      ...(call === undefined ? {} : { call }),
      ...(result === undefined || !this.#isShown(result) ? {} : { result }),
    };
  }

  /** True while the tool call waits for somebody's permission. */
  asksFor(runId: string, callId: string): boolean {
    const requestId = this.#cache.callOf(runId, callId).request?.data.requestId;
    return requestId !== undefined && this.permissions.isPending({ runId, requestId });
  }

  answerOf(runId: string, requestId: string): ReturnType<EventCache['answerOf']> {
    const answer = this.#cache.answerOf(runId, requestId);
    return answer === undefined || !this.#isShown(answer) ? undefined : answer;
  }

  /** Has these rows loaded, and some around them. */
  need(fromRow: number, toRow: number): void {
    const last = Math.min(toRow + LOOK_AHEAD, this.playlist.rowCount - 1);
    for (let row = Math.max(0, fromRow - LOOK_AHEAD); row <= last;) {
      const place = this.playlist.placeOf(row);
      const run = this.playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) return;
      const toSeq = Math.min(run.eventCount, place.seq + last - row);
      this.#cache.ensure(run.runId, place.seq, toSeq, run.eventCount);
      row += toSeq - place.seq + 1;
    }
  }

  /** Has the events of these lines loaded; of a filtered list just those, since their neighbours are not shown. */
  needLines(fromLine: number, toLine: number): void {
    if (!this.filter.isActive) {
      this.need(fromLine, toLine);
      return;
    }
    for (let line = fromLine; line <= toLine; line++) {
      const place = this.playlist.placeOf(this.filter.rowOf(line));
      const run = this.playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place !== undefined && run !== undefined) this.#cache.ensure(run.runId, place.seq, place.seq, run.eventCount);
    }
  }

  /** Shows an event with nothing cut. */
  async showWhole({ runId, seq }: TimelineEvent): Promise<void> {
    await this.#attempt(async () => {
      this.#cache.addWhole((await this.#connection.request('event', { runId, seq })).event);
      this.#changed();
    });
  }

  /** True where a fold of an event stands against its default. Kept here because rows come and go as the list scrolls. */
  isToggled(fold: string): boolean {
    return this.#toggled.has(fold);
  }

  toggle(fold: string): void {
    if (!this.#toggled.delete(fold)) this.#toggled.add(fold);
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

  setDraft(draft: string): void {
    this.draft = draft;
    this.#changed();
  }

  /** Sends the draft; it stays in the box where that fails. */
  async send(): Promise<void> {
    const text = this.draft;
    if (text.trim() === '') return;
    this.setDraft('');
    const sent = await this.#attempt(() => this.#connection.request('send', { text }));
    if (sent === undefined) this.#returnDraft(text);
    else this.replay.moveTo(this.playlist.rowCount);
  }

  /** Before what was typed since. */
  #returnDraft(text: string): void {
    this.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
  }

  /** Interrupts the turn, resumes the session or stops it. */
  async control(method: 'interrupt' | 'resume' | 'stop'): Promise<void> {
    await this.#attempt(() => this.#connection.request(method, {}));
  }

  /** Searches for the text of the filter where the filter does not look: in whole outputs, and in every session. */
  async searchHistory(): Promise<void> {
    await this.#attempt(() => this.#connection.request('searchHistory', { text: this.filter.criteria.text }));
  }

  /** Opens a file of the worktree in an editor. */
  async openFile(path: string, line: number | undefined): Promise<void> {
    await this.#attempt(() => this.#connection.request('openFile', { path, line }));
  }

  /** Puts a link to the last event that is shown on the clipboard. */
  async copyLink(): Promise<void> {
    const place = this.playlist.placeOf(this.replay.shownRows - 1);
    if (place !== undefined) await this.#attempt(() => this.#connection.request('copyLink', place));
  }

  /** Opens a field of an event in an editor, whole. */
  async openPayload({ runId, seq }: TimelineEvent, field: string): Promise<void> {
    await this.#attempt(() => this.#connection.request('openPayload', { runId, seq, field }));
  }

  /** Moves to an event, also from another run's view. */
  #show(place: EventPlace): void {
    if (this.playlist.rowOf(place) === undefined) this.selectRun(undefined);
    const row = this.playlist.rowOf(place);
    if (row === undefined) this.fail('This event is not in the timeline.');
    else this.replay.moveTo(row + 1);
  }

  #setSession(session: TimelineSession): void {
    if (this.session === undefined) this.errors = []; // that it could not be had before is past
    this.session = session;
    this.readShare = undefined;
    const before = this.playlist;
    this.#updatePlaylist();
    if (this.playlist.extends(before)) for (const part of [this.filter, this.density]) part.extend();
    else this.#readAgain();
    this.#changed();
  }

  /** Another playlist has other rows. */
  #readAgain(): void {
    for (const part of [this.filter, this.density, this.facets]) part.restart();
  }

  #updatePlaylist(): void {
    const runs = this.session?.runs ?? [];
    if (!runs.some((run) => run.runId === this.runId)) this.runId = undefined;
    const { place } = this.replay;
    this.playlist = new Playlist(this.runId === undefined ? runs : runs.filter((run) => run.runId === this.runId));
    const wanted = place ?? this.#wanted;
    const row = wanted === undefined ? undefined : this.playlist.rowOf(wanted);
    this.#wanted = undefined;
    this.replay.position = row === undefined ? undefined : row + 1;
  }

  #timeOf(row: number): number | undefined {
    for (let each = row; each >= 0; each--) {
      const event = this.eventAt(each);
      if (event === 'missing') continue; // it takes no time: it passes with the one before it
      return event === undefined ? undefined : this.playlist.elapsedMs(event.runId, Date.parse(event.timestamp));
    }
    return 0;
  }

  #isShown(event: TimelineEvent): boolean {
    return (this.playlist.rowOf(event) ?? 0) < this.replay.shownRows;
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
    for (const listener of this.#listeners) listener();
    if (this.session === undefined) return; // what was saved has not been taken up yet
    this.#save({
      sessionId: this.#sessionId,
      runId: this.runId,
      position: this.replay.place,
      draft: this.draft === '' ? undefined : this.draft,
    });
  }
}
