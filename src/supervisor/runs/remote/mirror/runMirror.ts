import { setTimeout as delay } from 'node:timers/promises';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf } from '../../../../common/errors';
import type { Log } from '../../../../common/log';
import { Throttle } from '../../../../common/throttle';
import { CorralError } from '../../../../storage/errors';
import { makeDirectory, replaceFile } from '../../../../storage/journal/durableFile';
import type { RunPaths } from '../../../../storage/paths';
import { isOutcome } from '../../../../storage/runState';
import { isOpen } from '../../../../storage/sessionState';
import { ringDoorbell } from '../../../../storage/store/store';
import type { FoundRun } from '../../../hostProtocol/sessionRequests';
import type { SessionStore } from '../../../sessions/sessionStore';
import { exists } from '../../../git/worktreeOwnership';
import { withLock, type StillOwner } from '../../../system/locks';
import type { OpenHost } from '../hostStores';
import { tailOnNode } from '../jobs/nodeStreams';
import { findRun } from '../hostRuns';
import { AppendedFile } from './appendedFile';
import { copyFromHost } from './copyFile';
import { mirrorJournal, type BlobReference } from './journalMirror';
import { appendRest, isLeftPlain, mirrorOutput, takeCompressed } from './outputMirror';
import { WorkHome } from './workHome';

/** Another window has the lock, or something failed. */
const RETRY_MS = 1_000;
/** A window that has the lock and is silent for so long has lost it. */
const LAPSE_MS = 10_000;
const DOORBELL_INTERVAL_MS = 200;
/** Whoever reads the copy takes time from it, so that a flood is read in larger pieces. */
const READING_INTERVAL_MS = 50;
const MAX_BLOB_BYTES = 1024 ** 3;

export interface RunMirrorOptions {
  store: SessionStore;
  log: Log;
  sessionId: string;
  runId: string;
  /** The session's host, where it is connected. */
  host: () => Promise<OpenHost | undefined>;
  /** Settles when that host is connected, or `signal` is aborted. */
  untilReturn: (signal: AbortSignal) => Promise<void>;
  /** Settles when the host may know of the run, or `signal` is aborted. */
  untilBegun: (signal: AbortSignal) => Promise<void>;
  /** A runner has the run. */
  onClaimed: () => void;
  /** Fetches the session's work. */
  bringWorkHome: (host: OpenHost) => Promise<void>;
}

/**
 * Copies all that a run on a host records into the run's folder here, where nobody can tell it from a run of this
 * computer. Of several windows one does; all of them try.
 */
export class RunMirror {
  /** Settles when all of the run is here, or after `dispose`. */
  readonly done: Promise<void>;
  readonly #options: RunMirrorOptions;
  readonly #run: RunPaths;
  readonly #closing = new AbortController();
  readonly #doorbell: Throttle;
  readonly #reading: Throttle;
  #finalBytes: number | undefined;
  #failure: string | undefined;
  #isNodeClosed = false;
  /** What is read of the host now. */
  readonly #streams = new Set<Readable>();

  constructor(options: RunMirrorOptions) {
    const { store, sessionId, runId } = options;
    this.#options = options;
    this.#run = store.paths.session(sessionId).run(runId);
    this.#doorbell = new Throttle(
      DOORBELL_INTERVAL_MS,
      async () => await ringDoorbell(store.paths, sessionId),
      () => undefined,
    );
    this.#reading = new Throttle(
      READING_INTERVAL_MS,
      () => {
        store.markChanged(sessionId);
        return Promise.resolve();
      },
      () => undefined,
    );
    this.done = this.#work();
  }

  /** The run's runner is dead, and its journal on the host so long. */
  setFinal(journalBytes: number): void {
    if (this.#finalBytes !== undefined) return;
    this.#finalBytes = journalBytes;
    this.#endStreams();
  }

  dispose(): void {
    this.#closing.abort();
    this.#doorbell.dispose();
    this.#reading.dispose();
    this.#endStreams();
  }

  #endStreams(): void {
    for (const stream of this.#streams) stream.destroy(new CorralError('CANCELLED', 'Nothing more is to be read'));
  }

  async #work(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        const { store, sessionId } = this.#options;
        await this.#options.untilBegun(signal);
        if (this.#closing.signal.aborted) return;
        if ((await store.sync(sessionId)) === undefined) return; // it was erased
        const host = await this.#options.host();
        if (host === undefined) {
          await this.#options.untilReturn(signal);
          continue;
        }
        const isWhole = await withLock(
          this.#run.mirrorLockName,
          async (stillOwner) => await this.#mirror(host, stillOwner),
          { timeoutMs: 0, lapsesAfterMs: LAPSE_MS },
        );
        if (isWhole) return;
        this.#failure = undefined;
      } catch (error) {
        this.#note(error);
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #note(error: unknown): void {
    const { sessionId, runId, log } = this.#options;
    const isUsual = error instanceof CorralError && ['TIMEOUT', 'HOST_UNREACHABLE', 'CANCELLED'].includes(error.code);
    const failure = messageOf(error);
    if (!isUsual && failure !== this.#failure && !this.#closing.signal.aborted)
      log.warn(`Copying run ${runId} of session ${sessionId} from its host: ${failure}`);
    this.#failure = failure;
  }

  /** On the node of the run's job; where there is no way in, as the host itself sees the file on its disk. */
  #tail({ connection }: OpenHost, { node }: FoundRun, path: string, offset: number): Readable {
    if (node === undefined || this.#isNodeClosed) return connection.tail(path, offset);
    return tailOnNode(connection, node, path, offset).on('error', (error) => {
      if (error instanceof CorralError && error.code === 'HOST_FAILED') this.#isNodeClosed = true;
    });
  }

  /** True where all of the run is here. */
  async #mirror(host: OpenHost, stillOwner: StillOwner): Promise<boolean> {
    if (await exists(this.#run.mirrored)) return true; // by another window
    const found = await this.#find(host);
    const end = await this.#end();
    if (found.claim?.state !== 'claimed') {
      if (found.claim === null && end === undefined) return false; // not started yet
      await replaceFile(this.#run.mirrored, Buffer.alloc(0));
      return true;
    }
    // A window may have been killed after it had copied the end, after which nothing comes any more.
    if (end === 'recorded' || (end === 'concluded' && found.liveness === 'dead'))
      this.#finalBytes ??= found.journalBytes;
    await replaceFile(this.#run.remoteClaim, Buffer.from(JSON.stringify(found.claim)));
    this.#options.onClaimed();
    const home = new WorkHome(async () => await this.#options.bringWorkHome(host));
    const tail = (name: string, offset: number): Readable => {
      const stream = this.#tail(host, found, posix.join(found.folder, name), offset);
      this.#streams.add(stream);
      return stream.once('close', () => this.#streams.delete(stream));
    };
    const copyingOutput = mirrorOutput(this.#run, stillOwner, tail);
    copyingOutput.catch(() => undefined); // awaited below, or a failure of the journal is told
    try {
      if (!(await this.#mirrorJournal(host, found, { stillOwner, home, tail }))) return false;
      const isRunnerAlive = async (): Promise<boolean> => (await this.#find(host)).liveness === 'alive';
      const isPlain = await isLeftPlain(host.connection, found.folder, isRunnerAlive);
      this.#endStreams();
      await copyingOutput.catch(() => undefined);
      await stillOwner();
      await (isPlain
        ? appendRest(host.connection, found.folder, this.#run, stillOwner)
        : takeCompressed(host.connection, found.folder, this.#run));
      await replaceFile(this.#run.remoteClaim, Buffer.from(JSON.stringify((await this.#find(host)).claim)));
    } finally {
      this.#endStreams();
      await copyingOutput.catch(() => undefined);
    }
    home.ask();
    const failure = await home.settled();
    if (failure instanceof CorralError && failure.code === 'HOST_UNREACHABLE') throw failure;
    if (failure !== undefined) this.#note(failure);
    await replaceFile(this.#run.mirrored, Buffer.from(failure === undefined ? '' : messageOf(failure)));
    return true;
  }

  async #mirrorJournal(host: OpenHost, found: FoundRun, { stillOwner, home, tail }: MirrorParts): Promise<boolean> {
    const copy = await AppendedFile.open(this.#run.events, stillOwner);
    try {
      return await mirrorJournal(copy, {
        tail: (offset) => tail('events.jsonl', offset),
        takeBlobs: async (blobs) => await this.#takeBlobs(host, found, blobs),
        onSnapshot: () => home.ask(),
        beforeEnd: async () => {
          home.ask();
          const failure = await home.settled();
          if (failure instanceof CorralError && failure.code === 'HOST_UNREACHABLE') throw failure;
        },
        onAppended: () => {
          this.#reading.ask();
          this.#doorbell.ask();
        },
        finalBytes: () => this.#finalBytes,
      });
    } finally {
      await copy.close();
    }
  }

  /** One that is not as its name says stays away, as does its event's whole text. */
  async #takeBlobs(host: OpenHost, { folder }: FoundRun, blobs: readonly BlobReference[]): Promise<void> {
    for (const { sha256 } of blobs) {
      const target = this.#run.blob(sha256);
      if (await exists(target)) continue;
      await makeDirectory(this.#run.blobs);
      const from = posix.join(folder, 'blobs', sha256);
      await copyFromHost(host.connection, from, target, { maxBytes: MAX_BLOB_BYTES, sha256 }).catch(
        (error: unknown) => {
          if (error instanceof CorralError && error.code === 'HOST_UNREACHABLE') throw error;
          this.#note(error);
        },
      );
    }
  }

  /** Whether the run's end is here as its last record, or was concluded without one; undefined while it is open. */
  async #end(): Promise<'recorded' | 'concluded' | undefined> {
    const { store, sessionId, runId } = this.#options;
    const run = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    if (run !== undefined && isOpen(run)) return undefined;
    return run !== undefined && isOutcome(run.eventState) ? 'recorded' : 'concluded';
  }

  async #find(host: OpenHost): Promise<FoundRun> {
    const { store, sessionId, runId } = this.#options;
    return await findRun(host, { storeId: store.storeId, sessionId, runId });
  }
}

interface MirrorParts {
  stillOwner: StillOwner;
  home: WorkHome;
  tail: (name: string, offset: number) => Readable;
}
