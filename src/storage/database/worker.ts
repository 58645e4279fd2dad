/** The store's worker thread, which runs all SQLite of a window so that the extension host is never blocked by it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import initSqlJs from 'sql.js';
import type { SqlJsStatic } from 'sql.js';
import * as v from 'valibot';
import { CorralError } from '../errors';
import { messageOf } from '../../common/errors';
import { StorePaths } from '../paths';
import { DatabaseFile } from './databaseFile';
import { Indexer } from './indexer';
import { envelopeSchema, workerDataSchema } from './messages';
import type { Request, WorkerData } from './messages';
import type { DoorbellPosition } from './storeIndex';
import { OpenTimelines } from './openTimelines';
import { TaskQueue } from './taskQueue';
import { CATALOG_SCHEMA } from './schema';
import { TIMELINE_QUERIES } from '../timelineQueries';
import type { TimelineQuery } from '../timelineQueries';
import type { TimelineAnswers, TimelineReader } from './timelineReader';

class StoreWorker {
  readonly #paths: StorePaths;
  readonly #catalogFile: DatabaseFile;
  readonly #timelines: OpenTimelines;
  readonly #indexer: Indexer;
  readonly #calls = new TaskQueue();
  /** Files are written one after the other while calls are answered. */
  readonly #writes = new TaskQueue();

  private constructor(paths: StorePaths, catalogFile: DatabaseFile, engine: SqlJsStatic, readOnly: boolean) {
    this.#paths = paths;
    this.#catalogFile = catalogFile;
    this.#timelines = new OpenTimelines(engine, paths, readOnly, (file) => this.#save(file));
    this.#indexer = new Indexer(catalogFile, paths, this.#timelines);
  }

  static async open({ root }: WorkerData, engine: SqlJsStatic, readOnly: boolean): Promise<StoreWorker> {
    const paths = new StorePaths(root);
    const catalogFile = await DatabaseFile.open({ engine, path: paths.catalog, schema: CATALOG_SCHEMA, readOnly });
    return new StoreWorker(paths, catalogFile, engine, readOnly);
  }

  async answer(request: Request): Promise<unknown> {
    if (request.method === 'checkpoint') return await this.#checkpoint(request.doorbell);
    const isAboutEvents = request.method === 'catchUp' || request.method === 'query';
    if (isAboutEvents && !(await this.#timelines.prepare(request.sessionId))) return { catchingUp: 0 };
    return await this.#calls.run(() => this.#call(request));
  }

  async #call(request: Exclude<Request, { method: 'checkpoint' }>): Promise<unknown> {
    switch (request.method) {
      case 'open':
        return null;
      case 'listSessions':
        return this.#indexer.catalog.list(request.after, request.limit);
      case 'readSession': {
        const facts = this.#indexer.catalog.facts(request.sessionId);
        return facts === undefined ? null : JSON.stringify(facts);
      }
      case 'sessionIds':
        return await this.#indexer.sessionIds();
      case 'findStale':
        return await this.#indexer.findStale(request.sessionIds);
      case 'doorbell':
        return this.#indexer.catalog.doorbell() ?? null;
      case 'sync': {
        const { facts, ...rest } = await this.#indexer.sync(request.sessionId);
        return { facts: facts === undefined ? null : JSON.stringify(facts), ...rest };
      }
      case 'catchUp':
        return this.#look(request.sessionId, () => null);
      case 'query':
        return this.#look(request.sessionId, async (reader) => ({
          answer: await answerQuery(reader, request.query, request.parameters),
        }));
      case 'agentSession':
        return this.#indexer.catalog.agentSession(request.sessionId) ?? null;
      default:
        return request satisfies never;
    }
  }

  async #look(sessionId: string, query: (reader: TimelineReader) => unknown): Promise<unknown> {
    const { reader, share } = await this.#timelines.use(sessionId);
    return share < 1 ? { catchingUp: share } : query(reader);
  }

  /** Writes what changed, one database after the other, so that only one copy is in memory at a time. */
  async #checkpoint(doorbell: DoorbellPosition | undefined): Promise<null> {
    const files = [
      () => {
        // By itself it is not worth writing all of the catalog.
        if (doorbell !== undefined && this.#catalogFile.isChanged) this.#indexer.catalog.saveDoorbell(doorbell);
        return this.#catalogFile;
      },
      ...this.#timelines.idsToSave().map((sessionId) => () => this.#timelines.get(sessionId)?.file),
    ];
    const failures: unknown[] = [];
    for (const file of files) {
      // Wrapped, so that only the copy holds up the calls and not the write.
      const { written } = await this.#calls.run(() => ({ written: this.#save(file()) }));
      // One that cannot be written keeps none of the others from it.
      await written.catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    return null;
  }

  async #save(file: DatabaseFile | undefined): Promise<void> {
    const write = file?.snapshot((source) => join(this.#paths.sessions, source));
    if (write !== undefined) await this.#writes.run(write);
  }
}

/** Throws where the parameters are not those of the query. */
async function answerQuery<Q extends TimelineQuery>(answers: TimelineAnswers, query: Q, parameters: unknown) {
  return await answers[query](v.parse(TIMELINE_QUERIES[query].parameters, parameters));
}

async function loadEngine(): Promise<SqlJsStatic> {
  const wasm = await readFile(join(__dirname, 'sql-wasm.wasm'));
  return await initSqlJs({ wasmBinary: new Uint8Array(wasm).buffer });
}

const port = parentPort;
if (port === null) throw new Error('The store runs in a worker thread.');
const engine = loadEngine(); // while the window looks at the store's folder
engine.catch(() => undefined); // each call is answered with the failure
let opened: Promise<StoreWorker> | undefined;

async function answer(request: Request): Promise<unknown> {
  const place = v.parse(workerDataSchema, workerData);
  if (request.method === 'open') opened ??= engine.then((loaded) => StoreWorker.open(place, loaded, request.readOnly));
  if (opened === undefined) throw new Error('The store is not open.');
  return await (await opened).answer(request);
}

port.on('message', (message: unknown) => {
  const { callId, request } = v.parse(envelopeSchema, message);
  answer(request).then(
    (result) => port.postMessage({ callId, result }),
    (error: unknown) =>
      port.postMessage({
        callId,
        error: { code: error instanceof CorralError ? error.code : 'STORE_FAILED', message: messageOf(error) },
      }),
  );
});
