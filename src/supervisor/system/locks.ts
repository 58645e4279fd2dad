/**
 * Locks between processes. The file `<name>.lock.<n>` with the highest n names the owner or says that the lock is free,
 * and whoever takes or releases it publishes n+1 with link(), at which only one of several succeeds.
 */
import { stat, utimes } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { ifExists } from '../../common/ifExists';
import { CorralError } from '../../storage/errors';
import { settledWithin } from '../../common/settledWithin';
import { removePublished } from '../../storage/journal/publishedFile';
import { liveness, ownIdentity } from './identity';
import { BEAT_MS, cleanUp, highest, instance, lockFile, publish, readLock } from './lockFiles';
import type { StuckLock } from './stuckLock';
import { findStuckLock, StuckLockError } from './stuckLock';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_POLL_MS = 50;
const OWNER_CHECK_MS = 1_000;
/** After so much silence of its owner, nobody waits for a lock any longer. */
const STUCK_AFTER_MS = 60_000;
const RELEASE_RETRY_MS = 1_000;
const CLEAN_UP_EVERY = 8;

const tails = new Map<string, Promise<void>>();

/** Throws CONFLICT where another process took the lock over because it, or a person, thought this one dead. */
export type StillOwner = () => Promise<void>;

/**
 * Runs `action` while this process holds the lock `name`, a path beside which the lock's files lie. Before each step
 * that cannot be undone, `action` calls `stillOwner`; an owner that was silent for `lapsesAfterMs` has lost the lock.
 * @throws TIMEOUT where the lock stays held for `timeoutMs`
 */
export async function withLock<T>(
  name: string,
  action: (stillOwner: StillOwner) => Promise<T>,
  options: { timeoutMs?: number; lapsesAfterMs?: number } = {},
): Promise<T> {
  const path = resolve(name);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const deadline = performance.now() + timeoutMs;
  const previous = tails.get(path) ?? Promise.resolve();
  let leave = (): void => undefined;
  const tail = Promise.all([previous, new Promise<void>((fulfil) => (leave = fulfil))]).then(() => undefined);
  tails.set(path, tail);
  try {
    await inTime(previous, deadline, path);
    const number = await acquire(path, deadline, options.lapsesAfterMs);
    const beat = setInterval(() => void touch(lockFile(path, number)), BEAT_MS).unref();
    try {
      return await action(async () => {
        if ((await highest(path)) !== number)
          throw new CorralError('CONFLICT', l10n.t('Another window took over this work. Try again.'));
      });
    } finally {
      clearInterval(beat);
      await release(path, number);
    }
  } finally {
    leave();
    void tail.then(() => {
      if (tails.get(path) === tail) tails.delete(path);
    });
  }
}

/** Where it fails, this process looks silent, and a person is asked. */
async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

/** In milliseconds, since the lock's owner touched it last. */
async function silenceOf(file: string): Promise<number> {
  return Date.now() - ((await ifExists(stat(file)))?.mtimeMs ?? Number.POSITIVE_INFINITY);
}

async function inTime(promise: Promise<void>, deadline: number, path: string): Promise<void> {
  if (!(await settledWithin(promise, Math.max(0, deadline - performance.now())))) throw timedOut(path);
  await promise;
}

interface Holder {
  pid: number;
  since: string | undefined;
}

function timedOut(path: string, holder?: Holder): CorralError {
  const lock = basename(path);
  if (holder === undefined)
    return new CorralError('TIMEOUT', l10n.t('Another process holds the lock {lock}. Try again.', { lock }));
  const { pid, since } = holder;
  const message =
    since === undefined
      ? l10n.t('The process {pid} holds the lock {lock}. Try again.', { pid, lock })
      : l10n.t('The process {pid} has held the lock {lock} since {since}. Try again.', {
          ...{ pid, lock },
          since: new Date(since).toLocaleString(),
        });
  return new CorralError('TIMEOUT', message);
}

/** Lock → the silence of its owner, and since when this process knows of it. */
const silences = new Map<string, { lock: StuckLock; atMs: number }>();

/**
 * Whoever holds the lock is given the time to touch it once more, since this machine may just have slept.
 * @throws StuckLockError where it was silent for long before, and ever since this process first listened
 */
async function listen(path: string): Promise<void> {
  const lock = await findStuckLock(path, STUCK_AFTER_MS);
  const before = silences.get(path);
  if (lock === undefined) silences.delete(path);
  else if (lock.number !== before?.lock.number || lock.lastSignAt !== before.lock.lastSignAt)
    silences.set(path, { lock, atMs: performance.now() });
  else if (performance.now() - before.atMs >= 2 * BEAT_MS) throw new StuckLockError(lock);
}

async function acquire(path: string, deadline: number, lapsesAfterMs = Number.POSITIVE_INFINITY): Promise<number> {
  const owner = await ownIdentity();
  let checked = { number: 0, atMs: 0 };
  let listenedAtMs = -BEAT_MS;
  for (let pollMs = 1; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const number = await highest(path);
    const lock = number === 0 ? ({ state: 'free' } as const) : await readLock(path, number);
    let holder: Holder | undefined;
    let isFree = false;
    if (lock === 'damaged') {
      isFree = true; // only a power loss damages a lock, and no owner outlives that
    } else if (typeof lock === 'object') {
      if (lock.state === 'free') {
        isFree = true;
      } else if (lock.instance === instance) {
        isFree = true; // this process failed to release it, and its calls never get here side by side
      } else {
        holder = { pid: lock.owner.pid, since: lock.since };
        // Not at every turn, since on some systems looking at a process starts one.
        if (checked.number !== number || performance.now() - checked.atMs >= OWNER_CHECK_MS) {
          const life = await liveness(lock.owner);
          isFree = life === 'dead' || (await silenceOf(lockFile(path, number))) >= lapsesAfterMs;
          checked = { number, atMs: performance.now() };
        }
      }
    }
    if (!isFree && performance.now() - listenedAtMs >= BEAT_MS) {
      listenedAtMs = performance.now();
      await listen(path);
    }
    const since = new Date().toISOString();
    if (isFree && (await publish(path, number + 1, { state: 'held', owner, instance, since }))) {
      // Reading a folder that changes meanwhile can miss the true highest; then this number is an old one.
      if ((await highest(path)) === number + 1) return number + 1;
      await removePublished(lockFile(path, number + 1));
    }
    if (performance.now() >= deadline) throw timedOut(path, holder);
    await delay(pollMs * (0.5 + Math.random())); // so that not all who wait look at the same moment
  }
}

async function release(path: string, number: number): Promise<void> {
  try {
    // False where another process took the lock over: then there is nothing to release.
    await publish(path, number + 1, { state: 'free' });
  } catch {
    // On a full disk, for example. Others must not wait until this process ends, so it goes on trying.
    setTimeout(() => void release(path, number), RELEASE_RETRY_MS).unref();
    return;
  }
  if (number % CLEAN_UP_EVERY === 0 || number % CLEAN_UP_EVERY === 1) await cleanUp(path, number);
}
