/**
 * Locks between processes. A lock is the file `<name>.lock.<n>` with the highest n: it names its owner, or says that the
 * lock is free. Whoever takes it, takes it over from a dead owner, or gives it back publishes n+1 with link(), which only
 * one of several can do. Nothing is ever unlinked to get a lock: two processes that read, unlink and create can both succeed.
 */
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import { hasCode } from '../../common/errors';
import { liveness, ownIdentity } from './identity';
import { publishOnce } from './publishedFile';
import { identitySchema } from './identitySchema';

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_POLL_MS = 50;
const OWNER_CHECK_MS = 1_000;
const RELEASE_RETRY_MS = 1_000;
/** Old numbers that stay: a folder is read while others publish and clean up in it, and a reader that missed all of these would see no lock. */
const KEPT_NUMBERS = 8;
const CLEAN_UP_EVERY = 8;

const contentSchema = v.variant('state', [
  v.object({
    state: v.literal('held'),
    owner: identitySchema,
    /** Which copy of this module in that process. */ instance: v.string(),
  }),
  v.object({ state: v.literal('free') }),
]);
type LockContent = v.InferOutput<typeof contentSchema>;

const instance = randomUUID();
const tails = new Map<string, Promise<void>>();

/**
 * Runs `action` while this process holds the lock `name` (a path; the lock's files lie beside it). Calls of one process queue first come, first served.
 * `action` calls `stillOwner` before each step that cannot be undone; it throws CONFLICT where the lock was taken over (a process that was thought dead).
 * @throws CorralError TIMEOUT where the lock was not had within `timeoutMs`
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
          throw new CorralError('CONFLICT', `The lock ${basename(path)} was taken over`);
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
  const abort = new AbortController();
  const late = delay(Math.max(0, deadline - performance.now()), true, { signal: abort.signal }).catch(() => false);
  const isLate = await Promise.race([promise.then(() => false), late]);
  abort.abort();
  if (isLate) throw timedOut(path);
}

function timedOut(path: string, detail = ''): CorralError {
  return new CorralError('TIMEOUT', `The lock ${basename(path)} is held by another process${detail}`);
}

function lockFile(path: string, number: number): string {
  return `${path}.lock.${String(number)}`;
}

/** The lock's files, and the temporary ones that a killed process left. */
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

async function publish(path: string, number: number, content: LockContent): Promise<boolean> {
  try {
    return await publishOnce(lockFile(path, number), JSON.stringify(content));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false; // suspended for so long that the temporary file was cleaned up
    throw error;
  }
}

/** `taken` says no more than that: a shape that a newer version wrote. */
async function readLock(path: string, number: number): Promise<LockContent | 'gone' | 'damaged' | 'taken'> {
  let text: string;
  try {
    text = await readFile(lockFile(path, number), 'utf8');
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

async function acquire(path: string, deadline: number): Promise<number> {
  const owner = await ownIdentity();
  let checked = { number: 0, atMs: 0 };
  for (let pollMs = 1; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
    const number = await highest(path);
    const lock = number === 0 ? ({ state: 'free' } as const) : await readLock(path, number);
    let holder = '';
    let isFree = false;
    if (lock === 'damaged') {
      isFree = true; // Content is complete before its name exists, so only a power loss does this, and no owner outlives that.
    } else if (typeof lock === 'object') {
      if (lock.state === 'free') {
        isFree = true;
      } else if (lock.instance === instance) {
        isFree = true; // Ours from before: giving it back failed. Two calls of this process never get here at once.
      } else {
        holder = ` (pid ${String(lock.owner.pid)})`;
        // Looking at a process can cost one itself, so not at every turn.
        if (checked.number !== number || performance.now() - checked.atMs >= OWNER_CHECK_MS) {
          isFree = (await liveness(lock.owner)) === 'dead';
          checked = { number, atMs: performance.now() };
        }
      }
    }
    if (isFree && (await publish(path, number + 1, { state: 'held', owner, instance }))) {
      // A look at a folder that changes meanwhile can miss the true highest; then the number just published is an old one.
      if ((await highest(path)) === number + 1) return number + 1;
      await rm(lockFile(path, number + 1), { force: true });
    }
    if (performance.now() >= deadline) throw timedOut(path, holder);
    await delay(pollMs * (0.5 + Math.random())); // so that those who wait do not all look at the same moment
  }
}

async function release(path: string, number: number): Promise<void> {
  try {
    // False where someone took the lock over: then it is no longer ours to give back.
    await publish(path, number + 1, { state: 'free' });
  } catch {
    // Such as a full disk. Others must not wait until this process ends, so it is tried until it works; the action's own result stands.
    setTimeout(() => void release(path, number), RELEASE_RETRY_MS).unref();
    return;
  }
  if (number % CLEAN_UP_EVERY === 0 || number % CLEAN_UP_EVERY === 1) await cleanUp(path, number);
}

/** Removes what lies far below the highest. What cannot be removed now goes next time. */
async function cleanUp(path: string, number: number): Promise<void> {
  const files = await scan(path).catch(() => []);
  const old = files.filter((file) => file.number <= number - KEPT_NUMBERS);
  await Promise.all(old.map(({ name }) => rm(join(dirname(path), name), { force: true }).catch(() => undefined)));
}
