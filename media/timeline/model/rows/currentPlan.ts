import type { EventPlace, TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { MAX_EVENTS_PER_QUERY } from '../../../../src/protocol/timelineProtocol';
import type { Ask } from '../extensionHostClient';
import type { Playlist } from '../playlist';

type Plan = Extract<TimelineEvent, { kind: 'plan' }>;

export interface CurrentPlanContext {
  playlist: () => Playlist;
  shownRows: () => number;
  eventAt: (row: number) => TimelineEvent | 'missing' | undefined;
  ask: Ask;
  changed: () => void;
}

/** The plan as it was at the shown moment: the last one before it in its run. */
export class CurrentPlan {
  readonly #context: CurrentPlanContext;
  #plan: Plan | undefined;
  /** What `#plan` is the plan of; undefined while nothing is known. */
  #at: { playlist: Playlist; rows: number } | undefined;
  #search = 0;
  #isSearching = false;

  constructor(context: CurrentPlanContext) {
    this.#context = context;
  }

  /** Undefined where there is none, and while it is looked for. */
  get plan(): Plan | undefined {
    this.#update();
    return this.#plan;
  }

  #update(): void {
    const playlist = this.#context.playlist();
    const rows = this.#context.shownRows();
    const before = this.#at;
    if (before?.rows === rows && before.playlist === playlist) return;
    const isGrown = before !== undefined && playlist.extends(before.playlist) && rows >= before.rows;
    if (isGrown && this.#isSearching) return; // what came meanwhile is looked at afterwards
    this.#at = { playlist, rows };
    if (before === undefined || !playlist.extends(before.playlist) || !this.#follow(before.rows, rows))
      void this.#find(playlist, rows);
  }

  /** Takes the plan from what is loaded; false where that does not suffice. */
  #follow(from: number, to: number): boolean {
    const { playlist, eventAt } = this.#context;
    const planRow = this.#plan === undefined ? undefined : playlist().rowOf(this.#plan);
    if (to < from) return planRow !== undefined && planRow < to;
    let plan = this.#plan;
    for (let row = from; row < to; row++) {
      const event = eventAt(row);
      if (event === undefined) return false;
      if (event === 'missing') continue;
      if (event.kind === 'plan') plan = event;
      else if (event.kind === 'run.started') plan = undefined;
    }
    this.#plan = plan;
    return true;
  }

  async #find(playlist: Playlist, rows: number): Promise<void> {
    const search = ++this.#search;
    this.#plan = undefined;
    this.#isSearching = true;
    const plan = await this.#lastPlan(playlist.placeOf(rows - 1));
    if (search !== this.#search) return;
    this.#isSearching = false;
    this.#plan = plan;
    this.#context.changed();
  }

  async #lastPlan(place: EventPlace | undefined): Promise<Plan | undefined> {
    if (place === undefined) return undefined;
    const { runId, seq } = place;
    const found = await this.#context.ask('findEvents', {
      runId,
      fromSeq: Math.max(1, seq - MAX_EVENTS_PER_QUERY + 1),
      toSeq: seq,
      text: '',
      failed: false,
      tool: '',
      file: '',
      kinds: ['plan'],
    });
    const planSeq = found?.seqs.at(-1);
    const answer = planSeq === undefined ? undefined : await this.#context.ask('event', { runId, seq: planSeq });
    return answer?.event.kind === 'plan' ? answer.event : undefined;
  }
}
