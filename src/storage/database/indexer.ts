import { messageOf } from '../../common/errors';
import { Patience } from '../../common/disks/patience';
import { eventId, isId } from '../ids';
import type { StorePaths } from '../paths';
import { isOutcome } from '../runState';
import type { SessionFacts } from '../sessionFacts';
import { emptySession } from '../sessionFacts';
import { foldEvent, foldRecord, runOf } from '../sessionReducer';
import type { AppendedRange, SyncResult } from './storeIndex';
import { Catalog } from './catalog';
import type { DatabaseFile } from './databaseFile';
import type { OpenTimelines } from './openTimelines';
import type { JournalPosition } from '../journal/journalReader';
import type { JournalPart, SessionStep } from '../journal/sessionJournalReader';
import { listRunIds, readSession, runSource, SESSION_SOURCE, fileSize } from '../journal/sessionJournalReader';
import { readdirIfExists } from '../../common/readdirIfExists';

/** Read in one step, which takes about 50 ms. */
const STEP_BYTES = 1024 * 1024;
/** After this time the scan is answered with what was looked at. A call may take five times as long. */
const SCAN_MS = 1_000;
const SCANNED_AT_ONCE = 8;
const NOTHING_READ: SessionStep = { parts: [], more: false, reset: false };

/** Brings the catalog up to what the journals say. */
export class Indexer {
  readonly catalog: Catalog;
  readonly #file: DatabaseFile;
  readonly #paths: StorePaths;
  readonly #timelines: OpenTimelines;
  /** Below the time that a call may take, so that a session that hangs costs no other call. */
  readonly #patience = new Patience(3_000);

  constructor(file: DatabaseFile, paths: StorePaths, timelines: OpenTimelines) {
    this.catalog = new Catalog(file.connection);
    this.#file = file;
    this.#paths = paths;
    this.#timelines = timelines;
  }

  /** Indexes one step of a session's journals, as far as they can be read. */
  async sync(sessionId: string): Promise<SyncResult> {
    const paths = this.#paths.session(sessionId);
    const known = this.catalog.facts(sessionId);
    if (known === undefined) this.catalog.erase(sessionId); // positions must not outlive a row that cannot be read
    const facts = known ?? emptySession(sessionId);
    const step = await this.#patience
      .run(paths.root, async () => await this.#read(sessionId, facts))
      .catch((error: unknown) => ({ ...NOTHING_READ, unreadable: messageOf(error) }));
    const failure = step.unreadable === undefined ? {} : { unreadable: step.unreadable };
    if (step.reset) {
      this.catalog.erase(sessionId);
      this.#timelines.invalidate(sessionId);
      return this.sync(sessionId);
    }
    if (step.parts.length === 0) return { facts: known, appended: [], more: step.more, ...failure };

    const appended = step.parts.flatMap((part) => foldPart(facts, part) ?? []);
    const changedRunIds = new Set(step.parts.flatMap(runIdsOf));
    this.#file.connection.transaction(() => {
      this.catalog.save(facts, changedRunIds);
      for (const part of step.parts) this.#file.sources.save(sessionId, part.source, part.to);
    });
    this.#timelines.feed(sessionId, step.parts);
    return { facts, appended, more: step.more, ...failure };
  }

  /** The journal of a run that has ended is not opened again. */
  async #read(sessionId: string, facts: SessionFacts): Promise<SessionStep> {
    const paths = this.#paths.session(sessionId);
    let failure: { unreadable?: string } = {};
    const runIds = await listRunIds(paths).catch((error: unknown) => {
      failure = { unreadable: messageOf(error) };
      return [];
    });
    const open = runIds.filter((runId) => !hasEnded(facts, runId));
    const positionOf = (source: string): JournalPosition => this.#file.sources.position(sessionId, source);
    return { ...failure, ...(await readSession(paths, open, positionOf, STEP_BYTES)) };
  }

  /** Ids of all sessions that have a folder or are indexed, sorted. */
  async sessionIds(): Promise<string[]> {
    const folders = await readdirIfExists(this.#paths.sessions);
    return [...new Set([...folders.filter(isId), ...this.catalog.sessionIds()])].sort();
  }

  /** Those of the sessions that are not indexed to their journals' ends. Looks at as many as a second allows. */
  async findStale(sessionIds: readonly string[]): Promise<{ stale: string[]; lookedAt: number }> {
    const stale: string[] = [];
    const end = performance.now() + SCAN_MS;
    let lookedAt = 0;
    while (lookedAt < sessionIds.length && performance.now() < end) {
      const some = sessionIds.slice(lookedAt, lookedAt + SCANNED_AT_ONCE);
      const found = await Promise.all(
        some.map(async (sessionId) => {
          const { root } = this.#paths.session(sessionId);
          // A session that cannot be checked counts as stale, and `sync` reports what is wrong with it.
          return await this.#patience.run(root, async () => await this.#isStale(sessionId)).catch(() => true);
        }),
      );
      stale.push(...some.filter((_, index) => found[index]));
      lookedAt += some.length;
    }
    return { stale, lookedAt };
  }

  async #isStale(sessionId: string): Promise<boolean> {
    const facts = this.catalog.facts(sessionId);
    if (facts === undefined) return true;
    const paths = this.#paths.session(sessionId);
    const isBehind = async (path: string, source: string): Promise<boolean> =>
      (await fileSize(path)) !== this.#file.sources.position(sessionId, source).offset;
    if (await isBehind(paths.journal, SESSION_SOURCE)) return true;
    for (const runId of await listRunIds(paths)) {
      if (!hasEnded(facts, runId) && (await isBehind(paths.run(runId).events, runSource(runId)))) return true;
    }
    return false;
  }
}

function hasEnded(facts: SessionFacts, runId: string): boolean {
  const run = facts.runs.find((candidate) => candidate.runId === runId);
  return run !== undefined && isOutcome(run.eventState);
}

/** The runs that the part is about. */
function runIdsOf({ runId, records }: JournalPart): string[] {
  return runId === undefined ? records.flatMap(({ data }) => ('runId' in data ? data.runId : [])) : [runId];
}

/** Folds the part into `facts` and gives the range of its new events, if it has any. */
function foldPart(facts: SessionFacts, part: JournalPart): AppendedRange | undefined {
  facts.damagedRecords += part.damaged;
  for (const record of part.records) foldRecord(facts, record);
  if (part.runId === undefined) return undefined;
  const run = runOf(facts, part.runId);
  const before = run.eventCount;
  for (const { seq, timestamp, draft } of part.events) {
    if (seq <= run.eventCount)
      facts.damagedRecords++; // its number was used before
    else
      foldEvent(facts, {
        ...draft,
        id: eventId(run.ordinal, seq),
        sessionId: facts.sessionId,
        runId: part.runId,
        seq,
        timestamp,
      });
  }
  const first = part.events.find(({ seq }) => seq > before);
  return first === undefined ? undefined : { runId: part.runId, fromSeq: first.seq, toSeq: run.eventCount };
}
