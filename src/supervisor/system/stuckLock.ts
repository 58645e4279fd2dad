/** Locks whose owner is silent: what can be told of it, and freeing them by a person's word. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { isOfThisPlace, isStopped, liveness } from './identity';
import type { ProcessIdentity } from './identitySchema';
import { highest, instance, lockFile, publish, readLock } from './lockFiles';

/** A lock that somebody holds who may be gone. */
export interface StuckLock {
  /** The last part of its path. */
  name: string;
  path: string;
  number: number;
  /** Undefined where a newer version of Corral wrote it in a shape that is not known here. */
  owner: ProcessIdentity | undefined;
  /** Whether the owner is a process of this machine, which is there. */
  isHere: boolean;
  isStopped: boolean;
  /** Since when it is held, and when its owner last gave a sign of life: ISO 8601. */
  since: string;
  lastSignAt: string;
}

/**
 * The lock `name` where its owner has been silent for at least `limitMs`. An owner that is there and never gives a
 * sign, as in earlier versions, is silent only where it is known to stand still.
 */
export async function findStuckLock(name: string, limitMs: number): Promise<StuckLock | undefined> {
  const path = resolve(name);
  const number = await highest(path).catch(() => 0);
  if (number === 0) return undefined;
  const lock = await readLock(path, number).catch(() => 'gone' as const);
  const touched = await stat(lockFile(path, number)).catch(() => undefined);
  if (touched === undefined || Date.now() - touched.mtimeMs < limitMs) return undefined;
  const lastSignAt = touched.mtime.toISOString();
  const found = { name: basename(path), path, number, lastSignAt };
  if (lock === 'taken') return { ...found, owner: undefined, isHere: false, isStopped: false, since: lastSignAt };
  if (typeof lock !== 'object' || lock.state !== 'held' || lock.instance === instance) return undefined;
  const { owner, since } = lock;
  const life = await liveness(owner);
  if (life === 'dead') return undefined;
  const isStill = life === 'alive' && (await isStopped(owner));
  if (life === 'alive' && since === undefined && !isStill) return undefined;
  return { ...found, owner, isHere: await isOfThisPlace(owner), isStopped: isStill, since: since ?? lastSignAt };
}

/** Takes the lock from its owner by a person's word. An owner that lives finds that out at its next step. */
export async function freeStuckLock({ path, number }: StuckLock): Promise<void> {
  await publish(path, number + 1, { state: 'free' });
}

/** Whoever holds the lock is silent, and may be gone. Its code is TIMEOUT. */
export class StuckLockError extends CorralError {
  constructor(lock: StuckLock) {
    super('TIMEOUT', sentence(lock));
  }
}

function sentence({ name, owner, isHere, isStopped, ...times }: StuckLock): string {
  const since = new Date(times.since).toLocaleString();
  if (owner === undefined)
    return l10n.t(
      'Another version of Corral has held the lock {lock} since {since}. Use “Mark as Gone…” on the session where you know that its window is gone.',
      { lock: name, since },
    );
  const place = {
    lock: name,
    pid: owner.pid,
    host: owner.host,
    since,
    lastSign: new Date(times.lastSignAt).toLocaleString(),
  };
  if (!isHere)
    return l10n.t(
      'A process of another machine or container ({host}) has held the lock {lock} since {since}. Use “Mark as Gone…” on the session where you know that it is gone.',
      place,
    );
  return isStopped
    ? l10n.t(
        'The process {pid} of this machine has held the lock {lock} since {since}, and stands still. Continue or end it, or use “Mark as Gone…” on the session.',
        place,
      )
    : l10n.t(
        'The process {pid} of this machine has held the lock {lock} since {since}, and has given no sign since {lastSign}. End it, or use “Mark as Gone…” on the session.',
        place,
      );
}
