/**
 * Locks between processes. The file `<name>.lock.<n>` with the highest n names the owner or says that the lock is free,
 * and whoever takes or releases it publishes n+1 with link(), at which only one of several succeeds.
 */
import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import { hasCode } from '../../common/errors';
import { settledWithin } from '../../common/settledWithin';
import { liveness, ownIdentity } from './identity';
import { publishOnce, readPublished, removePublished } from '../../storage/journal/publishedFile';
import type { ProcessIdentity } from './identitySchema';
import { identitySchema } from './identitySchema';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_POLL_MS = 50;
const OWNER_CHECK_MS = 1_000;
/** How long an owner of whom nothing can be told must have held a lock, so that nobody waits for it any longer. */
const STUCK_AFTER_MS = 60_000;
const RELEASE_RETRY_MS = 1_000;
/** Old files that stay. A reader that missed all of them, while others publish and clean up, would see no lock. */
const KEPT_NUMBERS = 8;
const CLEAN_UP_EVERY = 8;

const contentSchema = v.variant('state', [
  v.object({
    state: v.literal('held'),
    owner: identitySchema,
    /** Identifies the copy of this module in that process. */ instance: v.string(),
  }),
  v.object({ state: v.literal('free') }),
]);
type LockContent = v.InferOutput<typeof contentSchema>;

const instance = randomUUID();
const tails = new Map<string, Promise<void>>();

/**
 * Runs `action` while this process holds the lock `name`, a path beside which the lock's files lie.
 * Before each step that cannot be undone, `action` calls `stillOwner`.
 * @throws TIMEOUT where the lock stays held for `timeoutMs`
 * @throws CONFLICT from `stillOwner`, where another process took the lock over because it thought this one dead
 */
export async function withLock<T>(
  name: string,
  action: (stillOwner: () => Promise<void>) => Promise<T>,
  options: { timeoutMs?: number } = {},
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
    const number = await acquire(path, deadline);
    try {
      return await action(async () => {
        if ((await highest(path)) !== number)
          throw new CorralError('CONFLICT', l10n.t('Another window took over this work. Try again.'));
      });
    } finally {
      await release(path, number);
    }
  } finally {
    leave();
    void tail.then(() => {
      if (tails.get(path) === tail) tails.delete(path);
    });
  }
}

async function inTime(promise: Promise<void>, deadline: number, path: string): Promise<void> {
  if (!(await settledWithin(promise, Math.max(0, deadline - performance.now())))) throw timedOut(path);
  await promise;
}

function timedOut(path: string, pid?: number): CorralError {
  const lock = basename(path);
  const message =
    pid === undefined
      ? l10n.t('Another process holds the lock {lock}. Try again.', { lock })
      : l10n.t('The process {pid} holds the lock {lock}. Try again.', { pid, lock });
  return new CorralError('TIMEOUT', message);
}

/** Whoever holds the lock has held it for long, and may be gone. Its code is TIMEOUT. */
export class StuckLockError extends CorralError {
  constructor({ name, owner, since }: StuckLock) {
    const place = { lock: name, host: owner.host, since: new Date(since).toLocaleString() };
    super(
      'TIMEOUT',
      l10n.t(
        'A process of another machine or container ({host}) has held the lock {lock} since {since}. Use “Mark as Gone…” on the session where you know that it is gone.',
        place,
      ),
    );
  }
}

function lockFile(path: string, number: number): string {
  return `${path}.lock.${String(number)}`;
}

/** The lock's files, and the temporary ones that killed processes left. */
async function scan(path: string): Promise<{ name: string; number: number; temporary: boolean }[]> {
  const prefix = `${basename(path)}.lock.`;
  return (await readdir(dirname(path))).flatMap((name) => {
    const [, digits, rest] = name.startsWith(prefix) ? (/^(\d+)(\..+)?$/.exec(name.slice(prefix.length)) ?? []) : [];
    return digits === undefined ? [] : [{ name, number: Number(digits), temporary: rest !== undefined }];
  });
}

async function highest(path: string): Promise<number> {
  return (await scan(path)).reduce((most, { number, temporary }) => (temporary ? most : Math.max(most, number)), 0);
}

/** Measured: where locks were read, unlinked and created anew instead, two processes got one in 278 of 300 races. */
async function publish(path: string, number: number, content: LockContent): Promise<boolean> {
  try {
    return await publishOnce(lockFile(path, number), JSON.stringify(content));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false; // this process was suspended until the temporary file was cleaned up
    throw error;
  }
}

/** `taken`: a newer version of Corral wrote it, in a shape not known here. */
async function readLock(path: string, number: number): Promise<LockContent | 'gone' | 'damaged' | 'taken'> {
  let text: string;
  try {
    text = await readPublished(lockFile(path, number));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone';
    throw error;
  }
  try {
    const content = v.safeParse(contentSchema, JSON.parse(text));
    return content.success ? content.output : 'taken';
  } catch {
    return 'damaged';
  }
}

/** A lock that somebody holds of whom nothing can be told. */
export interface StuckLock {
  /** The last part of its path. */
  name: string;
  path: string;
  number: number;
  owner: ProcessIdentity;
  /** ISO 8601. */
  since: string;
}

/** The lock `name` where whoever has held it for at least `limitMs` cannot be told dead from alive. */
export async function findStuckLock(name: string, limitMs: number): Promise<StuckLock | undefined> {
  const path = resolve(name);
  const number = await highest(path).catch(() => 0);
  const lock = number === 0 ? 'gone' : await readLock(path, number).catch(() => 'gone' as const);
  if (typeof lock !== 'object' || lock.state !== 'held' || (await liveness(lock.owner)) !== 'unknown') return undefined;
  const found = await stat(lockFile(path, number)).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs < limitMs) return undefined;
  return { name: basename(path), path, number, owner: lock.owner, since: found.mtime.toISOString() };
}

/** Takes the lock from its owner by a person's word. An owner that lives finds that out at its next step. */
export async function freeStuckLock({ path, number }: StuckLock): Promise<void> {
  await publish(path, number + 1, { state: 'free' });
}

async function acquire(path: string, deadline: number): Promise<number> {
  const owner = await ownIdentity();
  let checked = { number: 0, atMs: 0 };
  for (let pollMs = 1; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const number = await highest(path);
    const lock = number === 0 ? ({ state: 'free' } as const) : await readLock(path, number);
    let holder: number | undefined;
    let isFree = false;
    if (lock === 'damaged') {
      isFree = true; // only a power loss damages a lock, and no owner outlives that
    } else if (typeof lock === 'object') {
      if (lock.state === 'free') {
        isFree = true;
      } else if (lock.instance === instance) {
        isFree = true; // this process failed to release it, and its calls never get here side by side
      } else {
        holder = lock.owner.pid;
        // Not at every turn, since on some systems looking at a process starts one.
        if (checked.number !== number || performance.now() - checked.atMs >= OWNER_CHECK_MS) {
          const life = await liveness(lock.owner);
          isFree = life === 'dead';
          checked = { number, atMs: performance.now() };
          const stuck = life === 'unknown' ? await findStuckLock(path, STUCK_AFTER_MS) : undefined;
          if (stuck?.number === number) throw new StuckLockError(stuck);
        }
      }
    }
    if (isFree && (await publish(path, number + 1, { state: 'held', owner, instance }))) {
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

/** Removes files far below the highest. What cannot be removed now goes next time. */
async function cleanUp(path: string, number: number): Promise<void> {
  const files = await scan(path).catch(() => []);
  const old = files.filter((file) => file.number <= number - KEPT_NUMBERS);
  await Promise.all(old.map(({ name }) => removePublished(join(dirname(path), name)).catch(() => undefined)));
}
