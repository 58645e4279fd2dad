import * as v from 'valibot';
import { Emitter } from '../../common/emitter';
import type { SessionSummary } from '../../supervisor/api';
import { hasEnded } from '../sessionPredicates';

const KEY = 'corral.sessionMarks';
const marksSchema = v.object({
  /** Ends before this time, when marks were first kept, count as seen (ISO 8601). */
  since: v.string(),
  pinned: v.array(v.string()),
  /** The end of each session, by id, that a person saw last. */
  seen: v.record(v.string(), v.string()),
  /** Sessions that a person marked as unread. */
  unread: v.array(v.string()),
});
type Marks = v.InferOutput<typeof marksSchema>;

/** What VS Code keeps for the extension on this machine. */
export interface MarksMemento {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** What a person pinned, and which ends they have seen: kept on this machine, not in the session's history. */
export class SessionMarks {
  readonly #memento: MarksMemento;
  readonly #changed = new Emitter<string[]>(() => undefined);
  /** Ids of the sessions whose marks changed. */
  readonly onDidChange = this.#changed.event;
  #read: unknown;
  #marks: Marks;

  constructor(memento: MarksMemento, nowMs = Date.now()) {
    this.#memento = memento;
    this.#marks = { since: new Date(nowMs).toISOString(), pinned: [], seen: {}, unread: [] };
    this.#load();
    if (this.#read === undefined) this.#save(this.#marks);
  }

  isPinned(id: string): boolean {
    return this.#load().pinned.includes(id);
  }

  /** True where the session ended by itself and nobody has looked since, or where a person marked it as unread. */
  isUnseen(session: SessionSummary): boolean {
    const { since, seen, unread } = this.#load();
    if (unread.includes(session.id)) return true;
    const endsByItself = hasEnded(session) && session.state !== 'stopped' && session.state !== 'killed';
    return endsByItself && !session.checking && endOf(session) > (seen[session.id] ?? since);
  }

  setPinned(ids: readonly string[], isPinned: boolean): void {
    const marks = this.#load();
    const others = marks.pinned.filter((id) => !ids.includes(id));
    this.#save({ ...marks, pinned: isPinned ? [...others, ...ids] : others });
    this.#changed.fire([...ids]);
  }

  /** A person saw the session as it is now. */
  markSeen(sessions: readonly SessionSummary[]): void {
    const unseen = sessions.filter((session) => this.isUnseen(session));
    if (unseen.length === 0) return;
    const marks = this.#load();
    const ids = unseen.map(({ id }) => id);
    const seen = { ...marks.seen, ...Object.fromEntries(unseen.map((session) => [session.id, endOf(session)])) };
    this.#save({ ...marks, seen, unread: marks.unread.filter((id) => !ids.includes(id)) });
    this.#changed.fire(ids);
  }

  markUnread(ids: readonly string[]): void {
    const marks = this.#load();
    this.#save({ ...marks, unread: [...new Set([...marks.unread, ...ids])] });
    this.#changed.fire([...ids]);
  }

  /** Forgets sessions that are gone, so that what is kept does not grow for ever. */
  prune(known: (id: string) => boolean): void {
    const marks = this.#load();
    const seen = Object.fromEntries(Object.entries(marks.seen).filter(([id]) => known(id)));
    const kept = { ...marks, seen, pinned: marks.pinned.filter(known), unread: marks.unread.filter(known) };
    const count = (each: Marks): number => Object.keys(each.seen).length + each.pinned.length + each.unread.length;
    if (count(kept) < count(marks)) this.#save(kept);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** Another window may have changed them. */
  #load(): Marks {
    const read = this.#memento.get(KEY);
    if (read === this.#read) return this.#marks;
    this.#read = read;
    const parsed = v.safeParse(marksSchema, read);
    if (parsed.success) this.#marks = parsed.output;
    return this.#marks;
  }

  #save(marks: Marks): void {
    this.#marks = marks;
    this.#read = marks;
    void this.#memento.update(KEY, marks);
  }
}

function endOf({ since, restoredAt }: SessionSummary): string {
  return restoredAt ?? since;
}
