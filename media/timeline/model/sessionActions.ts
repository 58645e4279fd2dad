import * as l10n from '@vscode/l10n';
import type { Detail, EventPlace, SessionAction, TimelineEvent } from '../../../src/protocol/timelineProtocol';
import type { Ask } from './extensionHostClient';
import type { FindContext } from './eventFilter';
import { findJumpTarget } from './jumpTargets';

export interface SessionActionsContext extends FindContext {
  /** The replay shows this many rows of the playlist. */
  shownRows: () => number;
  /** The event at which the replay stands; undefined while all are shown. */
  shownPlace: () => EventPlace | undefined;
  ask: Ask;
  fail: (message: string) => void;
  changed: () => void;
}

/** What a person can have done from the page, beside writing and answering. */
export class SessionActions {
  readonly #context: SessionActionsContext;

  readonly #opened = new Set<string>();

  constructor(context: SessionActionsContext) {
    this.#context = context;
  }

  /** True where the field was opened from this page. */
  hasOpened({ runId, seq }: TimelineEvent, field: string): boolean {
    return this.#opened.has(`${runId} ${seq} ${field}`);
  }

  /** Interrupts the turn, resumes the session or stops it. */
  async control(method: 'interrupt' | 'resume' | 'stop'): Promise<void> {
    await this.#context.ask(method, {});
  }

  /** Does something with the session; the extension asks a person where that needs more. */
  async act(action: SessionAction): Promise<void> {
    await this.#context.ask('act', { action });
  }

  /** Has every timeline show so much, now and later. */
  async chooseDetail(detail: Detail): Promise<void> {
    await this.#context.ask('chooseDetail', { detail });
  }

  /** Copies the texts of the events that the row of this one shows. */
  async copyEvent({ runId, seq }: TimelineEvent, shown: number[]): Promise<void> {
    await this.#context.ask('copyEvent', { runId, seq, shown });
  }

  async copyText(text: string): Promise<void> {
    await this.#context.ask('copyText', { text });
  }

  /** Copies a field of an event whole, without the control sequences of a terminal. */
  async copyField({ runId, seq }: TimelineEvent, field: string): Promise<void> {
    await this.#context.ask('copyField', { runId, seq, field });
  }

  /** Offers what can be done with the files as they were at this point: those of the last snapshot before it. */
  async showFiles(): Promise<void> {
    const { playlist, shownRows, ask, fail } = this.#context;
    const row = await findJumpTarget(this.#context, 'snapshot', shownRows() - 1, 'back');
    const place = row === undefined ? undefined : playlist().placeOf(row);
    if (place === undefined) {
      fail(l10n.t('No snapshot was taken before this moment.'));
      return;
    }
    const found = await ask('event', place);
    if (found?.event.kind === 'snapshot') await this.showSnapshot(found.event.data.commit);
  }

  async showSnapshot(commit: string): Promise<void> {
    await this.#context.ask('showSnapshot', { commit });
  }

  /** Searches for a text where Find does not look: in whole outputs, and in every session. */
  async searchHistory(text: string): Promise<void> {
    await this.#context.ask('searchHistory', { text });
  }

  /** Opens a file of the worktree in an editor, in a replay as it was at the moment that is shown. */
  async openFile(path: string, line: number | undefined): Promise<void> {
    await this.#context.ask('openFile', { path, line, at: this.#context.shownPlace() });
  }

  /** Opens the file of an edit, before and after it. */
  async openDiff({ runId, seq }: TimelineEvent): Promise<void> {
    await this.#context.ask('openDiff', { runId, seq });
  }

  /** Opens a field of an event in an editor, whole. */
  async openPayload({ runId, seq }: TimelineEvent, field: string): Promise<void> {
    const opened = await this.#context.ask('openPayload', { runId, seq, field });
    if (opened === undefined) return;
    this.#opened.add(`${runId} ${seq} ${field}`);
    this.#context.changed();
  }

  /** The address of a picture of an event; undefined where it is not to be shown here. */
  async loadPicture(place: EventPlace, index: number): Promise<string | undefined> {
    return (await this.#context.ask('picture', { ...place, index }))?.address;
  }

  async openPicture(place: EventPlace, index: number): Promise<void> {
    await this.#context.ask('openPicture', { ...place, index });
  }

  /** Puts a link to the last event that is shown on the clipboard. */
  async copyLink(): Promise<void> {
    const { playlist, shownRows, ask } = this.#context;
    const place = playlist().placeOf(shownRows() - 1);
    if (place !== undefined) await ask('copyLink', place);
  }
}
