/** The timelines in memory: opened when one is queried, and closed least recently used first. */
import { readRegular } from '../../common/disks/regularFile';
import { settledWithin } from '../../common/settledWithin';
import type { SqlJsStatic } from 'sql.js';
import type { JournalPosition } from '../journal/journalReader';
import type { StorePaths } from '../paths';
import { textColumn } from './connection';
import type { Connection } from './connection';
import { DatabaseFile } from './databaseFile';
import { TIMELINE_SCHEMA } from './schema';
import type { JournalPart } from '../journal/sessionJournalReader';
import { listRunIds, readSession, readShare } from '../journal/sessionJournalReader';
import { TaskQueue } from './taskQueue';
import { Timeline } from './timeline';
import { TimelineReader } from './timelineReader';
import type { ReadBlob } from './timelineReader';

const MAX_OPEN = 8;
const MAX_OPEN_BYTES = 64 * 1024 * 1024;
/** A call waits so long for a checkpoint that is loaded, since the deadline of a call is only seconds. */
const PREPARE_MS = 200;
/** Read in one step, which takes about 100 ms. */
const STEP_BYTES = 2 * 1024 * 1024;

export class OpenTimeline {
  readonly file: DatabaseFile;
  readonly timeline: Timeline;
  readonly reader: TimelineReader;
  /** It holds all of its journals and is fed what the catalog reads, so a query need not look at a file. */
  isCurrent = false;

  constructor(file: DatabaseFile, sessionId: string, readBlob: ReadBlob) {
    this.file = file;
    this.timeline = new Timeline(file.connection, sessionId);
    this.reader = new TimelineReader(file.connection, sessionId, readBlob);
  }

  /** The parts with something new, or undefined where something before them is missing. */
  newOf(parts: readonly JournalPart[]): JournalPart[] | undefined {
    const places = parts.map((part) => ({
      part,
      offset: this.file.sources.position(this.timeline.sessionId, part.source).offset,
    }));
    if (places.some(({ part, offset }) => part.from.offset > offset)) return undefined;
    return places.filter(({ part, offset }) => part.to.offset > offset).map(({ part }) => part);
  }

  /** Saves what the parts hold; events that are stored already stay as they are. */
  apply(parts: readonly JournalPart[]): void {
    if (parts.length === 0) return;
    this.file.connection.transaction(() => {
      this.timeline.saveSession();
      for (const part of parts) {
        for (const record of part.records)
          if (record.kind === 'run.queued') this.timeline.saveRun(record.data.runId, record.data.ordinal);
        const first = part.events[0];
        if (part.runId !== undefined && first !== undefined) {
          const ordinal = this.timeline.saveRun(
            part.runId,
            first.draft.kind === 'run.started' ? first.draft.data.ordinal : undefined,
          );
          this.timeline.saveEvents(part.runId, ordinal, part.events);
        }
        this.file.sources.save(this.timeline.sessionId, part.source, part.to);
      }
    });
  }
}

/** False for the timeline of another session, as in a folder that was copied under another name. */
function belongsTo(connection: Connection, sessionId: string): boolean {
  return connection.rows('SELECT id FROM session', textColumn).every((id) => id === sessionId);
}

export class OpenTimelines {
  readonly #engine: SqlJsStatic;
  readonly #paths: StorePaths;
  readonly #readOnly: boolean;
  /** By session id, in order of last use. */
  readonly #open = new Map<string, OpenTimeline>();
  /** By session id: those whose checkpoints are being loaded. */
  readonly #opening = new Map<string, Promise<OpenTimeline>>();
  /** Checkpoints are loaded one after the other, since each can take a gigabyte. */
  readonly #loads = new TaskQueue();
  /** Writes of closed timelines that are not complete yet, by session id. */
  readonly #closing = new Map<string, Promise<void>>();
  readonly #save: (file: DatabaseFile) => Promise<void>;

  /** `save` copies the file at once and resolves when the copy is on disk. */
  constructor(engine: SqlJsStatic, paths: StorePaths, readOnly: boolean, save: (file: DatabaseFile) => Promise<void>) {
    this.#engine = engine;
    this.#paths = paths;
    this.#readOnly = readOnly;
    this.#save = save;
  }

  /** The session's timeline if it is open; does not count as a use. */
  get(sessionId: string): OpenTimeline | undefined {
    return this.#open.get(sessionId);
  }

  /** Opens the session's timeline while other calls are answered; false where that takes longer: ask again. */
  async prepare(sessionId: string): Promise<boolean> {
    return this.#open.has(sessionId) || (await settledWithin(this.#opened(sessionId), PREPARE_MS));
  }

  /**
   * The session's timeline for a query; one that is behind its journals is first read on in one bounded step.
   * `share` of the journals is in it then, and 1 is all.
   */
  async use(sessionId: string): Promise<{ reader: TimelineReader; share: number }> {
    const opened = this.#open.get(sessionId) ?? (await this.#opened(sessionId));
    const { reader } = opened;
    this.#open.delete(sessionId);
    this.#open.set(sessionId, opened);
    if (opened.isCurrent) return { reader, share: 1 };
    const session = this.#paths.session(sessionId);
    const runIds = await listRunIds(session);
    const positionOf = (source: string): JournalPosition => opened.file.sources.position(sessionId, source);
    const step = await readSession(session, runIds, positionOf, STEP_BYTES);
    if (step.reset) {
      opened.timeline.clear();
      return { reader, share: 0 };
    }
    opened.apply(step.parts);
    opened.isCurrent = !step.more;
    this.#closeOthers(sessionId);
    return { reader, share: step.more ? await readShare(session, runIds, positionOf) : 1 };
  }

  /** Sessions whose open timelines have enough news for another checkpoint. */
  idsToSave(): string[] {
    return [...this.#open].filter(([, { file }]) => file.isWorthSaving).map(([sessionId]) => sessionId);
  }

  /** Adds what the catalog read to the session's timeline if that is open. One with a gap reads on when queried. */
  feed(sessionId: string, parts: readonly JournalPart[]): void {
    const opened = this.#open.get(sessionId);
    if (opened === undefined) return;
    const newParts = opened.newOf(parts);
    if (newParts === undefined) {
      opened.isCurrent = false;
      return;
    }
    try {
      opened.apply(newParts);
    } catch {
      // The catalog goes on without it; the next query opens it again and reports what is wrong.
      opened.file.close();
      this.#open.delete(sessionId);
    }
  }

  /** A journal was replaced: the session's timeline compares its positions with the journals when it is used next. */
  invalidate(sessionId: string): void {
    const opened = this.#open.get(sessionId);
    if (opened !== undefined) opened.isCurrent = false;
  }

  #opened(sessionId: string): Promise<OpenTimeline> {
    const known = this.#opening.get(sessionId);
    if (known !== undefined) return known;
    const opening = this.#loads
      .run(() => this.#openTimeline(sessionId))
      .then((opened) => {
        this.#open.set(sessionId, opened);
        return opened;
      })
      .finally(() => this.#opening.delete(sessionId));
    this.#opening.set(sessionId, opening);
    return opening;
  }

  async #openTimeline(sessionId: string): Promise<OpenTimeline> {
    await this.#closing.get(sessionId);
    const session = this.#paths.session(sessionId);
    const file = await DatabaseFile.open({
      engine: this.#engine,
      path: session.timeline,
      schema: TIMELINE_SCHEMA,
      readOnly: this.#readOnly,
      isOurs: (connection) => belongsTo(connection, sessionId),
    });
    return new OpenTimeline(
      file,
      sessionId,
      async (runId, sha256) => await readRegular(session.run(runId).blob(sha256)),
    );
  }

  #closeOthers(keptId: string): void {
    let bytes = [...this.#open.values()].reduce((sum, { file }) => sum + file.connection.bytes, 0);
    for (const [sessionId, { file }] of this.#open) {
      if ((this.#open.size <= MAX_OPEN && bytes <= MAX_OPEN_BYTES) || sessionId === keptId) return;
      bytes -= file.connection.bytes;
      // It is only a cache: one that cannot be saved is built again from the journals.
      const saved = this.#save(file).catch(() => undefined);
      this.#closing.set(sessionId, saved);
      void saved.then(() => this.#closing.get(sessionId) === saved && this.#closing.delete(sessionId));
      file.close();
      this.#open.delete(sessionId);
    }
  }
}
