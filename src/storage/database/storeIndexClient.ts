/** Calls the store's worker. A call that takes too long ends it, since SQLite in WebAssembly cannot be interrupted. */
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../errors';
import { messageOf } from '../../common/errors';
import type { SessionFacts } from '../sessionFacts';
import type { DoorbellPosition, FindStaleOptions, SessionKey, SessionPage, StoreIndex, SyncResult } from './storeIndex';
import { parseFacts, parsePage } from './catalog';
import { replySchema, RESULT_SCHEMAS } from './messages';
import type { Request, WorkerData } from './messages';
import { TIMELINE_QUERIES } from '../timelineQueries';
import type { QueryParameters, QueryResult, TimelineQuery } from '../timelineQueries';

const CALL_DEADLINE_MS = 5_000;
/** Covers compiling the engine and reading the catalog on a machine that has just started. */
const OPEN_DEADLINE_MS = 30_000;
/** Of one call, where others end the worker. */
const MAX_ATTEMPTS = 5;
/** So many rows are validated without holding up the extension host. */
const LIST_LIMIT = 200;
const SCAN_LIMIT = 100;

export interface StoreIndexOptions {
  /** The store's root. */
  root: string;
  /** The bundle of worker.ts; sql-wasm.wasm lies beside it. */
  workerPath: string;
  /** Writes no checkpoint. The worker starts at once, and loads nothing of the store before this is known. */
  readOnly?: boolean | Promise<boolean>;
}

interface Call {
  method: Request['method'];
  resolve: (result: unknown) => void;
  reject: (error: CorralError) => void;
}

/**
 * Starts the worker; resolves when the catalog is loaded.
 * @throws STORE_FAILED, or what `readOnly` rejects with
 */
export async function openStoreIndex(options: StoreIndexOptions): Promise<StoreIndex> {
  const client = new StoreIndexClient(options);
  await client.open();
  return client;
}

class StoreIndexClient implements StoreIndex {
  readonly #options: StoreIndexOptions;
  #worker: Worker | undefined;
  #isClosed = false;
  #isReadOnly = false;
  /** What was indexed since the checkpoint may be gone, while the doorbell told of it. */
  #hasRestarted = false;
  #lastCallId = 0;
  /** By call id, in the order in which the worker takes them. */
  readonly #calls = new Map<number, Call>();
  /** Of the oldest call that has one: those behind it only wait. */
  #deadline: { callId: number; timer: NodeJS.Timeout } | undefined;

  constructor(options: StoreIndexOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#worker = this.#start();
    try {
      this.#isReadOnly = (await this.#options.readOnly) ?? false;
    } catch (error) {
      this.#isClosed = true;
      await this.#end(closedError());
      throw error;
    }
    await this.#call(this.#opening, RESULT_SCHEMAS.nothing);
  }

  async listSessions(after?: SessionKey): Promise<SessionPage> {
    const request: Request = { method: 'listSessions', after, limit: LIST_LIMIT };
    const page = await this.#call(request, RESULT_SCHEMAS.listSessions);
    return { ...parsePage(page), ...(page.next === undefined ? {} : { next: page.next }) };
  }

  async readSession(sessionId: string): Promise<SessionFacts | undefined> {
    const facts = await this.#call({ method: 'readSession', sessionId }, RESULT_SCHEMAS.readSession);
    return facts === null ? undefined : parseFacts(facts);
  }

  async findStale({ pauseMs, signal }: FindStaleOptions = {}): Promise<string[]> {
    let left = await this.#call({ method: 'sessionIds' }, RESULT_SCHEMAS.sessionIds);
    const found: string[] = [];
    while (left.length > 0) {
      const request: Request = { method: 'findStale', sessionIds: left.slice(0, SCAN_LIMIT) };
      const { stale, lookedAt } = await this.#call(request, RESULT_SCHEMAS.findStale);
      found.push(...stale);
      left = left.slice(lookedAt);
      signal?.throwIfAborted();
      if (pauseMs !== undefined && left.length > 0) await delay(pauseMs, undefined, { signal });
    }
    return found;
  }

  async doorbell(): Promise<DoorbellPosition | undefined> {
    return (await this.#call({ method: 'doorbell' }, RESULT_SCHEMAS.doorbell)) ?? undefined;
  }

  async sync(sessionId: string): Promise<SyncResult> {
    const { facts, ...rest } = await this.#call({ method: 'sync', sessionId }, RESULT_SCHEMAS.sync);
    return { facts: facts === null ? undefined : parseFacts(facts), ...rest };
  }

  async catchUp(
    sessionId: string,
    { signal, onProgress }: { signal: AbortSignal; onProgress: (share: number) => void },
  ): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const result = await this.#call({ method: 'catchUp', sessionId }, RESULT_SCHEMAS.catchUp);
      if (result === null) return;
      onProgress(result.catchingUp);
    }
  }

  async query<Q extends TimelineQuery>(
    sessionId: string,
    query: Q,
    parameters: QueryParameters<Q>,
  ): Promise<QueryResult<Q>> {
    for (;;) {
      const reply = await this.#call({ method: 'query', sessionId, query, parameters }, RESULT_SCHEMAS.query);
      if ('answer' in reply) return parseResult(query, TIMELINE_QUERIES[query].result, reply.answer);
    }
  }

  async agentSession(sessionId: string): Promise<{ nativeSessionId: string; backendType: string } | undefined> {
    return (await this.#call({ method: 'agentSession', sessionId }, RESULT_SCHEMAS.agentSession)) ?? undefined;
  }

  async checkpoint(doorbell?: DoorbellPosition): Promise<void> {
    const request: Request = { method: 'checkpoint', doorbell: this.#hasRestarted ? undefined : doorbell };
    await this.#call(request, RESULT_SCHEMAS.nothing);
  }

  async close(doorbell?: DoorbellPosition): Promise<void> {
    if (this.#isClosed) return;
    try {
      if (this.#worker !== undefined) await this.checkpoint(doorbell);
    } finally {
      this.#isClosed = true;
      await this.#end(closedError());
    }
  }

  /** Repeats what only waited behind a call that took too long. */
  async #call<T>(request: Request, result: v.GenericSchema<unknown, T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#callOnce(request, result);
      } catch (error) {
        if (!(error instanceof RestartedError) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async #callOnce<T>(request: Request, result: v.GenericSchema<unknown, T>): Promise<T> {
    if (this.#isClosed) throw closedError();
    if (this.#worker === undefined) {
      this.#worker = this.#start();
      // Loading has a longer deadline of its own. If it fails, so does the call behind it.
      this.#post(this.#worker, this.#opening).catch(() => undefined);
    }
    return parseResult(request.method, result, await this.#post(this.#worker, request));
  }

  get #opening(): Request {
    return { method: 'open', readOnly: this.#isReadOnly };
  }

  #post(worker: Worker, request: Request): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const callId = ++this.#lastCallId;
      this.#calls.set(callId, { method: request.method, resolve, reject });
      worker.postMessage({ callId, request });
      this.#watch();
    });
  }

  #start(): Worker {
    const workerData: WorkerData = { root: this.#options.root };
    const worker = new Worker(this.#options.workerPath, { workerData, name: 'corral store' });
    const fail = (reason: string): void => {
      if (this.#worker === worker)
        void this.#end(
          new CorralError('STORE_FAILED', l10n.t('The session store stopped: {reason}. Try again.', { reason })),
        );
    };
    worker.on('message', (message: unknown) => {
      const reply = v.safeParse(replySchema, message);
      if (reply.success) this.#settle(reply.output);
      else fail(reply.issues[0].message);
    });
    worker.on('error', (error) => fail(messageOf(error)));
    worker.on('exit', (code) => fail(`exit code ${code}`));
    return worker;
  }

  #settle(reply: v.InferOutput<typeof replySchema>): void {
    const call = this.#calls.get(reply.callId);
    if (call === undefined) return;
    this.#calls.delete(reply.callId);
    if ('error' in reply) call.reject(errorOf(reply.error));
    else call.resolve(reply.result);
    this.#watch();
  }

  /** Starts the deadline of the oldest call. A checkpoint has none: it waits for the disk, and nothing waits for it. */
  #watch(): void {
    const first = [...this.#calls].find(([, { method }]) => method !== 'checkpoint');
    if (first?.[0] === this.#deadline?.callId) return;
    clearTimeout(this.#deadline?.timer);
    this.#deadline = undefined;
    if (first === undefined) return;
    const [callId, call] = first;
    const deadlineMs = call.method === 'open' ? OPEN_DEADLINE_MS : CALL_DEADLINE_MS;
    const timer = setTimeout(() => {
      this.#calls.delete(callId);
      call.reject(
        new CorralError(
          'TIMEOUT',
          l10n.t('The session store did not answer within {seconds} seconds and was restarted. Try again.', {
            seconds: deadlineMs / 1000,
          }),
        ),
      );
      void this.#end(new RestartedError());
    }, deadlineMs);
    this.#deadline = { callId, timer };
  }

  /** Ends the worker. The next call starts another, which goes on from the checkpoints. */
  async #end(reason: CorralError): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#hasRestarted = true;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#watch();
    for (const call of calls) call.reject(reason);
    await worker?.terminate();
  }
}

/** The call waited behind another one that took too long. */
class RestartedError extends CorralError {
  constructor() {
    super('STORE_FAILED', l10n.t('The session store was restarted because another request took too long. Try again.'));
  }
}

function closedError(): CorralError {
  return new CorralError('STORE_FAILED', l10n.t('The session store is closed. Reload the window.'));
}

/** The worker has no translations, so the sentence is made here. */
function errorOf({ code, message }: { code: string; message: string }): CorralError {
  return code === 'INVALID_ARGUMENT'
    ? new CorralError(code, l10n.t('This page of the history no longer exists. Start again with the first page.'))
    : new CorralError('STORE_FAILED', message);
}

function parseResult<S extends v.GenericSchema>(method: string, schema: S, result: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, result);
  if (parsed.success) return parsed.output;
  const reason = `${method}: ${parsed.issues[0].message}`;
  throw new CorralError(
    'STORE_FAILED',
    l10n.t('The session store gave an answer that cannot be read ({reason}).', { reason }),
  );
}
