/** A session with an open timeline, into which events arrive as from a live runner. */
import { join } from 'node:path';
import { openStoreIndex } from '../src/storage/database/storeIndexClient';
import { newId } from '../src/storage/ids';
import { JournalWriter } from '../src/storage/journal/journalWriter';
import type { StorePaths } from '../src/storage/paths';
import { openStore } from '../src/storage/store/store';
import type { StoreIndex } from '../src/storage/database/storeIndex';
import { Follower } from '../src/supervisor/sessions/follower';
import { projectRoot } from '../test/support/project';
import { timed } from './figures';
import { drafts, writeSession } from './sampleData';

export const WORKER_PATH = join(projectRoot, 'dist/storeWorker.js');
const BATCH = 100;

export class LiveTimeline {
  readonly paths: StorePaths;
  readonly sessionId: string;
  /** The run with the events that were written before. */
  readonly runId: string;
  readonly index: StoreIndex;
  #ordinal = 1;

  private constructor(paths: StorePaths, session: { sessionId: string; runId: string }, index: StoreIndex) {
    this.paths = paths;
    this.sessionId = session.sessionId;
    this.runId = session.runId;
    this.index = index;
  }

  /** Makes a new store in `folder`, with a session of `before` events. */
  static async open(folder: string, before: number): Promise<LiveTimeline> {
    const { paths } = await openStore(join(folder, newId()));
    const session = await writeSession(paths, before);
    const index = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
    while ((await index.sync(session.sessionId)).more);
    await index.query(session.sessionId, 'history', { limit: 1 });
    return new LiveTimeline(paths, session, index);
  }

  /** Writes a new run in batches and follows it as a window does; returns how many events reach it a second. */
  async rate(count: number): Promise<number> {
    const runId = newId();
    const ordinal = ++this.#ordinal;
    const events = drafts(count);
    const writer = await JournalWriter.open(this.paths.session(this.sessionId).run(runId), {
      tsFloor: new Date(0).toISOString(),
    });
    let failure: unknown;
    const watching = new AbortController();
    const follower = new Follower({
      paths: this.paths,
      index: this.index,
      onSynced: () => undefined,
      onError: (_sessionId, error) => (failure = error),
    });
    follower.watch(this.sessionId, watching.signal);
    const ms = await timed(async () => {
      writer.append({
        kind: 'run.started',
        data: { ordinal, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: '/' },
      });
      for (let start = 0; start < count; start += BATCH) {
        for (const event of events.slice(start, start + BATCH)) writer.append(event);
        await writer.acknowledged();
        follower.markChanged(this.sessionId);
      }
      await follower.sync(this.sessionId);
    });
    if (failure !== undefined) throw new Error('The timeline could not follow.', { cause: failure });
    const last = await this.index.query(this.sessionId, 'runEvents', { runId, fromSeq: count + 1, limit: 1 });
    if (last.length !== 1) throw new Error('The last event is not in the timeline.');
    follower.dispose();
    await writer.close();
    return (count / ms) * 1_000;
  }

  async close(): Promise<void> {
    await this.index.close();
  }
}
