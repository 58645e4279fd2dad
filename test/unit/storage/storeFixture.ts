/** A store in a folder of its own, with the journals that supervisor and runner would write. */
import { appendFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStoreIndex } from '../../../src/storage/database/storeIndexClient';
import type { DraftEvent, SessionEvent } from '../../../src/storage/events';
import { MAX_EVENTS_PER_PAGE } from '../../../src/storage/timelineQueries';
import { newId } from '../../../src/storage/ids';
import { encodeRecord } from '../../../src/storage/journal/journalRecord';
import { JournalWriter } from '../../../src/storage/journal/journalWriter';
import type { StorePaths } from '../../../src/storage/paths';
import type { SessionFacts } from '../../../src/storage/sessionFacts';
import type { DraftSessionRecord } from '../../../src/storage/sessionRecords';
import { openStore } from '../../../src/storage/store/store';
import type { AppendedRange, StoreIndex } from '../../../src/storage/database/storeIndex';
import { projectRoot } from '../../support/project';

export const WORKER_PATH = join(projectRoot, 'dist/storeWorker.js');
const EPOCH_MS = Date.parse('2026-03-01T08:00:00.000Z');

export const CREATED: DraftSessionRecord = {
  kind: 'created',
  data: {
    title: 'Fix it',
    prompt: 'Fix the bug',
    agent: 'claude',
    repository: '/repository',
    baseCommit: 'a'.repeat(40),
    worktreePath: '/w t',
    permissionMode: 'edits',
  },
};

export const say = (text: string, role: 'user' | 'assistant' | 'system' = 'assistant'): DraftEvent => ({
  kind: 'message',
  data: { role, text },
});
export const started = (ordinal: number): DraftEvent => ({
  kind: 'run.started',
  data: { ordinal, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: '/w t' },
});
export const exited: DraftEvent = {
  kind: 'run.exited',
  data: { outcome: 'completed', exitCode: 0, signal: null, reason: 'It ended by itself.' },
};
export const agentSession = (nativeSessionId: string, backendType: string): DraftEvent => ({
  kind: 'agent.session',
  data: { nativeSessionId, backendType },
});

/** Every session as last indexed. */
export async function listAll(index: StoreIndex): Promise<SessionFacts[]> {
  const sessions = new Map<string, SessionFacts>();
  let page = await index.listSessions();
  for (;;) {
    for (const facts of page.sessions) sessions.set(facts.sessionId, facts);
    if (page.next === undefined) return [...sessions.values()];
    page = await index.listSessions(page.next);
  }
}

export class StoreFixture {
  readonly paths: StorePaths;
  readonly #folder: string;
  readonly #open: StoreIndex[] = [];
  /** Advances by a second with each record, so that every run of a test has the same times. */
  #timeMs = EPOCH_MS;
  readonly #recordSeqs = new Map<string, number>();

  private constructor(folder: string, paths: StorePaths) {
    this.#folder = folder;
    this.paths = paths;
  }

  static async make(): Promise<StoreFixture> {
    const folder = await mkdtemp(join(tmpdir(), 'corral store '));
    return new StoreFixture(folder, (await openStore(join(folder, 'the store'))).paths);
  }

  async remove(): Promise<void> {
    for (const index of this.#open) await index.close();
    await rm(this.#folder, { recursive: true });
  }

  async openIndex(options: { readOnly?: boolean } = {}): Promise<StoreIndex> {
    const index = await openStoreIndex({ root: this.paths.root, workerPath: WORKER_PATH, ...options });
    this.#open.push(index);
    return index;
  }

  /** Indexes the session and closes the index, which writes its databases. Gives the session's events. */
  async writeDatabases(sessionId: string): Promise<SessionEvent[]> {
    const index = await this.openIndex();
    await syncAll(index, sessionId);
    const events = await historyOf(index, sessionId);
    await index.close();
    return events;
  }

  async makeSession(...records: DraftSessionRecord[]): Promise<string> {
    const sessionId = newId();
    await mkdir(this.paths.session(sessionId).runs, { recursive: true });
    await this.record(sessionId, CREATED, ...records);
    return sessionId;
  }

  async record(sessionId: string, ...records: DraftSessionRecord[]): Promise<void> {
    for (const record of records) {
      const seq = (this.#recordSeqs.get(sessionId) ?? 0) + 1;
      this.#recordSeqs.set(sessionId, seq);
      await appendFile(
        this.paths.session(sessionId).journal,
        encodeRecord({ seq, timestamp: this.#nextTime(), ...record }),
      );
    }
  }

  /** Appends to a run's journal as its runner would. With `sameTime`, all events of the call have one time. */
  async events(sessionId: string, runId: string, events: DraftEvent[], sameTime = false): Promise<void> {
    const now = sameTime ? (): number => this.#timeMs : (): number => Date.parse(this.#nextTime());
    const run = this.paths.session(sessionId).run(runId);
    const writer = await JournalWriter.open(run, { tsFloor: new Date(EPOCH_MS).toISOString(), now });
    for (const event of events) writer.append(event);
    await writer.close();
  }

  /** Every SQLite file of the store. */
  async databases(): Promise<string[]> {
    const names = await readdir(this.paths.root, { recursive: true });
    return names.filter((name) => name.endsWith('.sqlite')).map((name) => join(this.paths.root, name));
  }

  #nextTime(): string {
    this.#timeMs += 1000;
    return new Date(this.#timeMs).toISOString();
  }
}

/** The session's events, as far as one page holds them. */
export async function historyOf(index: StoreIndex, sessionId: string): Promise<SessionEvent[]> {
  return await index.query(sessionId, 'history', { limit: MAX_EVENTS_PER_PAGE });
}

/** Syncs to the end. Returns the facts, and one range for each run. */
export async function syncAll(
  index: StoreIndex,
  sessionId: string,
): Promise<{ facts: SessionFacts | undefined; appended: AppendedRange[] }> {
  const ranges = new Map<string, AppendedRange>();
  for (;;) {
    const { facts, appended, more } = await index.sync(sessionId);
    for (const range of appended)
      ranges.set(range.runId, { ...range, fromSeq: ranges.get(range.runId)?.fromSeq ?? range.fromSeq });
    if (!more) return { facts, appended: [...ranges.values()] };
  }
}
